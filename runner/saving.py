"""Writes pictures to disk: whole or not at all, never over another file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..prompt.whole_files import take_name, written_part
from .errors import SaveError, UsageError

NAME = re.compile(r"(\d{5,})-\d+\.png")


def check_folder(folder: Path) -> None:
    """Make sure that pictures can be saved in a folder, which need not exist yet; nothing is made.

    Raises:
        UsageError: if they can't.
    """
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise UsageError(f"{there} is a file, so nothing can be saved in {folder}; choose a folder with --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{there} can't be written, so nothing can be saved in {folder}; choose a folder with --out")


def save(folder: Path, seed: int, contents: bytes) -> Path:
    """Write a PNG as the next `NUMBER-SEED.png` of the folder, which is made if need be; return its path.

    Raises:
        SaveError: if the folder can't be written; nothing is left of the picture then.
    """
    try:
        return _save(folder, seed, contents)
    except OSError as error:
        raise SaveError(
            f"can't save a picture in {folder}: {error.strerror or error}; free some space, or choose another folder "
            "with --out"
        ) from error


def _save(folder: Path, seed: int, contents: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with written_part(folder, contents) as part:
        return _place(part, folder, seed)


def _place(part: Path, folder: Path, seed: int) -> Path:
    number = _last_number(folder)
    while True:
        number += 1
        path = folder / f"{number:05d}-{seed}.png"
        if take_name(part, path):
            return path


def _last_number(folder: Path) -> int:
    matches = (NAME.fullmatch(path.name) for path in folder.iterdir())
    return max((int(match[1]) for match in matches if match), default=0)
