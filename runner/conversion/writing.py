"""Writes a converted model whole or not at all: beside its destination, and then under its name."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...prompt.whole_files import part_of, take_name
from ..errors import ConversionError, UsageError
from .folders import INDEX
from .tensor_files import Tensors, Watch, write_tensors

SPARE = 16 * 1024 * 1024
"""Bytes that must be left on the disk."""
ENDING = ".safetensors"


@dataclass(frozen=True)
class Written:
    """What is written: files of tensors with their metadata, and small files, by their names below the destination."""

    tensors: Mapping[str, tuple[Tensors, Mapping[str, str]]]
    others: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """About how many bytes it has."""
        files = (tensor.length for tensors, _ in self.tensors.values() for tensor in tensors.values())
        return sum(files) + sum(map(len, self.others.values()))


def prove_destination(source: Path, destination: Path, force: bool) -> None:
    """Prove that a destination may be written.

    Raises:
        UsageError: if it is there already and may not be replaced, or has a wrong name.
    """
    to_file = source.is_dir()
    if to_file and (destination.suffix.lower() != ENDING or destination.is_dir()):
        raise UsageError(f"{destination}: a folder becomes a single file; give one that ends in {ENDING}")
    if not to_file and destination.suffix.lower() == ENDING:
        raise UsageError(f"{destination}: a single file becomes a folder; give one that does not end in {ENDING}")
    if not destination.parent.is_dir():
        raise UsageError(f"{destination.parent} is no folder; make it first")
    if not destination.exists() and not destination.is_symlink():
        return
    if not force:
        raise UsageError(f"{destination} is there already; --force replaces it")
    if not to_file and not (destination / INDEX).is_file():
        raise UsageError(f"{destination} has no {INDEX}, so it is no model and is not replaced")
    if to_file and destination.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{destination} is in the source, and is not replaced; give another place")
    if not to_file and (destination.is_symlink() or source.resolve().is_relative_to(destination.resolve())):
        raise UsageError(f"{destination} is a link, or has the source in it, and is not replaced; give another place")


def write_file(written: Written, destination: Path, force: bool, watch: Watch) -> None:
    """Write the one file of tensors there is.

    Raises:
        OSError: if it can't be written.
        ConversionError: if the place can't be written or has no room, or the name was taken meanwhile.
    """
    ((tensors, metadata),) = written.tensors.values()
    _prove_room(written, destination)
    with part_of(destination.parent) as part:
        write_tensors(part, tensors, metadata, watch)
        if force:
            part.replace(destination)
        elif not take_name(part, destination):
            raise ConversionError(f"{destination} was made meanwhile by another program, and is left as it is")


def write_folder(written: Written, destination: Path, force: bool, watch: Watch) -> None:
    """Write all files into a new folder.

    Raises:
        OSError: if it can't be written, as when the name was taken meanwhile.
        ConversionError: if the place can't be written or has no room.
    """
    _prove_room(written, destination)
    with _hidden(destination.parent) as part, _hidden(destination.parent) as old:
        for name, contents in written.others.items():
            _place(part, name).write_bytes(contents)
        for name, (tensors, metadata) in written.tensors.items():
            write_tensors(_place(part, name), tensors, metadata, watch)
        try:
            if force and destination.exists():
                destination.rename(old)
            part.rename(destination)
        except BaseException:
            if old.exists() and not destination.exists():
                old.rename(destination)
            raise


@contextlib.contextmanager
def _hidden(parent: Path) -> Iterator[Path]:
    """Yield the path of a hidden folder, which is gone afterwards unless it was moved."""
    folder = parent / f".tagloom-{uuid.uuid4().hex}.part"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _prove_room(written: Written, destination: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=destination.parent):
            pass
    except OSError as error:
        raise ConversionError(
            f"{destination.parent} can't be written ({error.strerror}); give another place"
        ) from error
    free = shutil.disk_usage(destination.parent).free
    if written.length + SPARE > free:
        raise ConversionError(
            f"{destination.parent} has {free / 1e6:,.0f} MB free, and the model needs {written.length / 1e6:,.0f} MB"
        )
