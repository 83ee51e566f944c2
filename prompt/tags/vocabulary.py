"""The tags that Tagloom knows, in the specification's six groups and their sub-groups."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from functools import cache, cached_property
from heapq import nsmallest
from typing import NamedTuple

from .listing import names_of, tag_data
from .relations import Contradiction, Relations, read_relations
from .spellings import read_spellings

GROUPS = ("quality", "body", "expression", "clothing", "pose", "background")
OTHER = "other"
LAST_CHARACTER = chr(0x10FFFF)
SYNTAX = frozenset("()[]{}<>:|\\#_+")
"""Characters that mean something in some prompt dialect."""


class Entry(NamedTuple):
    """A known tag: its name, its group (one of `GROUPS`) and its sub-group, such as `hair`."""

    name: str
    group: str
    subgroup: str


class Vocabulary:
    """Looks tags up by their canonical name or by another spelling of it."""

    def __init__(self, entries: dict[str, Entry]) -> None:
        """Take the entries by every spelling that leads to them."""
        self._entries = entries

    def __iter__(self) -> Iterator[Entry]:
        """Go through the tags, each once."""
        return iter(dict.fromkeys(self._entries.values()))

    @property
    def spellings(self) -> Mapping[str, Entry]:
        """Every name and other spelling of a tag, with its entry."""
        return self._entries

    def find(self, name: str) -> Entry | None:
        """Return the entry of exactly this canonical name or other spelling, or None."""
        return self._entries.get(name)

    def subgroup(self, group: str, subgroup: str) -> tuple[str, ...]:
        """Return the names of a sub-group's tags."""
        return tuple(entry.name for entry in self if (entry.group, entry.subgroup) == (group, subgroup))

    def implied(self, name: str) -> tuple[str, ...]:
        """Return all that a tag implies, nearest first: `black thighhighs` implies `thighhighs`."""
        return self._relations.implied(self._canonical(name))

    def conflicts(self, name: str) -> frozenset[str]:
        """Return the tags that contradict this one: `solo` and `2girls`."""
        return self._relations.conflicts(self._canonical(name))

    def contradictions(self, names: Collection[str]) -> tuple[Contradiction, ...]:
        """Return the contradicting pairs among a prompt's tags; a tag that permits both excuses them."""
        return self._relations.contradictions([self._canonical(name) for name in names])

    def prefix(self, text: str, most: int = 20) -> tuple[Entry, ...]:
        """Return the tags of which a spelling begins with `text` (canonical).

        The tag `text` comes first, then those whose own name begins alike, then those of which only another spelling
        does; the commonest come first in each.
        """
        start = bisect_left(self._spellings, text)
        end = bisect_left(self._spellings, text + LAST_CHARACTER)
        found = {self._entries[name] for name in self._spellings[start:end]}
        return tuple(nsmallest(most, found, key=lambda entry: self._rank(entry.name, text)))

    @cached_property
    def special(self) -> frozenset[str]:
        """The names and spellings that hold characters of prompt syntax, well-known names of series among them."""
        return frozenset(name for name in (*self._entries, *self.names) if not SYNTAX.isdisjoint(name))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The kind, `copyright` or `character`, of the well-known names that hold characters of prompt syntax."""
        return {name: kind for kind, names in tag_data("names")["kinds"].items() for name in names_of(names)}

    @cached_property
    def _spellings(self) -> list[str]:
        return sorted(self._entries)

    @cached_property
    def _common(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(names_of(tag_data("common")["tags"]))}

    @cached_property
    def _relations(self) -> Relations:
        return read_relations([entry.name for entry in self])

    def _rank(self, name: str, text: str) -> tuple[bool, bool, int, int, str]:
        common = self._common.get(name, len(self._common))
        return name != text, not name.startswith(text[:2]), common, len(name), name

    def _canonical(self, name: str) -> str:
        entry = self._entries.get(name)
        return entry.name if entry else name


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that comes with Tagloom, read from `data/tags/` at the first call."""
    entries = {entry.name: entry for group in GROUPS for entry in _entries(group)}
    for spelling, tag in read_spellings([(entry.name, entry.subgroup) for entry in entries.values()]):
        entries.setdefault(spelling, entries[tag])
    return Vocabulary(entries)


def _entries(group: str) -> Iterator[Entry]:
    """Go through a group's tags: those of Danbooru, and the words that only models know."""
    contents = tag_data(group)
    for subgroups in (contents["tags"], contents["words"]):
        for subgroup, names in subgroups.items():
            yield from (Entry(name, group, subgroup) for name in names_of(names))
