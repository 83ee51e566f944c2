"""Rules on how a tag is written: capitals, underscores, full-width characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ..syntax import canonical
from ..syntax.edits import Edit
from ..tags.capitals import has_needless_capitals, keywords
from .finding import Spot, quoted
from .phrases import Phrase
from .prompt import Prompt, group_of, is_known, is_prose, makes_border
from .unknown import is_name

COMMANDS = re.compile(r"COUPLE|MASK|FILL|FEATHER|AREA|CAT|AVG|STYLE\b.*", re.DOTALL)
"""Words in capitals that other extensions read as commands."""
WIDE_BRACKET = re.compile(r"[（）［］｛｝：｜]")
WIDE = re.compile(r"[（）［］｛｝：｜０-９Ａ-Ｚａ-ｚ．]+|[，、][^\S\n\r]*")
REFERENCE = re.compile(r"<\w+:|embedding:|__", re.IGNORECASE)
"""What names a file, also where it is read as a tag."""
QUALIFIED = re.compile(r"\\?\)$")


def capitals(prompt: Prompt) -> Iterator[Spot]:
    """Find tags with capital letters; underscores that should be spaces are mended with them."""
    if not prompt.takes_tags:
        return
    for phrase in prompt.phrases:
        text = prompt.source(phrase)
        if not _has_capitals(phrase, text):
            continue
        lower = text.lower()
        spaced = _spaced(prompt, phrase, lower)
        new = spaced if spaced and _is_tag(prompt, phrase, text) and not makes_border(spaced) else lower
        known = phrase.whole and is_known(phrase.name)
        if new != lower:
            message = f"capital letters and underscores, and tags have neither; write {quoted(new)}"
        elif known:
            message = f"capital letters and the tag has none; write {quoted(new)}"
        else:
            message = "capital letters; tags have none. CLIP reads both alike, other encoders do not"
        yield Spot(
            phrase.start,
            phrase.end,
            f"{quoted(text)} has {message}",
            (Edit(phrase.start, phrase.end, new),),
            severity="warning" if known and has_needless_capitals(text) else "info",
        )


def _has_capitals(phrase: Phrase, text: str) -> bool:
    """Return whether a tag has capital letters that can go."""
    lower = text.lower()
    if REFERENCE.search(text) or text in keywords():
        return False
    return lower != text and canonical(lower) == phrase.name and not is_prose(text) and not COMMANDS.fullmatch(text)


def underscores(prompt: Prompt) -> Iterator[Spot]:
    """Find underscores where spaces are meant, unless `capitals` has said so."""
    if "_" not in prompt.text or not prompt.takes_tags:
        return
    for phrase in prompt.whole:
        text = prompt.source(phrase)
        capital = _has_capitals(phrase, text)
        spaced = _spaced(prompt, phrase, text.lower() if capital else text)
        if spaced is None:
            continue
        if not _is_tag(prompt, phrase, text):
            message = f"{quoted(text)} has underscores; write {quoted(spaced)}, unless it is a LoRA's trigger word"
            yield Spot(phrase.start, phrase.end, message)
        elif not capital or makes_border(spaced):
            message = f"{quoted(text)} has underscores; the models were taught {quoted(spaced)}, "
            message += "and it takes fewer text tokens"
            fixes = None if makes_border(spaced) else (Edit(phrase.start, phrase.end, spaced),)
            yield Spot(phrase.start, phrase.end, message, fixes)


def _spaced(prompt: Prompt, phrase: Phrase, text: str) -> str | None:
    """Return a tag with spaces for its underscores, or None where these belong to it."""
    if not phrase.whole or "_" not in text or REFERENCE.search(text) or _keeps_underscores(prompt, phrase):
        return None
    if prompt.text.startswith("::", phrase.end):
        return None  # a number before it would become NovelAI's weight
    spaced = text.replace("_", " ")
    same = canonical(spaced) == phrase.name and spaced.strip() == spaced and "_" not in phrase.name
    return spaced if same else None


def _is_tag(prompt: Prompt, phrase: Phrase, text: str) -> bool:
    """Return whether it is a tag rather than a word that a LoRA was trained with."""
    known = is_name(prompt, phrase.name) or group_of(phrase.name) != "other"
    return known or QUALIFIED.search(text) is not None


def _keeps_underscores(prompt: Prompt, phrase: Phrase) -> bool:
    return prompt.family is not None and prompt.family.keeps_underscores(phrase.name)


def full_width(prompt: Prompt) -> Iterator[Spot]:
    """Find full-width punctuation and digits, which no dialect reads as syntax."""
    for match in WIDE.finditer(prompt.masked):
        if match[0][0] in "，、":
            yield _wide_comma(prompt, match)
        elif WIDE_BRACKET.search(match[0]):
            yield _wide_syntax(prompt, match)
        else:
            yield _wide_letters(match)


def _wide_comma(prompt: Prompt, match: re.Match[str]) -> Spot:
    at_line_end = prompt.text[match.end() : match.end() + 1] in ("", "\n", "\r")
    plain = "," if at_line_end else ", "
    message = f"the full-width {match[0][0]!r} is no comma to the encoder: it does not divide tags; write ','"
    return Spot(match.start(), match.end(), message, (Edit(match.start(), match.end(), plain),))


def _wide_syntax(prompt: Prompt, match: re.Match[str]) -> Spot:
    plain = unicodedata.normalize("NFKC", match[0])
    message = (
        f"{quoted(match[0])} is full-width, so {prompt.dialect.name} encodes it as text and weights nothing; "
        f"write {quoted(plain)}"
    )
    return Spot(match.start(), match.end(), message, (Edit(*match.span(), plain),), changes_weights=True)


def _wide_letters(match: re.Match[str]) -> Spot:
    plain = unicodedata.normalize("NFKC", match[0])
    message = f"{quoted(match[0])} is full-width: other letters to the encoder than {quoted(plain)}; write that"
    return Spot(match.start(), match.end(), message, (Edit(*match.span(), plain),), severity="info")


def score_words(prompt: Prompt) -> Iterator[Spot]:
    """Find words such as `score 9` that the family was taught with an underscore."""
    if prompt.family is None or not prompt.takes_tags:
        return
    for phrase in prompt.whole:
        written = phrase.name.replace(" ", "_")
        if " " in phrase.name and written.startswith("score_") and prompt.family.keeps_underscores(written):
            message = f"{prompt.family.name} was taught {quoted(written)} with the underscore; write it so"
            yield Spot(phrase.start, phrase.end, message, (Edit(phrase.start, phrase.end, written),))
