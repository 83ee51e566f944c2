"""Wildcards' names: how they are compared, whatever the system, and which of them a pattern such as `hair/*` fits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
SPACE = re.compile(r"\s")


def key_of(name: str) -> str:
    """Return the form in which names are compared: case, Unicode composition, and space or underscore are the same."""
    return unicodedata.normalize("NFC", SPACE.sub("_", name).casefold())


def is_pattern(name: str) -> bool:
    """Whether a wildcard's name may fit several wildcards."""
    return "*" in name


def fits(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern; both are keys. `*` stands for letters of one part, a part `**` for any parts."""
    parts = pattern.split("/")
    return _fits([*parts, "*"] if parts[-1] == "**" else parts, name.split("/"), "**", _part_fits)


def _part_fits(pattern: str, part: str) -> bool:
    return _fits(pattern, part, "*", str.__eq__)


def _fits(pattern: Sequence[Item], items: Sequence[Item], star: Item, same: Callable[[Item, Item], bool]) -> bool:
    """Match with one star at a time growing: no pattern takes more steps than its length times the items'."""
    place = at = 0
    last_star = grown = -1
    while at < len(items):
        if place < len(pattern) and pattern[place] == star:
            last_star, grown = place, at
            place += 1
        elif place < len(pattern) and same(pattern[place], items[at]):
            place, at = place + 1, at + 1
        elif last_star >= 0:
            grown += 1
            place, at = last_star + 1, grown
        else:
            return False
    return all(part == star for part in pattern[place:])
