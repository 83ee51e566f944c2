"""Finds the known tag that a mistyped one is nearest to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ..tags.vocabulary import vocabulary

SHORTEST, LONGEST = 4, 40
"""Letters of a name that is looked for; shorter ones are near to too many."""


def nearest(name: str) -> str | None:
    """Return the known tag that a name was probably meant to be, or None.

    Spaces and hyphens do not count; one letter may be wrong, missing, too many or exchanged with the next one, and
    two in longer names.
    """
    squeezed = squeeze(name)
    if not SHORTEST <= len(squeezed) <= LONGEST:
        return None
    most = 1 if len(squeezed) < 8 else 2
    candidates = {candidate for key in _deletions(squeezed) for candidate in _index().get(key, ())}
    rated = [(distance(squeezed, squeeze(tag)), tag) for tag in candidates]
    best = min((pair for pair in rated if pair[0] <= most), default=None)
    return best[1] if best else None


def squeeze(name: str) -> str:
    """Return a name without the characters that people leave out."""
    return name.replace(" ", "").replace("-", "").replace("_", "")


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """Return the tags by their squeezed spelling, and by that without any one letter."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in vocabulary():
        squeezed = squeeze(entry.name)
        if SHORTEST <= len(squeezed) <= LONGEST:
            for key in _deletions(squeezed):
                found[key] = (*found.get(key, ()), entry.name)
    return found


def _deletions(text: str) -> Iterator[str]:
    yield text
    yield from {text[:place] + text[place + 1 :] for place in range(len(text))}


def distance(one: str, other: str) -> int:
    """Return how many letters must be changed, put in, taken out or exchanged with a neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
