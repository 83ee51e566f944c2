"""Which families a text (a file name, a title) names, at word borders: `anima` is not in `animagine`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .profiles import Family

HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word begins inside `realvisXLLightning`."""
LONGEST = 400
"""Characters of a text that are looked at: no file system has longer names."""


class Match(NamedTuple):
    """A family, the part of the text that names it, and where that lies."""

    family: Family
    word: str
    start: int
    end: int

    def overlaps(self, other: Match) -> bool:
        """Return whether both rest on the same letters, as `illustrious` and `WAI-illustrious` do."""
        return self.start < other.end and other.start < self.end


def families_named(text: str, families: Iterable[Family]) -> list[Match]:
    """Return the families that a text names: by priority, then the longest match first.

    Words inside joined names (`myPonyMix`) count only where nothing else is found.
    """
    families = tuple(families)
    for form in (text[:LONGEST], HUMP.sub(" ", text[:LONGEST])):
        found = [match for family in families for match in _matches(form, family)]
        if found:
            return sorted(found, key=lambda match: (-match.family.priority, match.start - match.end))
    return []


def variant_named(text: str, family: Family) -> str:
    """Return the variant of a family that a text names, or an empty string."""
    forms = (text[:LONGEST], HUMP.sub(" ", text[:LONGEST]))
    for variant in family.variants.values():
        if any(_bounded(pattern).search(form) for pattern in variant.names for form in forms):
            return variant.name
    return ""


def _matches(text: str, family: Family) -> list[Match]:
    found = (_bounded(pattern).search(text) for pattern in family.names)
    matches = [Match(family, match[0], match.start(), match.end()) for match in found if match]
    return [max(matches, key=lambda match: match.end - match.start)] if matches else []


@lru_cache(maxsize=1024)
def _bounded(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])", re.IGNORECASE)
