"""Pictures in a terminal: from the bytes of a picture to the string that shows it, and shows the next in its place."""

from __future__ import annotations

import base64
import io
import os
import shutil
import time
from collections.abc import Iterator
from itertools import groupby
from typing import TextIO

from PIL import Image

from .terminals import Terminal, terminal_of
from .thumbnails import thumbnail

ESCAPE, END = "\x1b", "\x1b\\"
CELL = 8, 16
"""Pixels of a character, which no terminal tells in time; few have smaller ones."""
LARGEST = 8 * 1024 * 1024
"""Bytes of a preview that is looked at."""
MOST_PIXELS = 4096 * 4096
PIECE = 4096
"""Letters that one command of the kitty protocol carries."""
WIDEST, HIGHEST = 48, 16
"""Characters and lines of a preview, where the terminal has room: no more than half of its lines."""
PAUSE = 0.2
"""Seconds between two previews."""
IMAGE_ID = 1_952_540_524
"""By which a kitty terminal knows our picture from those of others."""
COLOURS = 64
"""Of a picture in sixels."""
MOST_REPEATED = 3
"""Sixels that are written out; more of the same are counted."""


def drawn(picture: bytes, terminal: Terminal, columns: int, rows: int) -> str:
    """Return what shows a picture at the cursor, in at most so many characters and lines; nothing for a broken one.

    The cursor is left somewhere below or at the end of the picture; `Preview` puts it where it belongs.

    Args:
        picture: a whole PNG, JPEG or WebP file.
        terminal: how it is shown.
        columns: the most that it may be wide, in characters.
        rows: the most that it may be high, in lines.
    """
    if terminal is Terminal.NONE or len(picture) > LARGEST or columns < 1 or rows < 1:
        return ""
    width, height = (columns, 2 * rows) if terminal is Terminal.BLOCKS else (columns * CELL[0], rows * CELL[1])
    image = thumbnail(picture, width, height, MOST_PIXELS)
    if image is None:
        return ""
    ways = {Terminal.KITTY: _kitty, Terminal.ITERM2: _iterm2, Terminal.SIXEL: _sixel, Terminal.BLOCKS: _blocks}
    return ways[terminal](image)


class Preview:
    """Shows one picture after the other in the same lines of a terminal.

    The cursor stands at the start of the line below them between two pictures, where other lines may be drawn.
    """

    def __init__(self, terminal: Terminal, columns: int, rows: int) -> None:
        """Take the terminal, and the room that a picture may have, in characters and lines."""
        self._terminal = terminal
        self._columns, self._rows = columns, rows
        self._is_shown = False

    def frame(self, picture: bytes) -> str:
        """Return what shows the next picture; nothing for a broken one."""
        shown = drawn(picture, self._terminal, self._columns, self._rows)
        if not shown:
            return ""
        room = f"{ESCAPE}[{self._rows}F" if self._is_shown else "\n" * self._rows + f"{ESCAPE}[{self._rows}F"
        self._is_shown = True
        return f"{room}{self._emptied()}{ESCAPE}7{shown}{ESCAPE}8{ESCAPE}[{self._rows}E"

    def ended(self) -> str:
        """Return what takes the picture away and leaves the cursor where the picture began."""
        if not self._is_shown:
            return ""
        self._is_shown = False
        return f"{ESCAPE}[{self._rows}F{self._emptied()}"

    def _emptied(self) -> str:
        """Return what empties the lines from the cursor on: characters, and pictures that lie over them."""
        lines = f"{ESCAPE}[2K{ESCAPE}[1B" * self._rows + f"{ESCAPE}[{self._rows}A"
        return (f"{ESCAPE}_Ga=d,d=I,i={IMAGE_ID},q=2{END}" if self._terminal is Terminal.KITTY else "") + lines


