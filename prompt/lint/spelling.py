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
    """Find tags with capital letters."""
    if not prompt.takes_tags:
        return
    for phrase in prompt.phrases:
        text = prompt.source(phrase)
        lower = text.lower()
        if REFERENCE.search(text) or text in keywords():
            continue
        if lower == text or canonical(lower) != phrase.name or is_prose(text) or COMMANDS.fullmatch(text):
            continue
        known = phrase.whole and is_known(phrase.name)
        yield Spot(
            phrase.start,
            phrase.end,
            f"{quoted(text)} has capital letters and the tag has none; write {quoted(lower)}"
            if known
            else f"{quoted(text)} has capital letters; tags have none. CLIP reads both alike, other encoders do not",
            (Edit(phrase.start, phrase.end, lower),),
            severity="warning" if known and has_needless_capitals(text) else "info",
        )


def underscores(prompt: Prompt) -> Iterator[Spot]:
    """Find underscores where spaces are meant."""
    if "_" not in prompt.text or not prompt.takes_tags:
        return
    for phrase in prompt.whole:
        text = prompt.source(phrase)
        if "_" not in text or REFERENCE.search(text) or _keeps_underscores(prompt, phrase):
            continue
        spaced = text.replace("_", " ")
        if prompt.text.startswith("::", phrase.end):
            continue  # a number before it would become NovelAI's weight
        if canonical(spaced) != phrase.name or spaced.strip() != spaced or "_" in phrase.name:
            continue
        is_tag = is_name(prompt, phrase.name) or group_of(phrase.name) != "other" or QUALIFIED.search(text)
        message = (
            f"{quoted(text)} has underscores; the models were taught {quoted(spaced)}, and it takes fewer text tokens"
        )
        if not is_tag:
            message = f"{quoted(text)} has underscores; write {quoted(spaced)}, unless it is a LoRA's trigger word"
        fixable = is_tag and not makes_border(spaced)
        yield Spot(phrase.start, phrase.end, message, (Edit(phrase.start, phrase.end, spaced),) if fixable else None)


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
