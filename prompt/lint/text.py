"""Writes findings for people: a line for each, the prompt's line below it, and carets under the place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from ..syntax.edits import apply_edits
from .finding import Finding, quoted

WIDEST = 100
"""Columns of the prompt that are shown."""
BEFORE = 30
"""Columns that are shown before the place, in a longer line."""
CONTROL_PICTURES = 0x2400
UNKNOWN = "\ufffd"


class Place(NamedTuple):
    """A place in a text for people: line and column, from 1, the line itself, and where in it the place begins."""

    line: int
    column: int
    text: str
    offset: int


def report(text: str, findings: Iterable[Finding]) -> str:
    """Return the findings as text; an empty one where there are none."""
    return "\n".join(line for finding in findings for line in _lines(text, finding))


def _lines(text: str, finding: Finding) -> list[str]:
    place = place_of(text, finding.start)
    length = max(1, min(finding.end - finding.start, len(place.text) - place.offset))
    where = f"col {place.column}" + (f"-{place.column + length - 1}" if length > 1 else "")
    if "\n" in text or "\r" in text:
        where = f"line {place.line} {where}"
    head = f"{where} {finding.code} {finding.severity}: {printable(finding.message)}{_fix(text, finding)}"
    return [head, *(f"    {line}" for line in excerpt(place.text, place.offset, length))]


def place_of(text: str, place: int) -> Place:
    """Return the line and column of a character."""
    before = text[:place].replace("\r\n", "\n ").replace("\r", "\n")
    start = before.rfind("\n") + 1
    start += text[start : start + 1] == "\n" and text[start - 1 : start] == "\r"
    start = min(start, place)
    ends = [end for end in (text.find("\n", place), text.find("\r", place)) if end >= 0]
    return Place(before.count("\n") + 1, place - start + 1, text[start : min(ends, default=len(text))], place - start)


def _fix(text: str, finding: Finding) -> str:
    if not finding.fixes:
        return ""
    start = min(finding.start, *(edit.start for edit in finding.fixes))
    end = max(finding.end, *(edit.end for edit in finding.fixes))
    inner = [edit._replace(start=edit.start - start, end=edit.end - start) for edit in finding.fixes]
    new = apply_edits(text[start:end], inner)
    what = f"write {printable(quoted(new))}" if new.strip() else "take it out"
    return f" (fix: {what}{', changes weights' if finding.changes_weights else ''})"


def excerpt(line: str, start: int, length: int) -> tuple[str, str]:
    """Return a line, shortened around a place, and carets below that place."""
    first = 0 if columns(line[:1000]) <= WIDEST and len(line) <= 1000 else max(0, start - BEFORE)
    head = "…" if first else ""
    before = printable(head + line[first:start])
    shown, used = "", columns(before)
    for char in printable(line[start : start + WIDEST]):
        used += columns(char)
        if used > WIDEST:
            break
        shown += char
    tail = "…" if len(shown) < len(line) - start else ""
    marked = columns(printable(line[start : start + min(length, len(shown))]))
    return before + shown + tail, " " * columns(before) + "^" * max(1, marked)


def printable(text: str) -> str:
    """Return a text with a sign for each character that can't be printed."""
    return "".join(map(_printable, text))


def _printable(char: str) -> str:
    if ord(char) < 0x20:
        return chr(CONTROL_PICTURES + ord(char))
    return UNKNOWN if unicodedata.category(char) in ("Cs", "Cc", "Cn") else char


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
