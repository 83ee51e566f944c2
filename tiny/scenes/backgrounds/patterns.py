"""Backgrounds of one colour: plain, gradient, dots, stripes."""

from __future__ import annotations

import random

import numpy as np
from PIL import Image, ImageDraw

from ..scene import Colour
from .canvas import SIDE, dot, gradient_canvas, lighter, plain_canvas

DOTS_APART, DOT = 30, 8
"""Pixels between dots, and the radius of one."""
STRIPES_APART, STRIPE, SLANT = 44, 22, 90
"""Pixels from stripe to stripe, the width of one, and how far its foot is to the left of its top."""


def plain(random: random.Random, colour: Colour) -> Image.Image:
    """The colour and nothing else."""
    return plain_canvas(colour)


def gradient(random: random.Random, colour: Colour) -> Image.Image:
    """From near the colour to a light shade of it."""
    near = [min(1.0, max(0.0, channel + random.uniform(-0.05, 0.05))) for channel in colour]
    return gradient_canvas((near[0], near[1], near[2]), tuple(min(1.0, channel * 0.4 + 0.6) for channel in colour))


def polka_dots(random: random.Random, colour: Colour) -> Image.Image:
    """Light dots, every other row moved by half."""
    image = plain_canvas(colour)
    draw = ImageDraw.Draw(image)
    start = random.uniform(0, 20) - 20
    for row, y in enumerate(np.arange(start, SIDE + 20, DOTS_APART)):
        for x in np.arange(start + (DOTS_APART // 2 if row % 2 else 0), SIDE + 20, DOTS_APART):
            dot(draw, x, y, DOT, lighter(colour, 0.35))
    return image


def stripes(random: random.Random, colour: Colour) -> Image.Image:
    """Light slanting stripes."""
    image = plain_canvas(colour)
    draw = ImageDraw.Draw(image)
    for x in np.arange(random.uniform(0, 30) - SIDE, SIDE * 2, STRIPES_APART):
        corners = [(x, 0), (x + STRIPE, 0), (x + STRIPE - SLANT, SIDE), (x - SLANT, SIDE)]
        draw.polygon(corners, fill=lighter(colour, 0.45))
    return image
