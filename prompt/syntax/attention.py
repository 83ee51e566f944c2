"""What a dialect's own parser makes of a prompt: segments of text, each with its effective attention weight."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..collector import uncollected
from .brackets import RunningWeight, edges
from .dialects import Dialect, get_dialect
from .protection import protected_tags, syntax_tags

BLANK = "\a"
"""Stands for a character that is no syntax: neither a letter nor white space, and no tag holds it."""
BREAK = re.compile(r"\bBREAK\b\s*")


class Segment(NamedTuple):
    """A piece of text as the encoder gets it, its effective weight, and `prompt[start:end]` that it came from.

    `("BREAK", -1.0)` is A1111's mark for the end of a chunk.
    """

    text: str
    weight: float
    start: int
    end: int


@uncollected
def attention(text: str, dialect: str = "a1111", tag_aware: bool = False) -> list[Segment]:
    """Return the segments of a prompt, as the dialect's own attention parser reads it.

    Schedules and AND are resolved before attention is read: they are plain text here.

    Args:
        text: any string.
        dialect: one of `DIALECTS`.
        tag_aware: whether tags that look like syntax are kept as tags.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    rules = get_dialect(dialect)
    return attention_keeping(text, rules, protected_tags(text, rules.active, syntax_tags()) if tag_aware else [])


def attention_keeping(text: str, rules: Dialect, tags: list[tuple[int, int]]) -> list[Segment]:
    """Return the segments of a prompt in which some spans, in order, are tags, whatever they hold."""
    masked = blank(rules.escapes, blank_spans(text, tags))
    segments = _raw(text, masked, tags, rules)
    return _merged(segments) if rules.merges else segments


def blank(pattern: re.Pattern[str], text: str) -> str:
    """Return `text` with every match blanked out, as long as before; a backslash that protects nothing stays."""
    return pattern.sub(lambda match: BLANK * len(match[0]) if len(match[0]) > 1 else match[0], text)


def blank_spans(text: str, spans: list[tuple[int, int]], by: str = BLANK) -> str:
    """Return `text` with the spans blanked out `by` one character; they stand in order, and may overlap."""
    if not spans:
        return text
    pieces, place = [], 0
    for start, end in spans:
        if end > place:
            start = max(start, place)
            pieces += [text[place:start], by * (end - start)]
            place = end
    return "".join([*pieces, text[place:]])


def _raw(text: str, masked: str, tags: list[tuple[int, int]], rules: Dialect) -> list[Segment]:
    weight, now = RunningWeight(), 1.0
    found: list[Segment] = []
    place = 0
    for start, end, bracket, opens in edges(rules.read(masked, 0, len(text))):
        if start > place:
            found += _plain(text, masked, tags, place, start, now, rules)
        if bracket is not None:
            now = weight.enter(bracket) if opens else weight.leave(bracket)
        place = end
    if place < len(text):
        found += _plain(text, masked, tags, place, len(text), now, rules)
    return found


def _plain(
    text: str, masked: str, tags: list[tuple[int, int]], start: int, end: int, weight: float, rules: Dialect
) -> list[Segment]:
    """Return the segments of a text without brackets; A1111 ends one at each BREAK."""
    if not rules.a1111:
        return [Segment(_unescaped(text, tags, start, end, rules), weight, start, end)]
    found: list[Segment] = []
    place = start
    for match in BREAK.finditer(masked, start, end):
        before = place + len(text[place : match.start()].rstrip())
        found.append(Segment(_unescaped(text, tags, place, before, rules), weight, place, before))
        found.append(Segment("BREAK", -weight, before, match.end()))
        place = match.end()
    found.append(Segment(_unescaped(text, tags, place, end, rules), weight, place, end))
    return found


def _unescaped(text: str, tags: list[tuple[int, int]], start: int, end: int, rules: Dialect) -> str:
    """Return `text[start:end]` as the encoder gets it; kept tags stay as they are, letter by letter."""
    inside = [span for span in tags if start <= span[0] < end] if tags and "\\" in text[start:end] else []
    pieces, place = [], start
    for first, last in inside:
        pieces += [unescape(text[place:first], rules), text[first:last]]
        place = last
    return "".join([*pieces, unescape(text[place:end], rules)])


def unescape(text: str, rules: Dialect) -> str:
    """Return a text without its escapes' backslashes."""
    if "\\" in text:
        text = rules.escapes.sub(_without_backslash, text)
    if rules.id == "comfyui" and "\0" in text:  # its own marks for escaped brackets; a prompt may hold them
        text = text.replace("\0\1", ")").replace("\0\2", "(")
    return text


def _without_backslash(match: re.Match[str]) -> str:
    return match[0][1:]


def _merged(segments: list[Segment]) -> list[Segment]:
    """Join neighbours of one weight; nothing at all is one empty segment, as in A1111."""
    found: list[Segment] = []
    for segment in segments or [Segment("", 1.0, 0, 0)]:
        if found and found[-1].weight == segment.weight:
            last = found.pop()
            segment = Segment(last.text + segment.text, segment.weight, last.start, segment.end)
        found.append(segment)
    return found


def weight_at_each(segments: list[Segment]) -> list[tuple[str, float]]:
    """Return each encoded character with its weight: two readings are equal where these are."""
    return [(char, segment.weight) for segment in segments for char in segment.text]
