"""Tensors as pieces of files, and safetensors files made of them: streamed, never whole in memory."""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from ...prompt.errors import HeaderError
from ...prompt.families.headers import DTYPES, LONGEST_HEADER, read_layout
from ..errors import ConversionError

LENGTH = struct.Struct("<Q")
"""How a file begins: the length of its header."""
CHUNK = 4 * 1024 * 1024
LARGEST_TURNED = 256 * 1024 * 1024
"""Bytes of a tensor that is transposed, which takes it whole: the largest there is has 3 MB."""
NATIVE: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
ORDER = {name: number for number, name in enumerate(reversed(DTYPES))}
"""The order in which the format's own library writes tensors: the widest type first, then by name."""
Watch = Callable[[int], None]


class Span(NamedTuple):
    """Bytes of a file."""

    path: Path
    start: int
    length: int


class Tensor(NamedTuple):
    """A tensor that can be written.

    Attributes:
        dtype: the format's name of its type.
        shape: its shape, as it is written.
        pieces: where its bytes come from, one after the other.
        transposed: whether they are those of the transposed matrix.
    """

    dtype: str
    shape: tuple[int, ...]
    pieces: tuple[Span | bytes, ...]
    transposed: bool = False

    @property
    def length(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * DTYPES[self.dtype]


Tensors = dict[str, Tensor]


def read_tensors(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Return a safetensors file's tensors, unread, and its metadata.

    Raises:
        ConversionError: if it is damaged, or no regular file; the caller adds which file it is.
    """
    if not path.is_file():
        raise ConversionError("it is no file")
    size = path.stat().st_size
    if size < LENGTH.size:
        raise ConversionError(f"it is {f'cut off after {size} bytes' if size else 'empty'}; fetch or save it again")
    try:
        layout = read_layout(path)
    except HeaderError as error:
        raise ConversionError(f"it {str(error).removeprefix(path.name).lstrip()}") from error
    tensors = {
        name: Tensor(stored.dtype, stored.shape, (Span(path, stored.start, stored.length),))
        for name, stored in layout.tensors.items()
    }
    return tensors, dict(layout.metadata)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str], watch: Watch) -> None:
    """Write a safetensors file, to the disk.

    Raises:
        OSError: if it can't be written.
        ConversionError: if a source was cut off meanwhile.
    """
    names = sorted(tensors, key=lambda name: (ORDER[tensors[name].dtype], name))
    with ExitStack() as stack:
        opened: dict[Path, BinaryIO] = {}
        file = stack.enter_context(path.open("xb"))
        file.write(_header(names, tensors, metadata))
        for name in names:
            for chunk in _bytes_of(tensors[name], opened, stack):
                file.write(chunk)
                watch(len(chunk))
        file.flush()
        os.fsync(file.fileno())


def contents(tensor: Tensor) -> bytes:
    """Return a small tensor's bytes.

    Raises:
        ConversionError: if its file was cut off meanwhile.
    """
    with ExitStack() as stack:
        return b"".join(_bytes_of(tensor, {}, stack))


def _header(names: list[str], tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    entries: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    place = 0
    for name in names:
        tensor, start = tensors[name], place
        place += tensor.length
        entries[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [start, place]}
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > LONGEST_HEADER:
        raise ConversionError(f"the header would have {len(text)} bytes, which is more than the format allows")
    return LENGTH.pack(len(text)) + text


def _bytes_of(tensor: Tensor, opened: dict[Path, BinaryIO], stack: ExitStack) -> Iterator[bytes]:
    chunks = (chunk for piece in tensor.pieces for chunk in _chunks(piece, opened, stack))
    if not tensor.transposed:
        yield from chunks
        return
    if tensor.length > LARGEST_TURNED:
        raise ConversionError(f"a matrix of {tensor.length} bytes is too large to be transposed")
    yield transposed(b"".join(chunks), tensor.shape[0], DTYPES[tensor.dtype])


def transposed(matrix: bytes, rows: int, width: int) -> bytes:
    """Return a matrix with `rows` rows from its transposed one, of numbers that are `width` bytes wide."""
    numbers = memoryview(matrix).cast(NATIVE[width])
    return b"".join(numbers[row::rows].tobytes() for row in range(rows))


def _chunks(piece: Span | bytes, opened: dict[Path, BinaryIO], stack: ExitStack) -> Iterator[bytes]:
    if isinstance(piece, bytes):
        yield piece
        return
    if piece.path not in opened:
        opened[piece.path] = stack.enter_context(piece.path.open("rb"))
    file, left = opened[piece.path], piece.length
    file.seek(piece.start)
    while left:
        chunk = file.read(min(CHUNK, left))
        if not chunk:
            raise ConversionError(f"{piece.path.name} became shorter while it was read")
        left -= len(chunk)
        yield chunk
