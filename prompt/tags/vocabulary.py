"""The tags that Tagloom knows, in the specification's six groups and their sub-groups."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from .resources import data

GROUPS = ("quality", "body", "expression", "clothing", "pose", "background")
OTHER = "other"


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

    def find(self, name: str) -> Entry | None:
        """Return the entry of exactly this canonical name, or None."""
        return self._entries.get(name)

    def group(self, name: str) -> str:
        """Return a tag's group; a free phrase has the group of the longest known tag that it ends with."""
        words = name.split(" ")
        for first in range(len(words)):
            entry = self.find(" ".join(words[first:]))
            if entry is not None:
                return entry.group
        return OTHER


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that comes with Tagloom, read from `data/tags/` at the first call."""
    entries: dict[str, Entry] = {}
    for group in GROUPS:
        contents = data(f"tags/{group}")
        for subgroup, names in contents["subgroups"].items():
            entries.update({name: Entry(name, group, subgroup) for name in names})
        for name, spellings in contents["aliases"].items():
            entries.update(dict.fromkeys(spellings, entries[name]))
    return Vocabulary(entries)
