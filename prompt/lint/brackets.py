"""Rules on brackets: those without a partner and what they do in the dialect, and those that are only text there."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from ..syntax import Kind, parse
from ..syntax.edits import Edit
from ..syntax.schedules import find_schedules
from .finding import Spot
from .prompt import Prompt, makes_border
from .weights import LEAST, MOST

PARTNER = {"(": ")", "[": "]", "{": "}"}
OPENER = {closer: opener for opener, closer in PARTNER.items()}
WEIGHTING = {"a1111": "([", "comfyui": "(", "novelai3": "{[", "novelai4": "{[", "compel": "("}
"""The opening brackets that are syntax, by dialect."""
FACTORS = {"[": "0.91", "{": "1.05"}
"""What one such bracket multiplies by, A1111's and NovelAI's, to the digits that a prompt is written with."""
OWNERS = {"(": "A1111's and ComfyUI's", "[": "A1111's and NovelAI's", "{": "NovelAI's"}
MOST_DEPTH = 100
ANY = re.compile(r"[()\[\]{}]")
ROUND = re.compile(r"[()]")
NUMBER = re.compile(r"\s*[^,\n\r()\[\]]*?:\s*[0-9]*\.?[0-9]+(?=\s*(?:[,\n\r]|\Z))")
NUMBER_BEFORE = re.compile(r":\s*[0-9]*\.?[0-9]+\s*\Z")
INNER_NUMBER = re.compile(r"\(([^():]*[^\s():])\s*:\s*([0-9]*\.[0-9]+|[0-2])\s*\)(?=[\s,)]|\Z)")
"""A1111's `(tag:1.2)`, with nothing behind it that could be compel's weight."""
AND = re.compile(r"(?<!\w)AND\b")


class Brackets(NamedTuple):
    """The places of a text's brackets: pairs, closing ones without a partner, opening ones without a partner."""

    pairs: list[tuple[int, int]]
    stray: list[int]
    unclosed: list[int]


def scan(text: str, start: int, end: int) -> Brackets:
    """Match the brackets of a range, each kind by itself."""
    found = Brackets([], [], [])
    opened: dict[str, list[int]] = {opener: [] for opener in PARTNER}
    for match in ANY.finditer(text, start, end):
        place, char = match.start(), match[0]
        if char in opened:
            opened[char].append(place)
        elif opened[OPENER[char]]:
            found.pairs.append((opened[OPENER[char]].pop(), place))
        else:
            found.stray.append(place)
    found.unclosed.extend(sorted(place for places in opened.values() for place in places))
    found.pairs.sort()
    return found


def parts_of(prompt: Prompt) -> list[tuple[int, int]]:
    """Return the spans whose brackets are read by themselves: A1111's sub-prompts, or the whole text."""
    if not prompt.dialect.a1111:
        return [(0, len(prompt.text))]
    places = [(match.start(), match.end()) for match in AND.finditer(prompt.masked)]
    return list(zip([0, *(end for _, end in places)], [*(start for start, _ in places), len(prompt.text)], strict=True))


def spanning(prompt: Prompt) -> frozenset[int]:
    """Return the places of the bracket pairs that hold an AND which tears them apart."""
    ands = [match.start() for match in AND.finditer(prompt.masked)] if prompt.dialect.a1111 else []
    if not ands:
        return frozenset()
    return frozenset(
        place for pair in scan(prompt.masked, 0, len(prompt.text)).pairs if _any_between(ands, *pair) for place in pair
    )


def _any_between(places: list[int], start: int, end: int) -> bool:
    at = bisect_left(places, start)
    return at < len(places) and places[at] < end


def stray(prompt: Prompt) -> Iterator[Spot]:
    """Find closing brackets that close nothing."""
    torn = spanning(prompt)
    last = prompt.masked.rfind("(")
    for start, end in parts_of(prompt):
        for place in scan(prompt.masked, start, end).stray:
            char = prompt.text[place]
            if OPENER[char] in WEIGHTING[prompt.dialect.id] and place not in torn:
                yield _stray(prompt, start, place, place < last)


