"""Pillow's own font: how long its texts are, and which letters it has."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from PIL import ImageFont

from .errors import PromptError
from .grids import UNKNOWN, Lettering


def own_font(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's own font with letters of a size in pixels.

    Raises:
        PromptError: if Pillow is older than 10.1, whose font has no size.
    """
    try:
        font = ImageFont.load_default(size=size)
    except TypeError as error:
        raise PromptError("labels need Pillow 10.1 or newer; update it, or disconnect labels") from error
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise PromptError("labels need a Pillow with FreeType; install another build of it, or disconnect labels")
    return font


def lettering_of(font: ImageFont.FreeTypeFont) -> Lettering:
    """Return what a layout must know of a font."""
    return Lettering(font.getlength, sum(font.getmetrics()))


def letters_of(font: ImageFont.FreeTypeFont) -> Callable[[str], bool]:
    """Return what tells whether a font has a letter: it draws the same for all that it lacks."""
    unknown = _drawn(font, UNKNOWN)
    return cache(lambda letter: _drawn(font, letter) != unknown)


def _drawn(font: ImageFont.FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
