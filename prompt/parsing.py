r"""Finds the tags of a prompt, with their places and the weights that ComfyUI gives them.

A tag ends at a comma or a line's end; `AND` and `BREAK` stand between tags; `(tag:1.2)` weights what it holds, and
`\(`, `\)` are brackets that belong to a tag. Weights follow ComfyUI: a number replaces the weight around it,
bare brackets multiply it by 1.1, and unbalanced brackets are plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    weights = _weights(brackets, cuts)
    return tuple(
        Tag(canonical(text[start:end]), start, end, weight) for (start, end), weight in zip(cuts, weights, strict=True)
    )


def encoded_segments(text: str) -> tuple[str, ...]:
    r"""Return the pieces of `text` that reach the encoder: without the brackets and numbers of weights, `\(` as `(`."""
    edges = _bracket_edges(_brackets(_mask(text)))
    pieces = (text[start:end].replace(r"\(", "(").replace(r"\)", ")") for start, end in _between(edges, len(text)))
    return tuple(filter(None, pieces))


def _mask(text: str) -> str:
    """Blank out escaped characters, `<lora:…>` references and emoticons, so that none is read as syntax."""
    return _protected().sub(lambda match: "x" * len(match[0]), text)


@cache
def _protected() -> re.Pattern[str]:
    """Match what looks like syntax and is none; an emoticon counts where it stands alone between commas."""
    faces = [re.escape(face) for face in data("tags/expression")["subgroups"]["emoticon"]]
    face = rf"(?<![^,\s(])(?:{'|'.join(sorted(faces, key=len, reverse=True))})(?=\s*(?:,|$|\n|:\d|\)))"
    return re.compile(rf"\\[()]|<[^<>,:\n]+:[^<>\n]*>|{face}", re.IGNORECASE)


def _brackets(masked: str) -> list[_Bracket]:
    """Return the pairs that ComfyUI sees, inner ones first.

    A stray `)` makes the next `(` plain text; nothing counts behind a `(` that is never closed.
    """
    found: list[_Bracket] = []
    opened: list[int] = []
    stray = closed = 0
    for match in re.finditer(r"[()]", masked):
        if match[0] == "(":
            if stray and not opened:
                stray -= 1
            else:
                opened.append(match.start())
        elif opened:
            found.append(_bracket(masked, opened.pop(), match.start()))
            closed = closed if opened else len(found)
        else:
            stray += 1
    return found[:closed]


def _bracket(masked: str, start: int, end: int) -> _Bracket:
    # A number stands within a few characters of the closing bracket: looking no further keeps this linear.
    tail = max(start + 1, end - 32)
    number = WEIGHT.search(masked, tail, end)
    if number is None:
        return _Bracket(start, end, end, None)
    return _Bracket(start, end, number.start(), float(number[1]))


def _cuts(masked: str, brackets: list[_Bracket]) -> list[tuple[int, int]]:
    """Return the spans between separators and brackets that hold anything."""
    separators = {(match.start(), match.end()) for match in SEPARATOR.finditer(masked)}
    spans = []
    for start, end in _between(separators | _bracket_edges(brackets), len(masked)):
        inner = masked[start:end]
        if inner.strip():
            lead = len(inner) - len(inner.lstrip())
            spans.append((start + lead, start + len(inner.rstrip())))
    return spans


def _bracket_edges(brackets: list[_Bracket]) -> set[tuple[int, int]]:
    """Return the spans of the opening brackets, and of the closing ones with their numbers."""
    opening = {(bracket.start, bracket.start + 1) for bracket in brackets}
    return opening | {(bracket.content_end, bracket.end + 1) for bracket in brackets}


def _between(edges: set[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    """Go through the spans between edges; the edges may touch, and some spans are empty."""
    last = 0
    for start, end in [*sorted(edges), (length, length)]:
        yield last, start
        last = max(last, end)


def _weights(brackets: list[_Bracket], spans: list[tuple[int, int]]) -> list[float]:
    """Return the weight of each span, in one walk over both: quick for any number of either."""
    waiting = sorted(brackets, reverse=True)  # the next one to open stands last
    around: list[tuple[int, float]] = []
    weights = []
    for start, _ in spans:
        while waiting and waiting[-1].start < start:
            bracket = waiting.pop()
            while around and around[-1][0] < bracket.start:
                around.pop()
            outer = around[-1][1] if around else 1.0
            around.append((bracket.end, outer * BARE_BRACKETS if bracket.number is None else bracket.number))
        while around and around[-1][0] < start:
            around.pop()
        weights.append(around[-1][1] if around else 1.0)
    return weights
