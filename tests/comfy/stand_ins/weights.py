"""Writes safetensors files of random weights, given nothing but the tensors' names and shapes.

A weight matrix gets random numbers that keep what passes through it at its size; of the rest, biases are zeros and
norms ones. Files are written as a stream of random bits, which takes a second for hundreds of megabytes.
"""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

Content = tuple[int, ...] | float | bytes
Layout = Mapping[str, Content]
"""Tensors by name: their shape, or a number or bytes where the content is given."""
LAST = (".conv.4.weight",)
"""Ends of residual branches that would add up to more than a picture can show; their weights are smaller."""
TABLE = 1 << 24
"""Numbers from which on a matrix is a table of all CLIP's tokens, and is written in eight bits."""
RMS = math.sqrt(7 / 3)
"""Root mean square of the numbers evenly spread from 1 to 2."""


class Format(NamedTuple):
    """A floating-point format, as bits: a sign, then `exponent`, then `mantissa` bits."""

    name: str
    dtype: type
    exponent: int
    mantissa: int

    def one(self) -> int:
        """Return the bits of 1.0."""
        return ((1 << (self.exponent - 1)) - 1) << self.mantissa

    def random(self, count: int, size: float, random: np.random.Generator) -> np.ndarray:
        """Return the bits of random numbers of about that root mean square: any sign and mantissa, one exponent."""
        bits = random.integers(0, 1 << (8 * self.dtype().itemsize), count, self.dtype)
        power = max(round(math.log2(size / RMS)), 2 - (1 << (self.exponent - 1)))
        bits &= self.dtype((1 << (self.exponent + self.mantissa)) | ((1 << self.mantissa) - 1))
        bits |= self.dtype(self.one() + power * (1 << self.mantissa))
        return bits


HALF = Format("F16", np.uint16, 5, 10)
EIGHTH = Format("F8_E4M3", np.uint8, 4, 3)


def write(path: Path, layout: Layout, seed: int = 0, metadata: Mapping[str, str] | None = None) -> None:
    """Write a file; the same arguments give the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header, end = {"__metadata__": dict(metadata or {})}, 0
    for name, content in layout.items():
        kind, shape, length = _place(content)
        start, end = end, end + length
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for chunk in _chunks(layout, np.random.default_rng(seed)):
            file.write(chunk)


def _format(shape: tuple[int, ...]) -> Format:
    return EIGHTH if math.prod(shape) >= TABLE else HALF


def _place(content: Content) -> tuple[str, list[int], int]:
    """Return a tensor's type, its shape and its length in bytes."""
    if isinstance(content, bytes):
        return "U8", [len(content)], len(content)
    if isinstance(content, float):
        return "F32", [], 4
    kind = _format(content)
    return kind.name, list(content), math.prod(content) * kind.dtype().itemsize


def _chunks(layout: Layout, random: np.random.Generator) -> Iterator[bytes | memoryview]:
    for name, content in layout.items():
        if isinstance(content, tuple):
            yield _tensor(name, content, random).data
        else:
            yield content if isinstance(content, bytes) else struct.pack("<f", content)


def _tensor(name: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    kind, count = _format(shape), math.prod(shape)
    if len(shape) < 2:
        return np.full(count, 0 if name.endswith("bias") else kind.one(), kind.dtype)
    size = (1 / 8 if name.endswith(LAST) else 1) / math.sqrt(math.prod(shape[1:]))
    return kind.random(count, size, random)
