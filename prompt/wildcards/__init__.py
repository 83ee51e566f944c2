"""Wildcards and variants: `__name__` becomes a line of a file, `{a|b}` one of its options; seeded and reproducible."""

from ..lists import MOST_LISTED
from .combinations import MOST_COUNTED, Combinations, combinations
from .expansion import MOST_CHARACTERS, MOST_CHOICES, expand
from .folders import Wildcard, WildcardFolders
from .matrix import Matrix, matrix
from .results import Choice, Expanded, Picked, Place

__all__ = [
    "MOST_CHARACTERS",
    "MOST_CHOICES",
    "MOST_COUNTED",
    "MOST_LISTED",
    "Choice",
    "Combinations",
    "Expanded",
    "Matrix",
    "Picked",
    "Place",
    "Wildcard",
    "WildcardFolders",
    "combinations",
    "expand",
    "matrix",
]
