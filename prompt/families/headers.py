"""Reads a safetensors file's header: kilobytes, whatever the file's size. It tells where the tensors lie, too."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import HeaderError

LONGEST_HEADER = 100_000_000
"""Bytes; the safetensors format's own limit."""
DTYPES = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 1),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 2),
    **dict.fromkeys(("I32", "U32", "F32"), 4),
    **dict.fromkeys(("C64", "F64", "I64", "U64"), 8),
}
"""Bytes of one number, in the order in which the format's own library writes tensors, backwards."""
MOST_AXES, LARGEST = 64, 2**63
"""A tensor's dimensions, and their sizes and places, stay below these."""
UNREADABLE = (OSError, struct.error, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Header(NamedTuple):
    """A safetensors file's header: each tensor's shape, and the metadata."""

    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]


class Stored(NamedTuple):
    """Where a tensor lies in its file: `start` and `length` in bytes, from the file's beginning."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    length: int


class Layout(NamedTuple):
    """A safetensors file's tensors, each with its place, and the metadata."""

    tensors: Mapping[str, Stored]
    metadata: Mapping[str, str]


def read_header(path: Path) -> Header:
    """Read the header of a safetensors file: kilobytes, whatever the file's size.

    Raises:
        HeaderError: if the file is missing, cut off or of another format.
    """
    try:
        entries, metadata, _ = _read(path)
        return Header({name: tuple(entry["shape"]) for name, entry in entries.items()}, metadata)
    except UNREADABLE as error:
        raise HeaderError(f"{path.name} has no readable safetensors header ({error})") from error


def read_layout(path: Path) -> Layout:
    """Read where each tensor lies, and prove that they fill the file from end to end, as the format demands.

    Raises:
        HeaderError: as `read_header`; or if tensors overlap, leave gaps, lie outside or are of an unknown type.
    """
    try:
        size = path.stat().st_size
        entries, metadata, start = _read(path, strict=True)
        tensors = {name: _stored(name, entry, start) for name, entry in entries.items()}
        _prove_full(tensors, start, size)
        for text in (*tensors, *metadata, *metadata.values()):
            text.encode()  # half a character can't be written again
    except UNREADABLE as error:
        raise HeaderError(f"{path.name} is no whole safetensors file ({error})") from error
    return Layout(tensors, metadata)


def _read(path: Path, strict: bool = False) -> tuple[dict[str, Any], dict[str, str], int]:
    """Return the entries, the metadata, and where the tensors begin; `strict` forbids a name that comes twice."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > LONGEST_HEADER:
            raise ValueError(f"a header of {length} bytes")
        entries = json.loads(file.read(length), object_pairs_hook=_once if strict else None)
    metadata = entries.pop("__metadata__", None) or {}
    if not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("metadata that is no text")
    return entries, metadata, 8 + length


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name that comes twice")
    return found


def _stored(name: str, entry: Mapping[str, Any], start: int) -> Stored:
    dtype, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    if dtype not in DTYPES:
        raise ValueError(f"{name:.100} is of the unknown type {dtype:.100}")
    if len(shape) > MOST_AXES or not all(type(n) is int and 0 <= n < LARGEST for n in (*shape, begin, end)):
        raise ValueError(f"{name:.100} has a shape or a place that is none")
    if math.prod(shape) * DTYPES[dtype] != end - begin:
        raise ValueError(f"{name:.100} has {end - begin} bytes, which its shape contradicts")
    return Stored(dtype, shape, start + begin, end - begin)


def _prove_full(tensors: Mapping[str, Stored], start: int, size: int) -> None:
    place = start
    for name, stored in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].length)):
        if stored.start != place:
            raise ValueError(f"{name:.100} overlaps its neighbour, or leaves a gap")
        place += stored.length
    if place != size:
        raise ValueError(f"its tensors end at {place} bytes, and the file at {size}")
