"""Keeps a number of things, which no tag says: `three cats` is `cat` and the phrase `three cats`."""

from __future__ import annotations

from .nouns import Reading
from .wording import wording
from .words import Word

UNSAID = frozenset({"a", "an", "1", "another", "some"})
"""Numbers that nothing is lost with."""
EYE = "eye"
UNLIKE_EYES = "heterochromia"


def numbered(reading: Reading, number: list[Word], names: list[str], eyes: int) -> Reading:
    """Return what becomes of things with a number before them.

    Args:
        reading: what becomes of the things without it.
        number: the words of the number; none where there is none.
        names: the words of the things.
        eyes: how many single eyes the clause speaks of: `one red eye and one blue eye` differ.
    """
    if names[-1] == EYE and len(names) > 1 and eyes > 1 and reading.tags:
        return reading._replace(tags=(*reading.tags, UNLIKE_EYES))
    said = " ".join(word.name for word in number)
    if not said:
        return reading
    *others, last = reading.phrases or (" ".join(names),)
    counted = [word.name for word in number if not wording().joins(word.name)]
    return reading._replace(phrases=(*others, f"{said} {last}"), left=(*counted, *reading.left))
