"""Backgrounds of sky and weather."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from ..scene import Colour
from .canvas import SIDE, dot, gradient_canvas


def night(random: random.Random, colour: Colour) -> Image.Image:
    """Stars, and a moon on one side."""
    image = gradient_canvas((0.03, 0.04, 0.14), (0.12, 0.16, 0.38))
    draw = ImageDraw.Draw(image)
    for _ in range(90):
        x, y, radius = random.uniform(0, SIDE), random.uniform(0, SIDE), random.uniform(0.5, 2)
        dot(draw, x, y, radius, (255, 255, 235))
    x = random.choice([random.uniform(25, 80), random.uniform(240, 295)])
    dot(draw, x, random.uniform(25, 90), 20, (250, 245, 205))
    return image


def sunset(random: random.Random, colour: Colour) -> Image.Image:
    """A low sun over dark ground."""
    image = gradient_canvas((0.45, 0.20, 0.50), (1.0, 0.62, 0.25))
    draw = ImageDraw.Draw(image)
    dot(draw, random.uniform(40, 280), 226, 36, (255, 225, 120))
    draw.rectangle([0, 250, SIDE, SIDE], fill=(70, 35, 70))
    return image


def rain(random: random.Random, colour: Colour) -> Image.Image:
    """Slanting drops before clouds."""
    image = gradient_canvas((0.32, 0.36, 0.42), (0.48, 0.52, 0.58))
    draw = ImageDraw.Draw(image)
    for _ in range(140):
        x, y = random.uniform(0, SIDE), random.uniform(-10, SIDE)
        draw.line([x, y, x - 5, y + 18], fill=(190, 205, 225), width=1)
    return image


def snow(random: random.Random, colour: Colour) -> Image.Image:
    """Flakes before a bright sky."""
    image = gradient_canvas((0.70, 0.78, 0.90), (0.93, 0.95, 1.0))
    draw = ImageDraw.Draw(image)
    for _ in range(120):
        x, y, radius = random.uniform(0, SIDE), random.uniform(0, SIDE), random.uniform(1, 4)
        dot(draw, x, y, radius, (255, 255, 255))
    return image


def petals(random: random.Random, colour: Colour) -> Image.Image:
    """Petals of cherry blossoms in the air."""
    image = gradient_canvas((0.98, 0.90, 0.94), (0.88, 0.95, 1.0))
    draw = ImageDraw.Draw(image)
    for _ in range(110):
        x, y, size = random.uniform(0, SIDE), random.uniform(0, SIDE), random.uniform(3, 7)
        pink = (250, int(random.uniform(150, 190)), 200)
        draw.ellipse([x - size, y - size * 0.6, x + size, y + size * 0.6], fill=pink)
    return image
