r"""Finds the tags of a prompt, with their places and the weights that ComfyUI gives them.

A tag ends at a comma or a line's end; `AND` and `BREAK` stand between tags; `(tag:1.2)` weights what it holds, and
`\(`, `\)` are brackets that belong to a tag. Weights follow ComfyUI: a number replaces the weight around it,
bare brackets multiply it by 1.1, and unbalanced brackets are plain text.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from .resources import data

SEPARATOR = re.compile(r"[,\n\r]|\b(?:AND|BREAK)\b")
WEIGHT = re.compile(r":\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$")
KEPT_UNDERSCORE = re.compile(r"(?:score|rating|source)_\w+|\W*_\W*|[a-z0-9]{1,2}_[a-z0-9]{1,2}")
BARE_BRACKETS = 1.1


class Tag(NamedTuple):
    """One tag: its canonical name, `text[start:end]` where it stands, and its attention weight."""

    name: str
    start: int
    end: int
    weight: float = 1.0


class _Bracket(NamedTuple):
    """A pair of round brackets: where it opens and closes, where its content ends, its number if it has one."""

    start: int
    end: int
    content_end: int
    number: float | None


def canonical(text: str) -> str:
    r"""Return the name under which a tag is known: lower case, spaces for underscores, no escapes.

    `score_9`-like tags and emoticons (`^_^`) keep their underscore.
    """
    name = " ".join(text.replace(r"\(", "(").replace(r"\)", ")").split()).casefold()
    return name if KEPT_UNDERSCORE.fullmatch(name) else name.replace("_", " ")


def parse_tags(text: str) -> tuple[Tag, ...]:
    """Return the tags of `text` in their order; `text` may be any string."""
    masked = _mask(text)
    brackets = _brackets(masked)
    cuts = _cuts(masked, brackets)
    return tuple(Tag(canonical(text[start:end]), start, end, _weight(brackets, start, end)) for start, end in cuts)


def encoded_segments(text: str) -> tuple[str, ...]:
    r"""Return the pieces of `text` that reach the encoder: without the brackets and numbers of weights, `\(` as `(`."""
    brackets = _brackets(_mask(text))
    edges = {(bracket.start, bracket.start + 1) for bracket in brackets}
    edges |= {(bracket.content_end, bracket.end + 1) for bracket in brackets}
    pieces = []
    last = 0
    for start, end in [*sorted(edges), (len(text), len(text))]:
        pieces.append(text[last:start].replace(r"\(", "(").replace(r"\)", ")"))
        last = max(last, end)
    return tuple(filter(None, pieces))


def _mask(text: str) -> str:
    """Blank out escaped characters, `<lora:…>` references and emoticons, so that none is read as syntax."""
    return _protected().sub(lambda match: "x" * len(match[0]), text)


@cache
def _protected() -> re.Pattern[str]:
    """Match what looks like syntax and is none; an emoticon counts where it stands alone between commas."""
    faces = [re.escape(face) for face in data("tags/expression")["subgroups"]["emoticon"]]
    face = rf"(?<![^,\s(])(?:{'|'.join(sorted(faces, key=len, reverse=True))})(?=\s*(?:,|$|\n|:\d|\)))"
    return re.compile(rf"\\.|<[^<>,\n]+:[^<>\n]*>|{face}", re.IGNORECASE | re.DOTALL)


def _brackets(masked: str) -> list[_Bracket]:
    """Return the balanced pairs, outermost last; none where a prompt's brackets don't balance."""
    found: list[_Bracket] = []
    opened: list[int] = []
    for match in re.finditer(r"[()]", masked):
        place = match.start()
        if match[0] == "(":
            opened.append(place)
        elif opened:
            found.append(_bracket(masked, opened.pop(), place))
        else:
            return []
    return [] if opened else found


def _bracket(masked: str, start: int, end: int) -> _Bracket:
    # A number stands within a few characters of the closing bracket: looking no further keeps this linear.
    tail = max(start + 1, end - 32)
    number = WEIGHT.search(masked, tail, end)
    if number is None:
        return _Bracket(start, end, end, None)
    return _Bracket(start, end, number.start(), float(number[1]))


def _cuts(masked: str, brackets: list[_Bracket]) -> list[tuple[int, int]]:
    """Return the spans between separators and brackets that hold anything."""
    edges = {(match.start(), match.end()) for match in SEPARATOR.finditer(masked)}
    for bracket in brackets:
        edges |= {(bracket.start, bracket.start + 1), (bracket.content_end, bracket.end + 1)}
    spans = []
    last = 0
    for start, end in [*sorted(edges), (len(masked), len(masked))]:
        inner = masked[last:start]
        if inner.strip():
            lead = len(inner) - len(inner.lstrip())
            spans.append((last + lead, last + len(inner.rstrip())))
        last = max(last, end)
    return spans


def _weight(brackets: list[_Bracket], start: int, end: int) -> float:
    weight = 1.0
    for bracket in reversed(brackets):  # from the outside in
        if bracket.start < start and end <= bracket.content_end:
            weight = weight * BARE_BRACKETS if bracket.number is None else bracket.number
    return weight
