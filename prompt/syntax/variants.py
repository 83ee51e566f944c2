"""Finds `{a|b}`, `{2$$a|b|c}` and `{0.5::a|2::b}`: places where one of several texts is chosen."""

from __future__ import annotations

import re
from typing import NamedTuple

TOKEN = re.compile(r"\\.|[{}|]")
HEAD = re.compile(r"\s*(\d*(?:-\d*)?)\$\$")
JOINER = re.compile(r"([^{}|$]*)\$\$")
WEIGHT = re.compile(r"\s*(\d+\.?\d*|\.\d+)::")


class Variant(NamedTuple):
    """One `{...}`: `marks` are the spans of its own syntax, between which its options stand.

    Attributes:
        start: where its `{` stands.
        end: behind its `}`.
        marks: the spans of the opening brace with the head and the first option's weight, of each bar with the
            next one's weight, and of the closing brace.
        head: how many are taken and what joins them, as written (`2$$`, `1-2$$ and $$`), or an empty text.
        weights: the options' weights.
    """

    start: int
    end: int
    marks: tuple[tuple[int, int], ...]
    head: str
    weights: tuple[float, ...]

    def options(self) -> list[tuple[int, int]]:
        """Return the options' spans."""
        return [(left[1], right[0]) for left, right in zip(self.marks, self.marks[1:], strict=False)]


def find_variants(text: str) -> list[Variant]:
    """Return the variants of a text, inner ones first. Braces without a bar or `$$` are text, and so are unpaired ones."""
    found: list[Variant] = []
    opened: list[list[int]] = []
    for match in TOKEN.finditer(text):
        token, place = match[0], match.start()
        if token == "{":
            opened.append([place])
        elif token == "|" and opened:
            opened[-1].append(place)
        elif token == "}" and opened:
            variant = _variant(text, opened.pop(), place)
            if variant:
                found.append(variant)
    return found


def _variant(text: str, places: list[int], end: int) -> Variant | None:
    start = places[0]
    limit = places[1] if len(places) > 1 else end
    head = HEAD.match(text, start + 1, limit)
    head_end = head.end() if head else start + 1
    joiner = JOINER.match(text, head_end, limit) if head else None
    head_end = joiner.end() if joiner else head_end
    if len(places) == 1 and not head:
        return None
    marks, weights = [], []
    for place, after in [(start, head_end), *((bar, bar + 1) for bar in places[1:])]:
        weight = WEIGHT.match(text, after, end)
        marks.append((place, weight.end() if weight else after))
        weights.append(float(weight[1]) if weight else 1.0)
    return Variant(start, end + 1, (*marks, (end, end + 1)), text[start + 1 : head_end], tuple(weights))
