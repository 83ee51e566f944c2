r"""Finds the tags of a prompt that look like syntax (`:3`, `;)`, `re:zero`, `late[st]`), before any syntax is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .names import spoken

SEPARATOR = re.compile(r"[,\n\r，、]|\b(?:AND|BREAK)\b")
OPENERS, CLOSERS = "([{", ")]}"
NUMBER = re.compile(r"\s*:\s*[+-]?[.\d]+\s*$")
MOST_TRIMS = 5
"""How many brackets around a tag are looked behind; more around one tag are not met."""
LONGEST_TAG = 200
"""Characters; the longest Danbooru names have about 170."""


def protected_tags(text: str, active: re.Pattern[str], known: Callable[[str], bool]) -> list[tuple[int, int]]:
    """Return the spans of the tags that hold a character which is syntax elsewhere.

    A tag is looked up where it stands alone between separators, with or without brackets and a weight around it.

    Args:
        text: the prompt.
        active: matches a character that is syntax in the prompt's dialect.
        known: whether a canonical name is a tag.
    """
    if not active.search(text):
        return []
    found: list[tuple[int, int]] = []
    start = 0
    for match in SEPARATOR.finditer(text):
        if active.search(text, start, match.start()):
            found += _in_piece(text, start, match.start(), active, known)
        start = match.end()
    if active.search(text, start):
        found += _in_piece(text, start, len(text), active, known)
    return found


def _in_piece(
    text: str, start: int, end: int, active: re.Pattern[str], known: Callable[[str], bool]
) -> list[tuple[int, int]]:
    span = _tag_span(text, start, end, active, known)
    if span or text.find("|", start, end) < 0:
        return [span] if span else []
    options: list[tuple[int, int]] = []
    while start <= end:
        pipe = text.find("|", start, end)
        pipe = end if pipe < 0 else pipe
        span = _tag_span(text, start, pipe, active, known)
        if span:
            options.append(span)
        start = pipe + 1
    return options


def _tag_span(
    text: str, start: int, end: int, active: re.Pattern[str], known: Callable[[str], bool]
) -> tuple[int, int] | None:
    ends = _ends(text, start, end)
    for first in _starts(text, start, end):
        for last in ends:
            if last - first <= LONGEST_TAG:
                if not active.search(text, first, last):
                    break  # what is shorter has no such character either
                if known(spoken(text[first:last])):
                    return first, last
    return None


def _starts(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where a tag may begin: at the piece's first letter, and behind each bracket that opens there."""
    for _ in range(MOST_TRIMS):
        while start < end and text[start].isspace():
            start += 1
        yield start
        if start == end or text[start] not in OPENERS:
            return
        start += 1


def _ends(text: str, start: int, end: int) -> list[int]:
    """Return where a tag may end: at the piece's last letter, and before each number and bracket that closes there."""
    ends: list[int] = []
    for _ in range(MOST_TRIMS):
        while end > start and text[end - 1].isspace():
            end -= 1
        ends.append(end)
        number = NUMBER.search(text, max(start, end - 24), end) if end > start and text[end - 1].isdecimal() else None
        if number:
            end = number.start()
            ends.append(end)
        if end == start or text[end - 1] not in CLOSERS:
            break
        end -= 1
    return ends
