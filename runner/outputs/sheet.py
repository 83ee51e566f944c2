"""The contact sheet: small versions of all pictures of a run, with what tells them apart, on one page or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from math import isqrt
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from ...prompt.grids import wrapped, written
from ...prompt.lettering import lettering_of, letters_of, own_font
from .clean import one_line
from .own_files import following, free_stem, mark_of, put
from .results import Result
from .sheet_pages import Page, Tile, arranged
from .thumbnails import Thumbnails

STEM = "contact-sheet"
SMALLEST, LARGEST = 128, 384
"""Pixels of a picture's longer side."""
MOST_WIDTH, MOST_AREA = 9000, 16_000_000
"""Pixels of a page's width, and of all its pictures, as far as the smallest ones allow."""
GAP, MARGIN = 18, 30
MOST_PAGES = 25
"""A sheet of 6,000 pictures takes minutes; the rest is in the gallery."""
MOST_LINES, MOST_LABEL_LINES, MOST_REASON_LINES = 4, 6, 7
LABEL_WIDTH = 190
"""Pixels for the labels of rows."""
INK, FAINT, PAPER = "#1b1f24", "#59636e", "#ffffff"
TILE, TILE_EDGE, FAILED, FAILED_EDGE, FAILED_INK = "#eef1f4", "#d1d9e0", "#fff0ee", "#f3b8b2", "#a31515"


class Face(NamedTuple):
    """A font, and which letters it has."""

    font: ImageFont.FreeTypeFont
    has: Callable[[str], bool]

    @property
    def height(self) -> int:
        """A line's height in pixels."""
        return lettering_of(self.font).height + 2

    def lines(self, text: str, width: int, most: int) -> list[str]:
        """Return a text in at most so many lines; what is left out is told by `…`."""
        plain, _ = written(one_line(text, 400), self.has)
        found = wrapped(plain, width, self.font.getlength)
        return found if len(found) <= most else [*found[: most - 1], f"{found[most - 1][:-1]}…"]


class Faces(NamedTuple):
    """The fonts of a sheet: its heading, labels, and captions."""

    heading: Face
    label: Face
    caption: Face


def contact_sheet(
    results: Sequence[Result],
    out: Path,
    axes: Sequence[str] = (),
    *,
    title: str = "",
    run: str = "",
    thumbnails: Thumbnails | None = None,
) -> tuple[Path, ...]:
    """Write `contact-sheet.png`, and `contact-sheet-2.png` and so on where one page is too little; return their paths.

    There are at most `MOST_PAGES`.

    Args:
        results: the jobs, in their order; of none there is no sheet.
        out: the folder.
        axes: the names of a grid's axes, for labels at its edges.
        title: what stands above it.
        run: what tells the run from others: its own sheet is replaced, and no other file.
        thumbnails: small pictures that were made already.

    Raises:
        SaveError: if it can't be written.
    """
    if not results:
        return ()
    whole = arranged(results, axes)
    pages = whole[:MOST_PAGES]
    small = thumbnails or Thumbnails()
    faces = Faces(*(_face(size) for size in (28, 20, 17)))
    mark = mark_of(run)
    endings = [f"{each}.png" for each in islice(following(), len(pages))]
    stem = free_stem(out, STEM, endings, mark)
    paths = tuple(out / f"{stem}{each}" for each in endings)
    for number, (path, page) in enumerate(zip(paths, pages, strict=True), 1):
        heading = f"{title or 'Contact sheet'}, page {number} of {len(whole)}" if len(whole) > 1 else title
        put(path, partial(_write, drawn(page, small, faces, heading), mark), mark)
    return paths


def _face(size: int) -> Face:
    font = own_font(size)
    return Face(font, letters_of(font))


def _write(image: Image.Image, mark: str, path: Path) -> None:
    info = PngInfo()
    info.add_text("Software", mark)
    image.save(path, "PNG", pnginfo=info, compress_level=4)


class _Places(NamedTuple):
    """Where things lie on a page, in pixels: cells of one size, below a heading and labels, beside labels."""

    cell: tuple[int, int]
    caption: int
    left: int
    top: int
    size: tuple[int, int]

    def corner(self, row: int, column: int) -> tuple[int, int]:
        return self.left + column * (self.cell[0] + GAP), self.top + row * (self.cell[1] + self.caption + GAP)