class Screen:
    """Previews on a terminal. Whoever prints a line to it takes the preview away before, with `clear`."""

    def __init__(self, stream: TextIO, preview: Preview) -> None:
        """Take the terminal, and what draws on it."""
        self._stream, self._preview = stream, preview
        self._last = float("-inf")

    @classmethod
    def of(cls, stream: TextIO) -> Screen | None:
        """Return the screen of a stream, or None where that is no terminal, or one that can't show pictures.

        Raises:
            UsageError: if `TAGLOOM_PREVIEW` is none of the ways.
        """
        terminal = terminal_of(os.environ, stream.isatty())
        if terminal is Terminal.NONE:
            return None
        columns, lines = shutil.get_terminal_size()
        return cls(stream, Preview(terminal, max(1, min(WIDEST, columns - 1)), max(1, min(HIGHEST, lines // 2))))

    def show(self, picture: bytes) -> None:
        """Show a picture in the place of the last one; one that comes at once after another is left out."""
        now = time.monotonic()
        if now - self._last >= PAUSE:
            self._last = now
            self._write(self._preview.frame(picture))

    def clear(self) -> None:
        """Take the picture away; the cursor is left where it began."""
        self._write(self._preview.ended())

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()


def _png(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return base64.b64encode(file.getvalue()).decode()


def _kitty(image: Image.Image) -> str:
    """Return the picture as the kitty graphics protocol has it: a PNG in pieces; the terminal answers nothing."""
    data = _png(image)
    columns, rows = _cells(image)
    pieces = [data[start : start + PIECE] for start in range(0, len(data), PIECE)]
    parts = []
    for number, piece in enumerate(pieces):
        more = int(number + 1 < len(pieces))
        keys = f"a=T,f=100,q=2,i={IMAGE_ID},C=1,c={columns},r={rows},m={more}" if number == 0 else f"q=2,m={more}"
        parts.append(f"{ESCAPE}_G{keys};{piece}{END}")
    return "".join(parts)


def _iterm2(image: Image.Image) -> str:
    """Return the picture as iTerm2 has it: a file inline, its size in characters."""
    columns, rows = _cells(image)
    keys = f"inline=1;preserveAspectRatio=1;width={columns};height={rows}"
    return f"{ESCAPE}]1337;File={keys}:{_png(image)}\x07"


def _cells(image: Image.Image) -> tuple[int, int]:
    """Return how many characters and lines a picture takes."""
    return -(-image.width // CELL[0]), -(-image.height // CELL[1])


def _sixel(image: Image.Image) -> str:
    """Return the picture in sixels: six lines at a time, a pass for each colour in them (DEC STD 070)."""
    reduced = image.quantize(COLOURS, dither=Image.Dither.NONE)
    palette = reduced.getpalette() or []
    colours = [
        f"#{number};2;{';'.join(str(round(part / 2.55)) for part in palette[3 * number : 3 * number + 3])}"
        for number in range(len(palette) // 3)
    ]
    bands = "-".join(_band(reduced, top) for top in range(0, reduced.height, 6))
    return f'{ESCAPE}P0;1q"1;1;{image.width};{image.height}{"".join(colours)}{bands}{END}'


def _band(image: Image.Image, top: int) -> str:
    """Return six lines: for each colour which of the six pixels of each column have it."""
    width = image.width
    pixels = image.crop((0, top, width, min(top + 6, image.height))).tobytes()
    bits: dict[int, bytearray] = {}
    for place, colour in enumerate(pixels):
        row, column = divmod(place, width)
        bits.setdefault(colour, bytearray(width))[column] |= 1 << row
    return "$".join(f"#{colour}{_packed(bytes(found))}" for colour, found in sorted(bits.items()))


def _packed(bits: bytes) -> str:
    """Return sixels as letters, the same ones in a row counted."""
    return "".join(_run(chr(63 + bit), len(list(same))) for bit, same in groupby(bits))


def _run(letter: str, count: int) -> str:
    return letter * count if count <= MOST_REPEATED else f"!{count}{letter}"


def _blocks(image: Image.Image) -> str:
    """Return the picture in half blocks: the upper pixel is the letter's colour, the lower one the ground's."""
    down = f"{ESCAPE}[0m{ESCAPE}[{image.width}D{ESCAPE}[1B"
    return down.join("".join(_line(image, top)) for top in range(0, image.height, 2)) + f"{ESCAPE}[0m"


def _line(image: Image.Image, top: int) -> Iterator[str]:
    """Yield a line's letters, with colours where they change."""
    width = image.width
    upper = image.crop((0, top, width, top + 1)).tobytes()
    lower = image.crop((0, top + 1, width, top + 2)).tobytes() if top + 1 < image.height else None
    before: tuple[bytes, bytes] | None = None
    for place in range(0, 3 * width, 3):
        ink, ground = upper[place : place + 3], lower[place : place + 3] if lower else b""
        if (ink, ground) != before:
            yield f"{ESCAPE}[38;2;{_numbers(ink)}m" + (
                f"{ESCAPE}[48;2;{_numbers(ground)}m" if ground else f"{ESCAPE}[49m"
            )
        before = ink, ground
        yield "▀"


def _numbers(colour: bytes) -> str:
    return ";".join(map(str, colour))
