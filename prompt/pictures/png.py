"""The chunks of a PNG, and the texts in them (PNG specification, third edition, sections 5 and 11.3.3)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import PictureError
from .texts import Texts

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT_KINDS = (b"tEXt", b"zTXt", b"iTXt")
FRAME = 12
"""Bytes of a chunk beside its body: the length and the kind before it, the check sum behind it."""
CUT_OFF = "this PNG is cut off; fetch the file again from where it came"


class Chunk(NamedTuple):
    """A chunk of a PNG: its kind, and where its body starts and ends."""

    kind: bytes
    start: int
    end: int

    def body(self, png: bytes) -> bytes:
        """Return the chunk's contents."""
        return png[self.start : self.end]

    def whole(self, png: bytes) -> bytes:
        """Return the chunk with its length, kind and check sum."""
        return png[self.start - 8 : self.end + 4]


def chunks(png: bytes) -> Iterator[Chunk]:
    """Go through the chunks up to IEND, or to the end of the file; check sums are not looked at.

    Raises:
        PictureError: if the bytes are no PNG, or one that is cut off.
    """
    if not png.startswith(SIGNATURE):
        raise PictureError("this is no PNG; give one that a program saved as such")
    place = len(SIGNATURE)
    kind = b""
    while place < len(png):
        if place + FRAME > len(png):
            raise PictureError(CUT_OFF)
        (length,) = struct.unpack_from(">I", png, place)
        chunk = Chunk(png[place + 4 : place + 8], place + 8, place + 8 + length)
        if chunk.end + 4 > len(png):
            raise PictureError(CUT_OFF)
        yield chunk
        kind, place = chunk.kind, chunk.end + 4
    if kind != b"IEND":
        raise PictureError(CUT_OFF)


def keyword(body: bytes) -> str:
    """Return the name of a text chunk."""
    return body.partition(b"\0")[0].decode("latin-1")


def read_texts(png: bytes) -> dict[str, str]:
    """Return the texts of a PNG by their names, inflated; one that is broken is left out.

    Raises:
        PictureError: if the bytes are no whole PNG, or hold too much text.
    """
    texts = Texts()
    read_png(png, texts)
    return texts.found


def read_png(png: bytes, texts: Texts) -> None:
    """Add the texts of a PNG; one that is broken is a remark.

    Raises:
        PictureError: if the bytes are no whole PNG, or hold too much text.
    """
    for chunk in chunks(png):
        if chunk.kind in TEXT_KINDS:
            texts.take(chunk.end - chunk.start)
            _read_text(chunk.kind, chunk.body(png), texts)


def _read_text(kind: bytes, body: bytes, texts: Texts) -> None:
    name, _, rest = body.partition(b"\0")
    label = name.decode("latin-1")
    try:
        texts.add(label, _READERS[kind](rest, texts))
    except zlib.error:
        texts.remark(f"the text {label[:80]!r} is compressed and broken, so it is left out")
    except UnicodeDecodeError:
        texts.remark(f"the text {label[:80]!r} is no UTF-8, as it says, so it is left out")
    except ValueError as error:
        if isinstance(error, PictureError):
            raise
        texts.remark(f"the text {label[:80]!r} {error}, so it is left out")


def _plain(rest: bytes, texts: Texts) -> str:
    return rest.decode("latin-1")


def _compressed(rest: bytes, texts: Texts) -> str:
    if rest[:1] != b"\0":
        raise ValueError("is compressed in an unknown way")
    return texts.inflate(rest[1:]).decode("latin-1")


def _international(rest: bytes, texts: Texts) -> str:
    """Read the rest of an iTXt: flag, method, language, translated name, and the text in UTF-8."""
    parts = rest[2:].split(b"\0", 2)
    if len(rest) < 2 or len(parts) < 3:
        raise ValueError("ends before its contents")
    if rest[0] == 0:
        return parts[2].decode("utf-8")
    if rest[:2] != b"\1\0":
        raise ValueError("is compressed in an unknown way")
    return texts.inflate(parts[2]).decode("utf-8")


_READERS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}
