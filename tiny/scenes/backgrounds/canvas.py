"""What all backgrounds are painted on: a square, plain or with a gradient from top to bottom."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from ..scene import Colour

SIDE = 320
"""Width and height of a background, in pixels: the longest side that is rendered, and 32 to choose a place in."""


def plain_canvas(colour: Colour) -> Image.Image:
    """Return a square of one colour."""
    return gradient_canvas(colour, colour)


def gradient_canvas(top: Colour, bottom: Colour) -> Image.Image:
    """Return a square whose colour goes from one to the other."""
    share = np.linspace(0, 1, SIDE)[:, None]
    rows = np.asarray(top) * (1 - share) + np.asarray(bottom) * share
    return Image.fromarray(np.repeat((rows * 255).astype(np.uint8)[:, None], SIDE, axis=1))


def dot(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
    """Draw a disc around a point."""
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)


def lighter(colour: Colour, kept: float) -> tuple[int, int, int]:
    """Return a colour mixed with white, in 0 to 255; `kept` is its own share."""
    red, green, blue = (int(255 * (channel * kept + 1 - kept)) for channel in colour)
    return red, green, blue
