"""The rule on variants, `{red|blue}`, that are never closed or never opened, so that nothing is chosen."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from ..syntax import Kind
from ..syntax.edits import Edit
from .brackets import scan
from .finding import Spot, Suggestion
from .prompt import Prompt, makes_border

HEAD = re.compile(r"\{\s*\d*(?:-\d*)?\$\$")
TAG_END = re.compile(r"[,\n\r，、()\[\]{}]|(?<!:):(?!:)|\Z")
TAG_START = re.compile(r"[,\n\r，、()\[\]{}]\s*")
FURTHEST = 300
"""Characters between a bar and the end of its tag that a suggestion looks at."""


def broken_variants(prompt: Prompt) -> Iterator[Spot]:
    """Find `{red|blue`, `{{red|blue}` and `red|blue}`."""
    masked = prompt.masked
    if not prompt.dialect.braces or ("|" not in prompt.text and "$$" not in prompt.text):
        return
    inner = {node.start for node in prompt.of_kind(Kind.VARIANT)}
    found = scan(masked, 0, len(masked))
    bars = _bars(masked, [pair for pair in found.pairs if masked[pair[0]] == "["])
    opening = [place for place in found.unclosed if masked[place] == "{" and not _is_escaped(masked, place)]
    for place, border in zip(opening, [*opening[1:], len(masked)], strict=False):
        within = _between(bars, place, border)
        if within or HEAD.match(masked, place) or place + 1 in inner:
            yield _unclosed(prompt, place, within[-1] if within else place)
    last = 0
    for place in found.stray:
        if masked[place] == "}" and not _is_escaped(masked, place):
            within = _between(bars, last, place)
            if within:
                yield _unopened(prompt, place, within[0])
            last = place + 1


def _bars(masked: str, squares: list[tuple[int, int]]) -> list[int]:
    """Return the places of the bars, without those of A1111's alternation `[a|b]`."""
    found: list[int] = []
    at, covered = 0, -1
    for match in re.finditer(r"\|", masked):
        while at < len(squares) and squares[at][0] < match.start():
            covered = max(covered, squares[at][1])
            at += 1
        if match.start() > covered:
            found.append(match.start())
    return found


def _between(bars: list[int], start: int, end: int) -> list[int]:
    return bars[bisect_left(bars, start) : bisect_left(bars, end)]


def _is_escaped(masked: str, place: int) -> bool:
    return masked[place - 1 : place] == "\\"


def _unclosed(prompt: Prompt, place: int, last: int) -> Spot:
    match = TAG_END.search(prompt.masked, last + 1, last + FURTHEST)
    end = match.start() if match else last + 1
    end -= len(prompt.text[last:end]) - len(prompt.text[last:end].rstrip())
    message = (
        "nothing closes this '{': it begins a choice such as '{red|blue}', of which one option is taken; "
        "without its '}' nothing is chosen, and braces and bars are encoded as text; close it"
    )
    return Spot(place, place + 1, message, suggestions=_suggested(prompt, place, end, Edit(end, end, "}")))


def _unopened(prompt: Prompt, place: int, first: int) -> Spot:
    start = max(0, first - FURTHEST)
    for match in TAG_START.finditer(prompt.masked, start, first):
        start = match.end()
    start += len(prompt.text[start:first]) - len(prompt.text[start:first].lstrip())
    message = (
        "nothing opens this '}': it ends a choice such as '{red|blue}', of which one option is taken; "
        "without its '{' nothing is chosen, and bars and braces are encoded as text; open it"
    )
    return Spot(place, place + 1, message, suggestions=_suggested(prompt, start, place, Edit(start, start, "{")))


def _suggested(prompt: Prompt, start: int, end: int, edit: Edit) -> tuple[Suggestion, ...]:
    """Return the suggestion to close or open a variant at a tag's edge, if no AND or BREAK would stand in it then."""
    if makes_border(prompt.text[start:end]):
        return ()
    return (Suggestion("the brace at the edge of the tag", (edit,)),)
