"""Finds wildcards by name in folders of files. The names are looked up in a list: no name is ever made into a path."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ..errors import ChoiceError, UnknownWildcard, WildcardFileError, nearest_names
from .files import TEXT_ENDING, YAML_ENDINGS, Listing, Option, read_file
from .names import fits, is_pattern, key_of

MOST_SHOWN = 3
LIKENESS = 0.5


class Wildcard(NamedTuple):
    """A wildcard: its name, its file, and its list of options if that was read already."""

    name: str
    path: Path
    listing: Listing | None = None

    def options(self) -> tuple[Option, ...]:
        """Return its options.

        Raises:
            WildcardFileError: if they can't be read.
            ChoiceError: if it has none.
        """
        listing = self.listing or read_file(self.path)[0]
        if listing.fault:
            raise WildcardFileError(f"wildcard {self.name!r} in {self.path} is no list of texts: {listing.fault}")
        if not listing.options:
            where = f"{self.path}, line {listing.line}"
            raise ChoiceError(f"wildcard {self.name!r} has no options ({where}); write one a line, or `1::` for none")
        return listing.options


class WildcardFolders:
    """The wildcards of some folders as they are when first looked up; the first folder that has a name wins.

    A text file is named by its path in its folder, `hair/color.txt` is `hair/color`; a list in a YAML file by the
    names in the file that lead to it, whatever the file is called. Text files come before YAML files.
    """

    def __init__(self, folders: Iterable[Path | str] | Path | str = ()) -> None:
        """Take the folders; one that does not exist is empty."""
        several = [folders] if isinstance(folders, (str, Path)) else folders
        self.folders = tuple(Path(folder) for folder in several)

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        return tuple(self._known[key][0].name for key in sorted(self._known))

    def unreadable(self) -> tuple[str, ...]:
        """Return what is wrong with YAML files that can't be read: nobody knows which wildcards they hold."""
        return self._read[1]

    def find(self, name: str) -> list[Wildcard]:
        """Return the wildcard of a name, or all that fit a pattern such as `hair/*`, in the order of their names."""
        key = key_of(name)
        if is_pattern(key):
            return [self._known[other][0] for other in sorted(self._known) if fits(key, other)]
        return self._known.get(key, [])[:1]

    def hidden_by(self, wildcard: Wildcard) -> list[Path]:
        """Return the files that hold a wildcard of the same name, which is not used."""
        return [other.path for other in self._known.get(key_of(wildcard.name), [])[1:]]

    def unknown(self, name: str, where: str) -> UnknownWildcard:
        """Return the error for a name that nothing is found for; `where` says where it stands."""
        looked = ", ".join(f"{path}{'' if path.is_dir() else ' (no such folder)'}" for path in self.folders)
        what = "fits no wildcard" if is_pattern(name) else "is not known"
        parts = [f"wildcard __{name}__ {what} ({where})", self._nearest(name)]
        parts.append(f"looked in {looked}" if looked else "no folder of wildcards was given")
        return UnknownWildcard(name, "; ".join(part for part in [*parts, *self.unreadable()] if part))

    def fingerprint(self) -> str:
        """Return what changes when a file is added, removed or written."""
        digest = hashlib.blake2b(digest_size=16)
        for folder in self.folders:
            for path in _files(folder):
                digest.update(f"{path}\0{_state(path)}\n".encode(errors="surrogatepass"))
        return digest.hexdigest()

    def _nearest(self, name: str) -> str:
        """Return those of the same last part, such as `hair/color` for `color`, else the most alike."""
        last = key_of(name).rpartition("/")[2]
        same = [item.name for item in map(self._first, sorted(self._known)) if key_of(item.name).endswith(f"/{last}")]
        if same:
            return f"did you mean {', '.join(same[:MOST_SHOWN])}?"
        return nearest_names(name, self.names(), MOST_SHOWN, LIKENESS)

    def _first(self, key: str) -> Wildcard:
        return self._known[key][0]

    @property
    def _known(self) -> dict[str, list[Wildcard]]:
        return self._read[0]

    @cached_property
    def _read(self) -> tuple[dict[str, list[Wildcard]], tuple[str, ...]]:
        """Return the wildcards by key, those that are used in front, and what is wrong with files."""
        known: dict[str, list[Wildcard]] = {}
        faults: list[str] = []
        for folder in self.folders:
            for path in _files(folder):
                try:
                    wildcards = _in_file(path, folder)
                except WildcardFileError as error:
                    faults.append(str(error))
                    continue
                for wildcard in wildcards:
                    known.setdefault(key_of(wildcard.name), []).append(wildcard)
        return known, tuple(faults)


def _in_file(path: Path, folder: Path) -> list[Wildcard]:
    name = path.relative_to(folder).with_suffix("").as_posix()
    if path.suffix.casefold() == TEXT_ENDING:
        return [Wildcard(name, path)]  # read when it is used
    return [Wildcard("/".join(listing.keys) or name, path, listing) for listing in read_file(path)]


def _files(folder: Path) -> list[Path]:
    """Return the files of wildcards below a folder, text files first, in an order that no file system changes."""
    return sorted(_walk(folder), key=lambda path: (path.suffix.casefold() != TEXT_ENDING, path.parts))


def _walk(folder: Path) -> Iterator[Path]:
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True) if folder.is_dir() else ():
        real = os.path.realpath(place)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if real not in seen else []
        if real in seen:
            continue  # a link that leads back
        seen.add(real)
        for name in files:
            path = Path(place, name)
            if not name.startswith(".") and path.suffix.casefold() in (TEXT_ENDING, *YAML_ENDINGS) and path.is_file():
                yield path


def _state(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:  # it was removed just now
        return None
    return state.st_size, state.st_mtime_ns
