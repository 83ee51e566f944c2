"""Names for what sums up a run, such as its gallery: its own is replaced, anybody else's file is left alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path

from ...prompt.whole_files import part_of, take_name
from ..errors import SaveError

LOOKED_AT = 4096
"""Bytes at a file's start in which it says whose it is."""


def mark_of(run: str) -> str:
    """Return what a file says at its start to be known as a run's own: letters, digits and `-` only."""
    return "tagloom-run-" + "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in run) + "."


def free_stem(out: Path, stem: str, suffixes: Iterable[str], mark: str) -> str:
    """Return `stem`, `stem_2` ...: the first under which nobody else has a file with any of the suffixes."""
    wanted = list(suffixes)
    return next(
        name
        for name in (stem, *(f"{stem}_{number}" for number in range(2, 10_000)))
        if all(_is_free(out / f"{name}{suffix}", mark) for suffix in wanted)
    )


def put(path: Path, write: Callable[[Path], None], mark: str) -> None:
    """Write a file whole, in the place of the run's own or of none.

    Raises:
        SaveError: if it can't be written, or somebody else took the name meanwhile.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part_of(path.parent) as part:
            write(part)
            if not take_name(part, path):
                if not _is_free(path, mark):
                    raise SaveError(f"{path} is another program's file now; run the command again")
                part.replace(path)
    except OSError as error:
        raise SaveError(
            f"can't write {path}: {error.strerror or error}; free some space, or choose another --out"
        ) from error


def following() -> Iterator[str]:
    """Yield what stands behind the names of several pages: nothing, `-2`, `-3` and so on."""
    yield ""
    for number in count(2):
        yield f"-{number}"


def _is_free(path: Path, mark: str) -> bool:
    if not os.path.lexists(path):
        return True
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return mark.encode() in file.read(LOOKED_AT)
