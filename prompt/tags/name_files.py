"""Reads lists of tag names: the CSV files of autocomplete extensions, and those of the package `tipo-kgen`."""

from __future__ import annotations

import csv
import importlib.metadata
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import TagListError
from ..naming import canonical

PACKAGE = "tipo-kgen"
MODULE = "kgen"
PACKAGE_FILES = {
    "artist": "artist.txt",
    "copyright": "copyrights.txt",
    "character": "characters.txt",
    "meta": "meta.txt",
}
"""The package's files in `kgen/tag-list/`, each with its kind; they hold a name a line (version 0.3.1)."""
DANBOORU = {0: "general", 1: "artist", 3: "copyright", 4: "character", 5: "meta"}
E621 = {0: "general", 1: "artist", 3: "copyright", 4: "character", 5: "species", 6: "invalid", 7: "meta", 8: "lore"}
NUMBERINGS: Mapping[str, Mapping[int, str]] = {"danbooru": DANBOORU, "e621": E621}
"""What the numbers in a CSV file's second column mean."""
HEADER = {"type", "category", "kind"}
LONGEST = 500
"""Characters that a name may have; Danbooru allows 170."""


class ListedName(NamedTuple):
    """A line of a list: the name (canonical), its kind, how many pictures bear it (0: unknown), other spellings."""

    name: str
    kind: str
    pictures: int
    spellings: tuple[str, ...] = ()


class PackageLists(NamedTuple):
    """The lists of the installed package: its version and each kind's file."""

    version: str
    files: dict[str, Path]


def read_csv(path: Path, kinds: Mapping[int, str] = DANBOORU) -> Iterator[ListedName]:
    """Go through a file of `name,type,count,"aliases"` lines, with or without a first line that names the columns.

    Aliases that begin with a slash are left out: they are shorthands for typing, no spellings.

    Args:
        path: the file, in UTF-8, with or without a byte order mark.
        kinds: what the types mean: `DANBOORU`, `E621`, or a mapping of one's own.

    Raises:
        TagListError: if the file can't be read, or a line of it isn't such a line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _lines(path, csv.reader(file, strict=True), kinds)
    except OSError as error:
        raise TagListError(f"can't read {path}: {error.strerror or error}") from error


def _lines(path: Path, lines: Iterator[list[str]], kinds: Mapping[int, str]) -> Iterator[ListedName]:
    number = 0
    while True:
        number += 1
        try:
            line = next(lines)
            if line and not (number == 1 and len(line) > 1 and line[1].strip().casefold() in HEADER):
                yield _line(line, kinds)
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            raise TagListError(f"{path} is not UTF-8 text; save it as UTF-8") from error
        except (csv.Error, ValueError) as error:
            raise TagListError(f"{path}, line {number}: {error}") from error


def _line(line: list[str], kinds: Mapping[int, str]) -> ListedName:
    """Read one line; what is wrong with it is a ValueError."""
    if not 2 <= len(line) <= 4:
        raise ValueError(f'has {len(line)} columns; name,type,count,"aliases" are wanted')
    name = _name(line[0])
    number = _number(line[1], "type")
    if number not in kinds:
        known = ", ".join(f"{key} {kind}" for key, kind in kinds.items())
        raise ValueError(f"type {number} is unknown; known are {known}")
    count = _number(line[2], "count") if len(line) > 2 and line[2].strip() else 0
    aliases = line[3].split(",") if len(line) > 3 else []
    spellings = {canonical(alias): None for alias in aliases if alias.strip() and not alias.strip().startswith("/")}
    return ListedName(name, kinds[number], count, tuple(other for other in spellings if other != name))


def _name(text: str) -> str:
    name = canonical(text)
    if not name:
        raise ValueError("the name is empty")
    if len(name) > LONGEST or "\0" in name:
        raise ValueError(f"the name is no tag: {name[:40]!r}")
    return name


def _number(text: str, what: str) -> int:
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdigit() and len(stripped) < 16):
        raise ValueError(f"the {what} {text[:40]!r} is no number")
    return int(stripped)


def package_lists() -> PackageLists | None:
    """Return the lists of the package `tipo-kgen` where it is installed, or None; the package is not imported."""
    try:
        version = importlib.metadata.version(PACKAGE)
        spec = importlib.util.find_spec(MODULE)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "tag-list"
    files = {kind: folder / file for kind, file in PACKAGE_FILES.items() if (folder / file).is_file()}
    return PackageLists(version, files) if files else None


def read_package_list(path: Path, kind: str) -> Iterator[ListedName]:
    """Go through a file with a name a line.

    Raises:
        TagListError: if it can't be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                name = canonical(line)
                if name:
                    yield ListedName(name, kind, 0)
    except OSError as error:
        raise TagListError(f"can't read {path}: {error.strerror or error}") from error
