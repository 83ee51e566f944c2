"""NovelAI's second copy of its texts: the lowest bits of the transparency, column by column from the top left.

First `stealth_pngcomp` (or `stealth_pnginfo`: not compressed), then the number of bits in four bytes, then gzip of a
JSON object that holds the texts; an extension of A1111 hides its `parameters` in the same way. Only 8-bit RGBA without
interlacing is read. The transparency of the first columns is all that is worked out: a pixel's bytes depend on those to
the left and above alone (PNG specification, section 9).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import islice

from ..sizes import Size
from .png import chunks
from .texts import Texts
from .values import object_from_json, to_json

COMPRESSED, PLAIN = b"stealth_pngcomp", b"stealth_pnginfo"
HEADER = len(COMPRESSED) + 4
"""Bytes before the contents."""
MOST_BYTES = 256 * 1024
MOST_PIXELS = 64 * 1024 * 1024
WIDEST = 65536
IHDR = struct.Struct(">IIBBBBB")
RGBA = (8, 6, 0, 0, 0)
"""IHDR's depth, colour type, compression, filter and interlacing."""
STEP = 65536
GZIP = 31
"""zlib's number for a gzip stream."""


def read_stealth(png: bytes, texts: Texts) -> None:
    """Add the texts that are hidden in a PNG's transparency, if there are any.

    Raises:
        PictureError: if the bytes are no whole PNG, or hold too much text.
    """
    size, start = _start(png)
    if not start.startswith((COMPRESSED, PLAIN)):
        return
    try:
        text = _hidden(png, size, start, texts)
    except (zlib.error, UnicodeDecodeError):
        text = ""
    hidden = object_from_json(text)
    if "Steps: " in text and not hidden:
        texts.add("parameters", text)  # an extension of A1111 hides its own text there
    elif not hidden:
        texts.remark("its transparency holds settings that are broken: the picture was changed after it was made")
    for name, value in hidden.items():
        texts.add(name, value if isinstance(value, str) else to_json(value))


def _start(png: bytes) -> tuple[Size, bytes]:
    """Return the picture's size and the first hidden bytes; none where it can't hold any."""
    header = next(chunks(png))
    if header.kind != b"IHDR" or header.end - header.start != IHDR.size:
        return Size(0, 0), b""
    width, height, *form = IHDR.unpack(header.body(png))
    if tuple(form) != RGBA or width > WIDEST or not HEADER * 8 <= width * height <= MOST_PIXELS:
        return Size(0, 0), b""
    try:
        return Size(width, height), _bytes(png, Size(width, height), HEADER)
    except zlib.error:
        return Size(0, 0), b""


def _hidden(png: bytes, size: Size, start: bytes, texts: Texts) -> str:
    """Return what is hidden behind the start, or nothing where that is broken."""
    length = int.from_bytes(start[-4:], "big") // 8
    if length > MOST_BYTES or (HEADER + length) * 8 > size.width * size.height:
        return ""
    contents = _bytes(png, size, HEADER + length)[HEADER:]
    if start.startswith(COMPRESSED):
        return texts.inflate(contents, GZIP).decode("utf-8")
    texts.take(len(contents))
    return contents.decode("utf-8")


def _bytes(png: bytes, size: Size, count: int) -> bytes:
    """Return the first bytes that the lowest bits of the transparency make.

    Raises:
        zlib.error: if the pixels are broken.
    """
    columns = -(-count * 8 // size.height)
    rows = [*islice(_transparency(png, size.width, columns), min(size.height, count * 8))]
    bits = "".join(str(row[column] & 1) for column in range(columns) for row in rows)[: count * 8]
    if len(bits) < count * 8:
        raise zlib.error("fewer rows than the header tells")
    return int(bits, 2).to_bytes(count, "big")


def _transparency(png: bytes, width: int, columns: int) -> Iterator[bytearray]:
    """Go through the rows: the transparency of the first pixels of each, its filter undone."""
    above = bytearray(columns)
    for row in _rows(png, 1 + 4 * width):
        above = _unfiltered(row[0], row[4 : 4 * columns + 1 : 4], above)
        yield above


def _rows(png: bytes, length: int) -> Iterator[bytes]:
    """Go through the rows as they are compressed, one in memory at a time."""
    stream = zlib.decompressobj()
    held = bytearray()
    for chunk in chunks(png):
        packed = chunk.body(png) if chunk.kind == b"IDAT" else b""
        while True:
            held += stream.decompress(packed, STEP)  # with nothing packed, it gives what it still holds back
            whole = len(held) // length * length
            for start in range(0, whole, length):
                yield bytes(held[start : start + length])
            del held[:whole]
            packed = stream.unconsumed_tail
            if not packed:
                break


def _unfiltered(kind: int, row: bytes, above: bytearray) -> bytearray:
    """Undo a row's filter for one of its channels."""
    found = bytearray(len(row))
    left = corner = 0
    for place, value in enumerate(row):
        up = above[place]
        left = (value + _predicted(kind, left, up, corner)) & 0xFF
        found[place] = left
        corner = up
    return found


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    """Return what a filter (0 none, 1 left, 2 up, 3 their mean, 4 Paeth) expects of a byte."""
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    if kind > 4:
        raise zlib.error(f"no filter {kind}")
    expected = left + up - corner
    _, choice = min((abs(expected - value), place) for place, value in enumerate((left, up, corner)))
    return (left, up, corner)[choice]
