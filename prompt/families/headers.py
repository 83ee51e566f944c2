"""Reads a safetensors file's header: kilobytes, whatever the file's size."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import HeaderError

LONGEST_HEADER = 100_000_000
"""Bytes; the safetensors format's own limit."""


class Header(NamedTuple):
    """A safetensors file's header: each tensor's shape, and the metadata."""

    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]


def read_header(path: Path) -> Header:
    """Read the header of a safetensors file: kilobytes, whatever the file's size.

    Raises:
        HeaderError: if the file is missing, cut off or of another format.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > LONGEST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            entries = json.loads(file.read(length))
        metadata = entries.pop("__metadata__", None) or {}
        if not all(isinstance(value, str) for value in metadata.values()):
            raise ValueError("metadata that is no text")
        return Header({name: tuple(entry["shape"]) for name, entry in entries.items()}, metadata)
    except (OSError, struct.error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HeaderError(f"{path.name} has no readable safetensors header ({error})") from error