def _stray(prompt: Prompt, start: int, place: int, later: bool) -> Spot:
    char = prompt.text[place]
    effect = f"{prompt.dialect.name} encodes it as text"
    if prompt.dialect.id == "comfyui":
        effect += ", and the next '(' too, so that later weights no longer count" if later else ""
    before = NUMBER_BEFORE.search(prompt.masked, max(start, place - 40), place)
    opening = _phrase_start(prompt, place) if before and char == ")" else None
    if opening is not None:
        message = f"nothing opens this '{char}': {effect}; open the bracket before the tag"
        return Spot(place, place + 1, message, (Edit(opening, opening, "("),), changes_weights=True)
    message = f"nothing opens this '{char}': {effect}; take it out, or escape it as '\\{char}'"
    can_escape = prompt.dialect.escapes.fullmatch(f"\\{char}") is not None
    edits = (Edit(place, place, "\\"),) if can_escape else None
    return Spot(place, place + 1, message, edits, changes_weights=prompt.dialect.id == "comfyui" and later)


def _phrase_start(prompt: Prompt, place: int) -> int | None:
    """Return where the tag begins that ends just before a place."""
    at = bisect_left(prompt.phrases, place, key=attrgetter("start")) - 1
    if at < 0 or prompt.phrases[at].end + 1 < place:
        return None
    start = prompt.phrases[at].start
    return None if prompt.masked[start] in ")]}:" else start


LONGEST_TRIED = 20_000
"""Characters; whether brackets in longer texts may be closed is not tried out, and they are left as they are."""


def unclosed(prompt: Prompt) -> Iterator[Spot]:
    """Find opening brackets that nothing closes."""
    torn = spanning(prompt)
    syntax = WEIGHTING[prompt.dialect.id]
    for start, end in parts_of(prompt):
        places = [place for place in scan(prompt.masked, start, end).unclosed if prompt.text[place] in syntax]
        places = [place for place in places if place not in torn]
        closed = [place for place in places if prompt.dialect.a1111 and not _number_behind(prompt, place, end)]
        for place in places:
            at_end = closed if closed and place == closed[0] else []
            yield _unclosed(prompt, place, end, at_end)


def _number_behind(prompt: Prompt, place: int, end: int) -> int | None:
    """Return where a tag with a weight ends that begins at a round bracket, or None."""
    last = min(end, place + 200)
    if prompt.text[place] != "(" or prompt.masked.find(":", place, last) < 0:
        return None
    match = NUMBER.match(prompt.masked, place + 1, last)
    return match.end() if match else None


def _begins_to_change(prompt: Prompt, place: int, last: int, closers: str) -> bool:
    """Return whether closing would make prompt editing of plain words: `[a:1e1` is no such, `[a:1e1]` is."""
    masked = prompt.masked[place:last]
    if "]" not in closers or not (":" in masked or "|" in masked):
        return False
    if last - place > LONGEST_TRIED:
        return True
    text = prompt.text[place:last]
    before, after = (
        len(parse(own, prompt.dialect.id).of_kind(Kind.SCHEDULE, Kind.ALTERNATION)) for own in (text, text + closers)
    )
    return after > before


def _unclosed(prompt: Prompt, place: int, end: int, at_end: list[int]) -> Spot:
    """Return the finding; the fix for the first of several that count to the end closes them all."""
    char, dialect = prompt.text[place], prompt.dialect
    message = f"nothing closes this '{char}': {dialect.name} {_effect(dialect.id)}; close it"
    number = _number_behind(prompt, place, end)
    if number is not None:
        return Spot(place, place + 1, message, (Edit(number, number, ")"),), changes_weights=True)
    if dialect.id.startswith("novelai"):
        return Spot(place, place + 1, message, severity="info")
    message += f", or escape it as '\\{char}'"
    if dialect.a1111:
        if not at_end:
            return Spot(place, place + 1, message)
        last = _before_comments(prompt, place, end)
        closers = "".join(PARTNER[prompt.text[opener]] for opener in reversed(at_end))
        if _begins_to_change(prompt, place, last, closers):
            return Spot(place, place + 1, message)
        return Spot(place, place + 1, message, (Edit(last, last, closers),))
    later = ROUND.search(prompt.masked, place + 1) is not None
    return Spot(place, place + 1, message, (Edit(place, place, "\\"),), changes_weights=later)


