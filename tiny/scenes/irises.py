"""Irises drawn over the plain dots of the eyes: the layers for eye colours, which the present weights don't know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from .drawn import FINER, SIDE, Layer

UNIT = SIDE * FINER / 280
"""Pixels of a finer plane for a unit of the parts' own drawings, which are 280 units wide and high."""
LEFT, TOP = 84, 90
"""Where the drawings of eyes begin, in units."""
RADIUS, RIM, PUPIL, GLINT = 8.5, 1.6, 3.0, 2.0
"""Of an iris, in units; the rim is darker."""
RIM_SHARE = 90
"""How much of the colour the rim has, of 255."""
DARK, LIGHT = (25, 20, 30), (255, 255, 255)


class Eyes(NamedTuple):
    """Where the irises of eyes are, in units of the drawing of eyes.

    Attributes:
        middles: of each iris.
        white: half width and half height of the white that an iris doesn't leave, None for all the face.
        across: middle line of that white.
    """

    middles: tuple[tuple[float, float], ...]
    white: tuple[float, float] | None = None
    across: float = 22.0


EYES = {
    "iris default": Eyes(((30, 22), (82, 22))),
    "iris side": Eyes(((31.5, 23), (89.5, 23))),
    "iris wink": Eyes(((30, 22),)),
    "iris winkWacky": Eyes(((82, 22),)),
    "iris eyeRoll": Eyes(((30, 14), (82, 14)), (14, 14)),
    "iris squint": Eyes(((30, 22.4), (82, 22.4)), (14, 7.73), 20.73),
}
"""The layers, by name. `default` fits the crying and the surprised eyes, too."""


def box(x: float, y: float, width: float, height: float) -> list[float]:
    """Return the box of an ellipse around a point, in pixels of a finer plane."""
    return [(LEFT + x - width) * UNIT, (TOP + y - height) * UNIT, (LEFT + x + width) * UNIT, (TOP + y + height) * UNIT]


def discs(x: float, y: float) -> Iterable[tuple[float, float, float, tuple[int, int, int], int]]:
    """Return an iris as discs, one over the other: middle, radius, own colour, share of the part's colour."""
    yield x, y, RADIUS, (0, 0, 0), RIM_SHARE
    yield x, y, RADIUS - RIM, (0, 0, 0), 255
    yield x, y, PUPIL, DARK, 0
    yield x - 2.6, y - 3, GLINT, LIGHT, 0


def iris(eyes: Eyes) -> Layer:
    """Return the layer of irises: a coloured ring with a darker rim, a pupil and a glint."""
    size = (SIDE * FINER, SIDE * FINER)
    const, mask, alpha = Image.new("RGB", size), Image.new("L", size), Image.new("L", size)
    white = Image.new("L", size, 0 if eyes.white else 255)
    for middle in eyes.middles:
        for x, y, radius, colour, share in discs(*middle):
            for plane, fill in ((const, colour), (mask, share), (alpha, 255)):
                ImageDraw.Draw(plane).ellipse(box(x, y, radius, radius), fill=fill)
        if eyes.white:
            ImageDraw.Draw(white).ellipse(box(middle[0], eyes.across, *eyes.white), fill=255)
    cut = (Image.composite(plane, Image.new(plane.mode, size), white) for plane in (const, mask, alpha))
    return Layer(*(np.asarray(plane.reduce(FINER)) for plane in cut))


def irises() -> dict[str, Layer]:
    """Return the layers of irises by name."""
    return {name: iris(eyes) for name, eyes in EYES.items()}
