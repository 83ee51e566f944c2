"""Which files in a folder are a job's own: those that lie under a name, with a hash, that it was to have."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .naming import hash_of


class Intended(NamedTuple):
    """A name below the folder (parts separated by `/`), and the hash of what will lie there; for the journal."""

    name: str
    sha256: str


class Own(NamedTuple):
    """What tells a job's own files from everybody else's: names with hashes, and those that were intended earlier."""

    intended: frozenset[Intended]
    names: frozenset[str]

    @classmethod
    def of(cls, earlier: Iterable[Intended], now: Iterable[Intended] = ()) -> Own:
        """Take what was intended earlier, and what is now."""
        before = frozenset(Intended(*each) for each in earlier)
        return cls(before | frozenset(now), frozenset(each.name for each in before))

    def has(self, out: Path, name: str) -> bool:
        """Return whether a file is one of them; an empty one is what a crash left where there are no hard links."""
        path = out.joinpath(*name.split("/"))
        if path.is_symlink() or not path.is_file():
            return False
        if path.stat().st_size == 0 and name in self.names:
            return True
        hashes = {intended.sha256 for intended in self.intended if intended.name == name}
        return bool(hashes) and hash_of(path) in hashes
