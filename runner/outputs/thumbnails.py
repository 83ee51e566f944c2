"""Small versions of pictures, made within bounds: whatever the bytes are, a picture comes of them or nothing."""

from __future__ import annotations

import io
import os
import struct
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""What is opened, and by none but these decoders."""
MOST_PIXELS = 2**27
"""Of a picture that is decoded: what the largest grids have."""
LARGEST = 256 * 1024 * 1024
"""Bytes of a file that is opened."""
PAPER = (255, 255, 255)
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    struct.error,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    EOFError,
    Warning,
)
"""What Pillow raises for bytes that are no picture or a broken one; warnings where they are made errors."""
MOST_THREADS = 8
T = TypeVar("T")

# Of odd metadata, and of sizes, which are bounded here. `catch_warnings` may not be used where there are threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


def size_of(path: Path) -> tuple[int, int]:
    """Return a picture's width and height by its header, and zeros for any other file."""

    def read() -> tuple[int, int]:
        with Image.open(path, formats=FORMATS) as image:
            return image.size

    return _guarded(read) or (0, 0)


def thumbnail(source: Path | bytes, width: int, height: int, most_pixels: int = MOST_PIXELS) -> Image.Image | None:
    """Return a picture (RGB) made to fit into so many pixels, never enlarged; None for what is none or is too large.

    Args:
        source: a file, or the bytes of one: PNG, JPEG, WebP or GIF; of several frames the first.
        width: the most that it may have.
        height: likewise.
        most_pixels: the most that it may have before.
    """

    def made() -> Image.Image | None:
        image = _opened(source)
        if image.width * image.height > most_pixels:
            return None
        image.draft("RGB", (2 * width, 2 * height))
        image.thumbnail((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
        return on_paper(image)

    return _guarded(made)


def on_paper(image: Image.Image) -> Image.Image:
    """Return a picture without transparency, as it looks on white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, PAPER)
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")


def as_jpeg(image: Image.Image, quality: int = 82) -> bytes:
    """Return a picture as the bytes of a JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


class Thumbnails:
    """Makes the thumbnails of saved files once, for the contact sheet and the gallery; it keeps them as JPEGs."""

    def __init__(self, side: int = 384) -> None:
        """Take the most pixels that a side may have."""
        self._side = side
        self._made: dict[Path, bytes] = {}

    def make(self, paths: Iterable[Path]) -> None:
        """Make the thumbnails of many files, on all processors: Pillow lets other threads run while it works."""
        missing = [path for path in dict.fromkeys(paths) if path not in self._made]
        with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
            self._made.update(zip(missing, threads.map(self._jpeg, missing), strict=True))

    def jpeg(self, path: Path) -> bytes:
        """Return a file's thumbnail, or nothing for one that is no picture."""
        if path not in self._made:
            self._made[path] = self._jpeg(path)
        return self._made[path]

    def image(self, path: Path) -> Image.Image | None:
        """Return a file's thumbnail as pixels, or None for one that is no picture."""
        jpeg = self.jpeg(path)
        return Image.open(io.BytesIO(jpeg), formats=["JPEG"]).convert("RGB") if jpeg else None

    def _jpeg(self, path: Path) -> bytes:
        image = thumbnail(path, self._side, self._side)
        return as_jpeg(image) if image else b""


def _opened(source: Path | bytes) -> Image.Image:
    """Open a picture; its pixels are read later."""
    if isinstance(source, Path):
        if source.stat().st_size > LARGEST:
            raise ValueError("too large")
        source = source.read_bytes()
    return Image.open(io.BytesIO(source), formats=FORMATS)


def _guarded(work: Callable[[], T]) -> T | None:
    """Return what Pillow makes of a picture, or None where it is broken."""
    try:
        return work()
    except (*BROKEN, Image.DecompressionBombError, MemoryError):
        return None
