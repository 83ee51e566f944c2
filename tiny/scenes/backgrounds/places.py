"""Backgrounds of places: a forest, a beach, a city."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from ..scene import Colour
from .canvas import SIDE, dot, gradient_canvas

TREES = 9
"""Trees in each of three rows."""
LIGHT, DARK = (250, 230, 150), (60, 65, 80)
"""A window with somebody at home, and one without."""


def forest(random: random.Random, colour: Colour) -> Image.Image:
    """Three rows of firs, the nearest the darkest."""
    image = gradient_canvas((0.62, 0.83, 0.93), (0.75, 0.90, 0.75))
    draw = ImageDraw.Draw(image)
    for row in range(3):
        for _ in range(TREES):
            x, height = tree_place(random, row)
            shades = (
                random.uniform(0.08, 0.18),
                0.45 - 0.1 * row + random.uniform(-0.04, 0.04),
                random.uniform(0.1, 0.2),
            )
            red, green, blue = (int(255 * shade) for shade in shades)
            tree(draw, x, row, height, (red, green, blue), (80, 52, 30))
    return image


def tree_place(random: random.Random, row: int) -> tuple[float, float]:
    """Return where a tree of a row stands, and how high it is, in pixels; rows count from the back."""
    return random.uniform(0, SIDE), random.uniform(110, 200) - row * 22


def tree(
    draw: ImageDraw.ImageDraw,
    x: float,
    row: int,
    height: float,
    leaves: tuple[int, int, int],
    trunk: tuple[int, int, int],
) -> None:
    """Draw a fir."""
    foot = SIDE - 50 + row * 25
    draw.rectangle([x - 4, foot - 30, x + 4, SIDE], fill=trunk)
    draw.polygon([(x - 34, foot), (x, foot - height), (x + 34, foot)], fill=leaves)


def beach(random: random.Random, colour: Colour) -> Image.Image:
    """Sky, sea, sand, and the sun."""
    image = gradient_canvas((0.35, 0.68, 0.96), (0.78, 0.92, 1.0))
    draw = ImageDraw.Draw(image)
    horizon = random.uniform(160, 200)
    draw.rectangle([0, horizon, SIDE, SIDE], fill=(30, 120, 190))
    draw.rectangle([0, horizon + 55, SIDE, SIDE], fill=(240, 215, 150))
    dot(draw, random.uniform(30, 290), 44, 22, (255, 240, 150))
    return image


def city(random: random.Random, colour: Colour) -> Image.Image:
    """A row of houses with windows."""
    image = gradient_canvas((0.55, 0.68, 0.85), (0.88, 0.88, 0.90))
    draw = ImageDraw.Draw(image)
    x = -10.0
    while x < SIDE:
        x += house(random, draw, x) + random.uniform(0, 6)
    return image


def house(random: random.Random, draw: ImageDraw.ImageDraw, x: float) -> float:
    """Draw a house whose left side is at `x`; return its width."""
    width, height, grey = random.uniform(28, 55), random.uniform(110, 260), int(random.uniform(70, 140))
    draw.rectangle([x, SIDE - height, x + width, SIDE], fill=(grey, grey, grey + 15))
    for top in range(int(SIDE - height) + 8, SIDE, 16):
        for left in range(int(x) + 6, int(x + width) - 6, 12):
            draw.rectangle([left, top, left + 5, top + 7], fill=LIGHT if random.random() < 0.6 else DARK)
    return width
