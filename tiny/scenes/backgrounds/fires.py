"""Backgrounds on fire."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image, ImageDraw

from ..scene import Colour
from .canvas import SIDE, gradient_canvas
from .places import TREES, tree, tree_place


def flames(random: random.Random, draw: ImageDraw.ImageDraw, colours: Sequence[tuple[int, int, int]]) -> None:
    """Draw rows of flames, each narrower and lower than the one behind it."""
    for row, colour in enumerate(colours):
        count = random.randint(9, 14)
        for index in range(count):
            x = SIDE * (index + random.uniform(-0.3, 0.3)) / count
            width = random.uniform(18, 42) * (1 - 0.2 * row)
            height = SIDE * (random.uniform(0.45, 0.9) - 0.17 * row)
            tip = (x + random.uniform(-12, 12), SIDE - height)
            left, right = (x - width * 0.7, SIDE - height * 0.45), (x + width * 0.7, SIDE - height * 0.4)
            draw.polygon([(x - width, SIDE), left, tip, right, (x + width, SIDE)], fill=colour)


def fire(random: random.Random, colour: Colour) -> Image.Image:
    """Red and yellow flames."""
    image = gradient_canvas((0.10, 0.02, 0.03), (0.45, 0.08, 0.03))
    flames(random, ImageDraw.Draw(image), [(200, 40, 15), (245, 120, 20), (255, 210, 80)])
    return image


def blue_fire(random: random.Random, colour: Colour) -> Image.Image:
    """Blue and white flames."""
    image = gradient_canvas((0.02, 0.02, 0.10), (0.03, 0.10, 0.35))
    flames(random, ImageDraw.Draw(image), [(20, 60, 200), (50, 140, 250), (170, 225, 255)])
    return image


def burning_forest(random: random.Random, colour: Colour) -> Image.Image:
    """Charred firs behind flames."""
    image = gradient_canvas((0.25, 0.06, 0.04), (0.75, 0.25, 0.08))
    draw = ImageDraw.Draw(image)
    for row in range(3):
        for _ in range(TREES):
            x, height = tree_place(random, row)
            tree(draw, x, row, height, (int(255 * random.uniform(0.05, 0.12)), 12, 20), (30, 15, 10))
    flames(random, draw, [(225, 70, 20), (250, 150, 30), (255, 220, 110)])
    return image
