"""Image sizes: reading them, and choosing the one of a family that fits a shape best."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from .errors import SizeError

if TYPE_CHECKING:
    from .families import Family

LATENT_STEP = 8
"""Every supported autoencoder maps 8 by 8 pixels to one latent cell."""
LARGEST = 16384
SHAPES = ("recommended", "square", "portrait", "landscape", "as the base image")


class Size(NamedTuple):
    """An image's width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def aspect(self) -> float:
        """Width divided by height."""
        return self.width / self.height


def parse_size(text: str) -> Size:
    """Read `WIDTHxHEIGHT` in pixels.

    Raises:
        SizeError: where it is no size, or one that ComfyUI can't make.
    """
    match = re.fullmatch(r"\s*(\d{1,9})\s*[xX×*]\s*(\d{1,9})\s*", text)
    if match is None:
        raise SizeError(f"size {text!r} is not WIDTHxHEIGHT; write for example 832x1216")
    return check_size(Size(int(match[1]), int(match[2])))


def check_size(size: Size) -> Size:
    """Return `size` if an image can have it, else raise `SizeError` naming the nearest one that can."""
    if not all(16 <= side <= LARGEST for side in size):
        raise SizeError(f"size {size} is out of range; each side must lie between 16 and {LARGEST} pixels")
    if any(side % LATENT_STEP for side in size):
        fitting = Size(*(max(16, round(side / LATENT_STEP) * LATENT_STEP) for side in size))
        raise SizeError(f"size {size} is not a multiple of {LATENT_STEP} on each side; use {fitting}")
    return size


def nearest_size(choices: Iterable[Size], wanted: Size) -> Size:
    """Return the choice whose aspect is nearest to `wanted`'s, then the one nearest to it in area."""

    def distance(size: Size) -> tuple[float, float]:
        area = size.width * size.height / (wanted.width * wanted.height)
        return round(abs(math.log(size.aspect / wanted.aspect)), 3), abs(math.log(area))

    return min(choices, key=distance)


def size_for(family: Family, shape: str = "recommended", image: Size | None = None) -> Size:
    """Return the family's size for a shape, one of `SHAPES`; with `as the base image` `image` gives the aspect.

    Raises:
        SizeError: for an unknown shape, or a missing `image`.
    """
    sizes = family.sizes
    if shape == "as the base image":
        if image is None:
            raise SizeError("the size shall follow the base image, but there is none; connect an image")
        return nearest_size(sizes, image)
    if shape == "recommended":
        return sizes[0]
    tests = {"square": lambda a: a == 1, "portrait": lambda a: a < 1, "landscape": lambda a: a > 1}
    if shape not in tests:
        raise SizeError(f"unknown shape {shape!r}; use one of {', '.join(SHAPES)}")
    fitting = [size for size in sizes if tests[shape](size.aspect)]
    if not fitting:
        raise SizeError(f"{family.name} has no {shape} size; its sizes are {', '.join(map(str, sizes))}")
    return fitting[0]
