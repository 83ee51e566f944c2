"""Writes files whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace_file(path: Path, contents: bytes) -> None:
    """Put contents in a file's place; its folder must be there.

    Raises:
        OSError: if they can't be written; the file is as it was.
    """
    with written_part(path.parent, contents) as part:
        part.replace(path)


@contextmanager
def written_part(folder: Path, contents: bytes) -> Iterator[Path]:
    """Write contents into a hidden file of a folder, which is gone afterwards unless it was moved.

    Raises:
        OSError: if they can't be written.
    """
    with part_of(folder) as part:
        part.write_bytes(contents)
        yield part


@contextmanager
def part_of(folder: Path) -> Iterator[Path]:
    """Yield the path of a hidden file of a folder, to be written; it is gone afterwards unless it was moved."""
    part = folder / f".tagloom-{uuid.uuid4().hex}.part"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def take_name(part: Path, path: Path) -> bool:
    """Give a written file a name of the same folder, or return False where another file has that name.

    Raises:
        OSError: if the folder can't be written.
    """
    try:
        os.link(part, path)  # fails where another program took the name meanwhile
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            return False
        part.replace(path)
    return True
