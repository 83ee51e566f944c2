"""Where pictures and their labels lie in a grid: side by side in their order, never scaled, the labels above them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from .errors import PromptError, SizeError
from .fitting import Box
from .sizes import Size

MOST_PIXELS = 2**27
"""Of a grid: 1.6 GB as ComfyUI holds pictures. Pillow refuses to open those that are a third larger."""
SMALLEST_LABEL = 10
PICTURE_TO_LABEL = 20
"""By how much a picture's shorter side is larger than letters that are easy to read above it."""
UNKNOWN = "\ufffd"
"""Stands for a letter that a font lacks; fonts draw a box for it."""


class Lettering(NamedTuple):
    """What must be known of a font, in pixels: how long a text is, and how high a line."""

    length: Callable[[str], float]
    height: int


class Line(NamedTuple):
    """A line of a label, and where its top left corner lies."""

    left: int
    top: int
    text: str


class Grid(NamedTuple):
    """Where everything lies.

    Attributes:
        size: the whole grid's.
        columns: how many pictures stand side by side.
        rows: how many rows of them there are.
        boxes: where each picture lies.
        lines: the lines of the labels.
    """

    size: Size
    columns: int
    rows: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def arrange(
    sizes: Sequence[Size], labels: Sequence[str], columns: int = 0, gap: int = 0, lettering: Lettering | None = None
) -> Grid:
    """Return where pictures and labels lie: each in a cell as large as the largest picture, in its middle.

    A row has room above it for its longest label. The shorter ones stand at the bottom of that, next to their pictures.

    Args:
        sizes: the pictures', at least one.
        labels: one for each picture, empty for none.
        columns: how many pictures stand side by side; 0 makes the grid as square as can be.
        gap: pixels between the cells.
        lettering: the labels' font; without one there are none.

    Raises:
        SizeError: if the grid would have more than `MOST_PIXELS`.
    """
    cell = cell_of(sizes)
    columns = min(columns, len(sizes)) or _squarest(len(sizes), cell, gap)
    rows = [range(start, min(start + columns, len(sizes))) for start in range(0, len(sizes), columns)]
    lines: list[Line] = []
    boxes: list[Box] = []
    top = 0
    for row in rows:
        wrapped = [_wrapped_label(labels[index], cell.width, lettering) for index in row]
        room = _room(max(map(len, wrapped)), lettering)
        for column, index in enumerate(row):
            left = column * (cell.width + gap)
            if lettering:
                lines += _label(wrapped[column], left, top + room, cell.width, lettering)
            boxes.append(_centred(sizes[index], Box(left, top + room, *cell)))
        top += room + cell.height + gap
    size = Size(columns * (cell.width + gap) - gap, top - gap)
    _check(size)
    return Grid(size, columns, len(rows), tuple(boxes), tuple(lines))


def cell_of(sizes: Sequence[Size]) -> Size:
    """Return the room that the largest of some pictures needs."""
    return Size(max(size.width for size in sizes), max(size.height for size in sizes))


def label_size(sizes: Sequence[Size]) -> int:
    """Return the size of letters that suits pictures, in pixels."""
    return max(SMALLEST_LABEL, round(min(cell_of(sizes)) / PICTURE_TO_LABEL))


def label_each(labels: Sequence[str], batches: Sequence[int]) -> list[str]:
    """Return a label for each picture.

    Args:
        labels: none at all, one for each batch of pictures, or one for each picture.
        batches: how many pictures each batch has.

    Raises:
        PromptError: if their number fits neither.
    """
    if not labels:
        return [""] * sum(batches)
    if len(labels) == len(batches):
        return [label for label, count in zip(labels, batches, strict=True) for _ in range(count)]
    if len(labels) == sum(batches):
        return list(labels)
    raise PromptError(
        f"there are {len(labels)} labels for {sum(batches)} pictures; connect labels of the Prompt Matrix that the "
        "pictures are made of, or none"
    )


def written(text: str, has: Callable[[str], bool]) -> tuple[str, str]:
    """Return a label as a font can write it, in one line, and those letters that it lacks.

    Letters that the font lacks lose their accents and other decoration, if it has them without; else they become
    `UNKNOWN`.

    Args:
        text: any string.
        has: whether the font has a letter.
    """
    letters: list[str] = []
    lacking: dict[str, None] = {}
    for letter in unicodedata.normalize("NFC", " ".join(text.split())):
        plain = letter if has(letter) else _without_marks(letter)
        if not all(map(has, plain)):
            lacking[letter] = None
            plain = UNKNOWN
        letters.append(plain)
    return "".join(letters), "".join(lacking)


def wrapped(text: str, width: int, length: Callable[[str], float]) -> list[str]:
    """Return a text in lines that are no wider than `width` pixels; words that are wider are cut.

    A line has at least one letter, however wide.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if length(longer) <= width:
            line = longer
            continue
        lines += [line] if line else []
        *full, line = _cut(word, width, length)
        lines += full
    return [*lines, line] if line else lines


def _cut(word: str, width: int, length: Callable[[str], float]) -> Iterator[str]:
    """Yield a word in pieces that are no wider than `width`, if they have more than one letter."""
    piece = ""
    for letter in word:
        if piece and length(piece + letter) > width:
            yield piece
            piece = ""
        piece += letter
    yield piece


def _without_marks(letter: str) -> str:
    """Return a letter without what is above or below it, and a variant's base: e for é, A for a full-width A."""
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if unicodedata.category(part)[0] != "M")


def _squarest(count: int, cell: Size, gap: int) -> int:
    """Return the number of columns that makes a grid as square as can be, rather wide than high."""

    def aspect(columns: int) -> float:
        rows = -(-count // columns)
        sides = columns * (cell.width + gap) - gap, rows * (cell.height + gap) - gap
        return max(sides) / min(sides)

    return min(range(count, 0, -1), key=aspect)


def _wrapped_label(label: str, width: int, lettering: Lettering | None) -> list[str]:
    """Return a label's lines, with a quarter of a line's height free on each side: letters may reach out a little."""
    return wrapped(label, width - lettering.height // 2, lettering.length) if lettering else []


def _room(lines: int, lettering: Lettering | None) -> int:
    """Return how high the room for so many lines is: half a line more, the half of it next to the picture."""
    return lines * lettering.height + lettering.height // 2 if lettering and lines else 0


def _label(lines: Sequence[str], left: int, bottom: int, width: int, lettering: Lettering) -> Iterator[Line]:
    """Yield the lines of a label whose room ends at `bottom`, each in the middle of `width`."""
    top = bottom - lettering.height // 4 - len(lines) * lettering.height
    for number, text in enumerate(lines):
        inset = max(0, round((width - lettering.length(text)) / 2))
        yield Line(left + inset, top + number * lettering.height, text)


def _centred(size: Size, cell: Box) -> Box:
    return Box(cell.left + (cell.width - size.width) // 2, cell.top + (cell.height - size.height) // 2, *size)


def _check(size: Size) -> None:
    if size.width * size.height > MOST_PIXELS:
        raise SizeError(
            f"the grid would have {size} pixels, more than {MOST_PIXELS:,} in all; lay fewer pictures into it, or "
            "scale them down before"
        )
