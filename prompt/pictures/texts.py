"""The texts of one picture file, gathered within a bound."""

from __future__ import annotations

import zlib

from ..errors import PictureError

MOST_TEXT = 64 * 1024 * 1024
"""Bytes of text that are read from one file, inflated; settings are kilobytes, a workflow rarely a megabyte."""
ENTRY_COST = 100
"""Bytes that each entry counts beside its own, so that millions of empty ones are too much, too."""
MOST_REMARKS = 20


class Texts:
    """What was read so far: the texts by their names, and remarks on what could not be read.

    Attributes:
        found: the texts; of two of the same name, the last.
        remarks: each thing that could not be read, in words; at most `MOST_REMARKS`.
    """

    def __init__(self) -> None:
        """Start with nothing read."""
        self.found: dict[str, str] = {}
        self.remarks: list[str] = []
        self._room = MOST_TEXT

    def add(self, name: str, text: str) -> None:
        """Keep a text whose bytes have been taken account of."""
        self.found[name] = text

    def remark(self, what: str) -> None:
        """Note something that could not be read, once."""
        if what not in self.remarks and len(self.remarks) < MOST_REMARKS:
            self.remarks.append(what)

    def take(self, count: int) -> None:
        """Take account of bytes before they are read.

        Raises:
            PictureError: if the file holds more text than is read.
        """
        self._room -= count + ENTRY_COST
        if self._room < 0:
            most = MOST_TEXT // (1024 * 1024)
            raise PictureError(
                f"this picture holds more than {most} MB of text, which no program's settings need; save it "
                "anew from a picture editor without its metadata, or look into it with a tool made for that"
            )

    def inflate(self, packed: bytes, window: int = zlib.MAX_WBITS) -> bytes:
        """Return what a zlib stream holds, never more of it in memory than there is room for.

        Args:
            packed: the stream.
            window: zlib's `wbits`, which tells the kind of stream.

        Raises:
            PictureError: if it holds too much.
            zlib.error: if it is broken or cut off.
        """
        stream = zlib.decompressobj(window)
        contents = stream.decompress(packed, self._room + 1)
        self.take(len(contents))
        if not stream.eof:
            raise zlib.error("cut off")
        return contents
