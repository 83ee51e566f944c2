"""Follows a prompt's text from its source to the text tokens: each knows which part of the prompt it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from .vocabularies import Vocabulary

EMBEDDING = -1
"""Stands for the id of a text token that is an embedding's vector."""
FRAME = -1
"""The place of a character that is not the prompt's own."""
MOST_MISSES = 50
SegmentLike: TypeAlias = tuple[str, float] | tuple[str, float, int, int]
"""`(text, weight)` or `(text, weight, start, end)`, as `prompt.syntax.attention` gives them."""


class TextToken(NamedTuple):
    """One text token: its id, `prompt[start:end]` that it stands for, and its attention weight."""

    id: int
    start: int
    end: int
    weight: float


class Passage(NamedTuple):
    """A text that an encoder gets as one piece, each character's place in the prompt, and its attention weight."""

    text: str
    places: Sequence[int]
    weight: float

    def part(self, start: int, end: int | None = None) -> Passage:
        """Return a part of it."""
        return Passage(self.text[start:end], self.places[start:end], self.weight)

    def framed(self, before: str, behind: str) -> Passage:
        """Return it with texts around it that are not the prompt's own."""
        places = [*[FRAME] * len(before), *self.places, *[FRAME] * len(behind)]
        return Passage(f"{before}{self.text}{behind}", places, self.weight)

    def tokens(self, vocabulary: Vocabulary) -> list[TextToken]:
        """Return its text tokens, without those of a frame alone."""
        pieces = vocabulary.pieces(self.text)
        if isinstance(self.places, range):
            first = self.places.start
            return [TextToken(token, first + start, first + end, self.weight) for token, start, end in pieces]
        found = []
        for token, start, end in pieces:
            places = self.places[start:end]
            own = [place for place in places if place != FRAME]
            if own or not places:
                found.append(TextToken(token, own[0] if own else 0, own[-1] + 1 if own else 0, self.weight))
        return found


def locate(segments: Iterable[SegmentLike], source: str) -> list[Passage]:
    """Return the passages of a prompt.

    Args:
        segments: as the dialect's attention parser gives them; without places they follow one another.
        source: the prompt. Characters that it has and a segment has not (escapes, brackets) are passed over.
    """
    found: list[Passage] = []
    place = 0
    for segment in segments:
        text, weight = segment[0], segment[1]
        start = segment[2] if len(segment) > 2 else place
        places = align(text, source, start)
        place = places[-1] + 1 if text else start
        found.append(Passage(text, places, weight))
    return found


def align(text: str, source: str, start: int = 0) -> Sequence[int]:
    """Return where in `source`, from `start` on, each character of `text` stands.

    What is not there gets its neighbour's place.
    """
    if source.startswith(text, start):
        return range(start, start + len(text))
    places: list[int] = []
    place, misses = start, 0
    for char in text:
        found = source.find(char, place) if misses < MOST_MISSES else -1
        misses += found < 0
        places.append(found if found >= 0 else max(start, place - 1))
        place = max(place, found + 1)
    return places
