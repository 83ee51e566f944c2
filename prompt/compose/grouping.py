"""Which tag group and sub-group a tag belongs to, and in which order the sub-groups are written."""

from __future__ import annotations

from functools import cache, lru_cache

from ..tags.classify import Classified
from ..tags.classify import classify as classified
from ..tags.vocabulary import GROUPS, OTHER, vocabulary

LONGEST_TAG = 300
"""Characters; a longer text is a sentence, which no group has."""
FIRST = {"body": ("count", "species", "build", "hair", "bangs", "eyes", "face", "skin")}
"""Sub-groups, by their first words, that come before the others of a group; the others keep the data files' order."""


@lru_cache(maxsize=4096)
def classify(name: str) -> Classified:
    """Return the group of a canonical name or of a free phrase; a whole sentence has none."""
    return classified(name) if len(name) <= LONGEST_TAG else Classified(OTHER)


def known_name(name: str) -> str:
    """Return the name under which the vocabulary holds a tag, so that another spelling of it counts as the same."""
    entry = vocabulary().find(name)
    return entry.name if entry else name


def in_quality(name: str, subgroup: str) -> bool:
    """Return whether a name is that of a known quality tag of a sub-group."""
    entry = vocabulary().find(name)
    return entry is not None and (entry.group, entry.subgroup) == ("quality", subgroup)


def subgroup_rank(group: str, subgroup: str) -> int:
    """Return a sub-group's place in its group's order; a phrase without one comes where its group ends."""
    return _ranks().get((group, subgroup), len(_ranks()))


@cache
def _ranks() -> dict[tuple[str, str], int]:
    pairs = list(dict.fromkeys((entry.group, entry.subgroup) for entry in vocabulary()))
    return {pair: place for place, pair in enumerate(sorted(pairs, key=_early))}


def _early(pair: tuple[str, str]) -> tuple[int, int]:
    group, subgroup = pair
    firsts = FIRST.get(group, ())
    places = (place for place, word in enumerate(firsts) if subgroup.split(" ")[0] == word)
    return (GROUPS.index(group) if group in GROUPS else len(GROUPS)), next(places, len(firsts))
