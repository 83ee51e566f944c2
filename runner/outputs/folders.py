"""The folder that results go into, and the folders below it that names may ask for: no other is ever written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import SaveError, UsageError
from .file_names import FORBIDDEN


def check_folder(folder: Path) -> None:
    """Make sure that results can be saved in a folder, which need not exist yet; nothing is made.

    Raises:
        UsageError: if they can't.
    """
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise UsageError(f"{there} is a file, so nothing can be saved in {folder}; choose a folder with --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{there} can't be written, so nothing can be saved in {folder}; choose a folder with --out")


def made(out: Path, name: str) -> Path:
    """Return the path of a name below `out`, with its folders made.

    Raises:
        SaveError: if the name, or a link among its folders, leads out of `out`.
        OSError: if they can't be made.
    """
    *parts, file = name.split("/")
    if any(part in ("", ".", "..") or set(part) & set(FORBIDDEN) for part in (*parts, file)):
        raise SaveError(f"{name!r} is no name below {out}; choose another name template with --name")
    for missing in reversed([place for place in (out, *out.parents) if not place.exists()]):
        _make(missing)
    root = folder = out.resolve()
    for part in parts:
        folder = folder / part
        _make(folder)
        if not folder.resolve().is_relative_to(root):
            raise SaveError(f"{folder} is a link that leads out of {out}; take it away, or choose another --out")
    return out.joinpath(*parts, file)


def _make(folder: Path) -> None:
    """Make a folder unless it is there, and have the disk keep its name."""
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        settle([folder.parent])


def is_taken(out: Path, name: str) -> bool:
    """Return whether something, be it a broken link, has a name below `out`."""
    return os.path.lexists(out.joinpath(*name.split("/")))


def settle(folders: Iterable[Path]) -> None:
    """Have the disk keep the names in these folders for good, where the system can do that."""
    for folder in dict.fromkeys(folders):
        with suppress(OSError):  # Windows opens no folders, and some network file systems settle none
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def settle_file(path: Path) -> None:
    """Have the disk keep a file's contents for good.

    Raises:
        OSError: if it can't.
    """
    with path.open("r+b") as file:
        os.fsync(file.fileno())