def _before_comments(prompt: Prompt, start: int, end: int) -> int:
    """Return where a range's text ends, white space and comments at its end left out."""
    last = start + len(prompt.text[start:end].rstrip())
    at = bisect_left(prompt.comments, end, key=attrgetter("start"))
    while at and start < prompt.comments[at - 1].start < last <= prompt.comments[at - 1].end:
        at -= 1
        last = start + len(prompt.text[start : prompt.comments[at].start].rstrip())
    return last


def _effect(dialect: str) -> str:
    """Return what a dialect makes of a bracket that is never closed."""
    if dialect == "comfyui":
        return "encodes it as text, and no weight behind it counts"
    return "encodes it as text" if dialect == "compel" else "weights everything from here to the end of the prompt"


def text_brackets(prompt: Prompt) -> Iterator[Spot]:
    """Find pairs of brackets that weight in another dialect, and are text in this one."""
    syntax = WEIGHTING[prompt.dialect.id]
    partners = dict(scan(prompt.masked, 0, len(prompt.text)).pairs)
    others = {place for schedule in schedules(prompt) for place in (schedule[0], schedule[1] - 1)}
    told_until = -1
    for start, close in partners.items():
        escaped = prompt.text[start - 1 : start] == "\\"
        if prompt.text[start] in syntax or start in others or start < told_until or escaped:
            continue
        told_until = close
        yield _text_brackets(prompt, start, close, _depth(prompt, start, close, partners))
    if prompt.dialect.id == "compel":
        yield from _inner_numbers(prompt)


def _inner_numbers(prompt: Prompt) -> Iterator[Spot]:
    """Find `(tag:1.2)` where the number belongs behind the brackets."""
    for match in INNER_NUMBER.finditer(prompt.masked):
        colon = prompt.text[match.end(1) : match.end() - 1].strip()
        message = (
            f"the brackets weight nothing, and '{colon}' is text: {prompt.dialect.name} reads a weight behind the "
            f"brackets, '(tag){match[2]}'"
        )
        yield Spot(*match.span(), message, (Edit(match.end(1), match.end(), f"){match[2]}"),), changes_weights=True)


def _depth(prompt: Prompt, start: int, close: int, partners: dict[int, int]) -> int:
    """Return how many brackets of a kind stand directly around one another, as in `{{{x}}}`."""
    depth = 1
    while prompt.text[start + depth] == prompt.text[start] and partners.get(start + depth) == close - depth:
        depth += 1
    return depth


def _text_brackets(prompt: Prompt, start: int, close: int, depth: int) -> Spot:
    char = prompt.text[start]
    number = _number(char, depth)
    message = (
        f"'{char}' and '{PARTNER[char]}' are {OWNERS[char]} way of weighting: {prompt.dialect.name} encodes them as "
        f"text, and they weight nothing; {_instead(prompt, char, number or FACTORS.get(char, ''))}"
    )
    inner = prompt.text[start + depth : close + 1 - depth]
    plain = inner.strip() and not ANY.search(inner) and ":" not in inner and not makes_border(inner)
    edits = None
    if plain and number and prompt.dialect.id in ("comfyui", "a1111"):
        edits = Edit(start, start + depth, "("), Edit(close + 1 - depth, close + 1, f":{number})")
    return Spot(start, close + 1, message, edits, changes_weights=True)


def _number(char: str, depth: int) -> str | None:
    """Return the weight of some brackets around one another, if there is one that pictures bear."""
    weight = float(FACTORS.get(char, "inf")) ** min(depth, MOST_DEPTH)
    return f"{weight:.2f}".rstrip("0") if LEAST <= weight <= MOST else None


def _instead(prompt: Prompt, char: str, number: str) -> str:
    if prompt.dialect.id.startswith("novelai"):
        return "write '{tag}' or '[tag]'" + (", or '1.2::tag::'" if prompt.dialect.id == "novelai4" else "")
    if prompt.dialect.id == "compel":
        return "write '(tag)1.2' or 'tag-'"
    return f"write '(tag:{number})' for {'less' if char == '[' else 'more'}"


def schedules(prompt: Prompt) -> list[tuple[int, int, str | None]]:
    """Return A1111's prompt editing in a prompt of another dialect: start, end, and when (None: alternation)."""
    if prompt.dialect.a1111 or "[" not in prompt.masked or prompt.dialect.id.startswith("novelai"):
        return []
    return [(item.start, item.end, item.when) for item in find_schedules(prompt.masked, 0, len(prompt.masked))]