def drawn(page: Page, thumbnails: Thumbnails, faces: Faces, heading: str = "") -> Image.Image:
    """Draw a page."""
    side = _side(page)
    thumbnails.make(tile.file.path for row in page.tiles for tile in row if tile and tile.file)
    pictures = [[_picture(tile, thumbnails, side) for tile in row] for row in page.tiles]
    places = _places(page, pictures, faces, heading)
    paper = Image.new("RGB", places.size, PAPER)
    pen = ImageDraw.Draw(paper)
    if heading:
        _text(pen, (MARGIN, MARGIN), faces.heading.lines(heading, places.size[0] - 2 * MARGIN, 2), faces.heading, INK)
    for column, label in enumerate(page.columns):
        lines = faces.label.lines(label, places.cell[0], 2)
        left, top = places.corner(0, column)
        _text(pen, (left, top - 8 - len(lines) * faces.label.height), lines, faces.label, INK)
    for row, label in enumerate(page.rows):
        lines = faces.label.lines(label, LABEL_WIDTH - GAP, MOST_LABEL_LINES)
        _text(pen, (MARGIN, places.corner(row, 0)[1]), lines, faces.label, INK)
    for row, (tiles, images) in enumerate(zip(page.tiles, pictures, strict=True)):
        for column, (tile, image) in enumerate(zip(tiles, images, strict=True)):
            if tile is not None:
                _draw_tile(paper, pen, tile, image, places, places.corner(row, column), faces)
    return paper


def _side(page: Page) -> int:
    """Return the pixels of the pictures' longer sides on a page."""
    columns = len(page.tiles[0])
    fitting = min((MOST_WIDTH - LABEL_WIDTH) // columns - GAP, isqrt(MOST_AREA // (columns * len(page.tiles))))
    return max(SMALLEST, min(LARGEST, fitting))


def _picture(tile: Tile | None, thumbnails: Thumbnails, side: int) -> Image.Image | None:
    image = thumbnails.image(tile.file.path) if tile and tile.file else None
    if image is not None and max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.BICUBIC)
    return image


def _places(page: Page, pictures: Sequence[Sequence[Image.Image | None]], faces: Faces, heading: str) -> _Places:
    there = [image for row in pictures for image in row if image is not None]
    width = max([SMALLEST, *(image.width for image in there)]) if there else 240
    height = max([SMALLEST, *(image.height for image in there)]) if there else 180
    captions = [tile.caption for row in page.tiles for tile in row if tile]
    deepest = max(sum(len(faces.caption.lines(text, width, 2)) for text in caption) for caption in captions)
    caption = min(MOST_LINES, deepest) * faces.caption.height + 8
    left = MARGIN + (LABEL_WIDTH if page.rows else 0)
    above = 2 * faces.label.height + 12 if page.columns else 0
    top = MARGIN + above + (faces.heading.height + 18 if heading else 0)
    columns, rows = len(page.tiles[0]), len(page.tiles)
    size = left + columns * (width + GAP) - GAP + MARGIN, top + rows * (height + caption + GAP) - GAP + MARGIN
    return _Places((width, height), caption, left, top, size)


def _draw_tile(
    paper: Image.Image,
    pen: ImageDraw.ImageDraw,
    tile: Tile,
    image: Image.Image | None,
    places: _Places,
    corner: tuple[int, int],
    faces: Faces,
) -> None:
    left, top = corner
    width, height = places.cell
    if image is not None:
        paper.paste(image, (left + (width - image.width) // 2, top + height - image.height))
    else:
        _draw_card(pen, tile, (left, top, left + width - 1, top + height - 1), faces)
    lines = [line for text in tile.caption for line in faces.caption.lines(text, width, 2)][:MOST_LINES]
    _text(pen, (left, top + height + 4), lines[:1], faces.caption, INK)
    _text(pen, (left, top + height + 4 + faces.caption.height), lines[1:], faces.caption, FAINT)


def _draw_card(pen: ImageDraw.ImageDraw, tile: Tile, box: tuple[int, int, int, int], faces: Faces) -> None:
    """Draw what stands for a file that is no picture, or for a job without files."""
    head, text, failed = _said(tile)
    pen.rounded_rectangle(box, 8, FAILED if failed else TILE, FAILED_EDGE if failed else TILE_EDGE)
    left, top = box[0] + 12, box[1] + 10
    width = box[2] - box[0] - 24
    _text(pen, (left, top), faces.label.lines(head, width, 1), faces.label, FAILED_INK if failed else INK)
    most = max(1, min(MOST_REASON_LINES, (box[3] - top - faces.label.height - 14) // faces.caption.height))
    _text(pen, (left, top + faces.label.height + 4), faces.caption.lines(text, width, most), faces.caption, FAINT)


def _said(tile: Tile) -> tuple[str, str, bool]:
    """Return a card's head and text, and whether it tells of a failure."""
    result, file = tile.result, tile.file
    if file is None:
        empty = "it made no files" if result.state.value in ("done", "partial") else ""
        return result.state.value, result.problem or " ".join(result.texts) or empty, bool(result.problem)
    if file.kind == "text" and result.texts:
        return "text", " ".join(result.texts), False
    return f"{file.kind} ({file.path.suffix.removeprefix('.')})", file.path.name, False


def _text(pen: ImageDraw.ImageDraw, corner: tuple[int, int], lines: Sequence[str], face: Face, ink: str) -> None:
    left, top = corner
    for number, line in enumerate(lines):
        pen.text((left, top + number * face.height), line, fill=ink, font=face.font)
