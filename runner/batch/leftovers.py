"""Removes what a batch that was cut off has left: files of an earlier try, and files that were never finished."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from ..outputs.saving import Intended

PART = re.compile(r"\.tagloom-[0-9a-f]{32}\.part")
"""What a file is called while it is written."""


def remove_leftovers(out: Path, earlier: Iterable[Intended], kept: Collection[str]) -> None:
    """Remove files that were noted before and are not kept; one that is not as it was noted is somebody else's."""
    for file in earlier:
        path = out.joinpath(*file.name.split("/"))
        if file.name not in kept and path.is_file() and not path.is_symlink() and _sha256(path) == file.sha256:
            path.unlink(missing_ok=True)


def remove_parts(out: Path, names: Iterable[str]) -> None:
    """Remove unfinished files from a batch's folder and the folders below it in which it has files.

    The caller holds the batch's lock, so nobody else of ours writes there.
    """
    folders = {out, *(out.joinpath(*name.split("/")).parent for name in names)}
    for part in (part for folder in folders if folder.is_dir() for part in folder.iterdir()):
        if PART.fullmatch(part.name):
            part.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        digest = hashlib.sha256()
        while piece := opened.read(2**20):
            digest.update(piece)
    return digest.hexdigest()
