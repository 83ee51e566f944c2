"""Converts a model: a folder to a single file, or a single file to a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import ConversionError, UsageError
from .result import Conversion
from .single_files import plan_folder
from .whole_folders import plan_file
from .writing import ENDING, prove_destination, write_file, write_folder


def convert(
    source: Path, destination: Path, *, force: bool = False, watch: Callable[[int, int], None] | None = None
) -> Conversion:
    """Convert a model of SD 1.5, of SDXL or the tiny one; tensors keep their types and their bits.

    Args:
        source: a diffusers folder, or a single file that ends in `.safetensors`.
        destination: the single file, or the folder, that it becomes.
        force: whether a model there is replaced.
        watch: called with the bytes that were written since the last call, and the bytes of all.

    Raises:
        UsageError: if there is no source, or the destination may not be written.
        ConversionError: if the model is damaged, or of an architecture that can't be converted, or the disk is full.
        OSError: if something can't be read or written.
    """
    if not source.exists():
        raise UsageError(f"{source} does not exist")
    if not source.is_dir() and source.suffix.lower() != ENDING:
        raise UsageError(
            f"{source}: give a diffusers folder, or a file that ends in {ENDING}; pickles are never opened"
        )
    prove_destination(source, destination, force)
    try:
        planned = plan_file(source, destination) if source.is_dir() else plan_folder(source, destination)
    except ConversionError as error:
        raise ConversionError(f"{source.name}: {error}") from error
    total = planned.written.length
    write = write_file if source.is_dir() else write_folder
    write(planned.written, destination, force, lambda count: watch(count, total) if watch else None)
    return planned.conversion
