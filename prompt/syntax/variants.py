"""Finds `{a|b}`, `{2$$a|b|c}` and `{0.5::a|2::b}`: places where one of several texts is chosen."""

from __future__ import annotations

import re
from typing import NamedTuple

from .tree import Kind

TOKEN = re.compile(r"\\.|[{}|]")
HEAD = re.compile(r"\s*(\d*(?:-\d*)?)\$\$")
JOINER = re.compile(r"(?:[^{}|$]*|[^\w{}$]*)\$\$")  # a bar may stand in it where no word does
WEIGHT = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)::")


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

    @property
    def kind(self) -> Kind:
        """What it is in the tree."""
        return Kind.VARIANT

    @property
    def value(self) -> str:
        """The node's value in the tree: its head."""
        return self.head

    def options(self) -> list[tuple[int, int]]:
        """Return the options' spans."""
        return [(left[1], right[0]) for left, right in zip(self.marks, self.marks[1:], strict=False)]


def find_variants(text: str) -> list[Variant]:
    """Return the variants of a text, inner ones first; braces without a bar or `$$`, and unpaired ones, are text."""
    found: list[Variant] = []
    opened: list[list[int]] = []
    heads, weights = "$$" in text, "::" in text
    for match in TOKEN.finditer(text):
        token, place = match[0], match.start()
        if token == "{":
            opened.append([place])
        elif token == "|" and opened:
            opened[-1].append(place)
        elif token == "}" and opened:
            places = opened.pop()
            head = HEAD.match(text, places[0] + 1, place) if heads else None
            if head or len(places) > 1:
                head_end = _head_end(text, head, place) if head else places[0] + 1
                found.append(_variant(text, places, head_end, place, weights))
    return found


def _head_end(text: str, head: re.Match[str], end: int) -> int:
    joiner = JOINER.match(text, head.end(), end)
    return (joiner or head).end()


def _variant(text: str, places: list[int], head_end: int, end: int, weighted: bool) -> Variant:
    """Return the variant of an opening brace and its bars; bars in its head are the joiner's."""
    start = places[0]
    marks = [(start, head_end), *((bar, bar + 1) for bar in places[1:] if bar >= head_end)]
    weights = [1.0] * len(marks)
    for index, (place, after) in enumerate(marks if weighted else ()):
        weight = WEIGHT.match(text, after, end)
        if weight:
            marks[index] = (place, weight.end())
            weights[index] = float(weight[1])
    return Variant(start, end + 1, (*marks, (end, end + 1)), text[start + 1 : head_end], tuple(weights))
