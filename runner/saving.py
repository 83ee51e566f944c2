"""Writes pictures to disk: whole or not at all, never over another file."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path

NAME = re.compile(r"(\d{5,})-\d+\.png")


def save(folder: Path, seed: int, contents: bytes) -> Path:
    """Write a PNG as the next `NUMBER-SEED.png` of the folder, which is made if need be; return its path.

    Raises:
        OSError: if the folder can't be written; nothing is left of the picture then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".tagloom-{uuid.uuid4().hex}.part"
    try:
        part.write_bytes(contents)
        return _place(part, folder, seed)
    finally:
        part.unlink(missing_ok=True)


def _place(part: Path, folder: Path, seed: int) -> Path:
    number = _last_number(folder)
    while True:
        number += 1
        path = folder / f"{number:05d}-{seed}.png"
        try:
            os.link(part, path)  # fails where another command took the name meanwhile
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            try:
                path.touch(exist_ok=False)
            except FileExistsError:
                continue
            part.replace(path)
        return path


def _last_number(folder: Path) -> int:
    matches = (NAME.fullmatch(path.name) for path in folder.iterdir())
    return max((int(match[1]) for match in matches if match), default=0)
