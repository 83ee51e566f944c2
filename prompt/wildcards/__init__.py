"""Wildcards and variants: `__name__` becomes a line of a file, `{a|b}` one of its options; seeded and reproducible."""

from .combinations import MOST_COUNTED, Combinations, combinations
from .expansion import MOST_CHARACTERS, MOST_CHOICES, expand
from .folders import Wildcard, WildcardFolders
from .results import Choice, Expanded, Picked, Place

__all__ = [
    "MOST_CHARACTERS",
    "MOST_CHOICES",
    "MOST_COUNTED",
    "Choice",
    "Combinations",
    "Expanded",
    "Picked",
    "Place",
    "Wildcard",
    "WildcardFolders",
    "combinations",
    "expand",
]
