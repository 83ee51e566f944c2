"""The layers that are drawn here: cat ears, fox ears, a halo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

SIDE = 256
"""Width and height of a layer, in pixels."""
FINER = 4
"""Shapes are drawn so many times as large, then brought down: that smooths their edges."""
Points = Sequence[tuple[float, float]]


class Layer(NamedTuple):
    """A layer: `const` + `mask` x colour is laid over what is below, of which 1 - `alpha` stays.

    Attributes:
        const: SIDE x SIDE x 3, uint8: the share of the picture that is always the same, premultiplied by alpha.
        mask: SIDE x SIDE, uint8: the share that takes the part's colour.
        alpha: SIDE x SIDE, uint8.
    """

    const: np.ndarray
    mask: np.ndarray
    alpha: np.ndarray


class Sketch:
    """The three planes of a layer while shapes are drawn on them, each shape on both sides of the face."""

    def __init__(self) -> None:
        size = (SIDE * FINER, SIDE * FINER)
        self.const, self.mask, self.alpha = Image.new("RGB", size), Image.new("L", size), Image.new("L", size)

    def coloured(self, points: Points) -> None:
        """Draw a shape that takes the part's colour."""
        self._draw(points, (0, 0, 0), 255)

    def fixed(self, points: Points, colour: tuple[int, int, int]) -> None:
        """Draw a shape of its own colour."""
        self._draw(points, colour, 0)

    def _draw(self, points: Points, const: tuple[int, int, int], mask: int) -> None:
        for side in (points, [(SIDE - x, y) for x, y in points]):
            finer = [(x * FINER, y * FINER) for x, y in side]
            for plane, fill in ((self.const, const), (self.mask, mask), (self.alpha, 255)):
                ImageDraw.Draw(plane).polygon(finer, fill=fill)

    def layer(self) -> Layer:
        """Return the layer at its own size."""
        return Layer(*map(smaller, (self.const, self.mask, self.alpha)))


def smaller(plane: Image.Image) -> np.ndarray:
    """Bring a plane down to the size of a layer."""
    return np.asarray(plane.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def cat_ears() -> Layer:
    """Ears in the hair's colour, pink inside."""
    sketch = Sketch()
    sketch.coloured([(78, 66), (74, 10), (118, 36)])
    sketch.fixed([(84, 54), (81, 22), (107, 38)], (240, 150, 165))
    return sketch.layer()


def fox_ears() -> Layer:
    """Larger ears in the hair's colour, cream inside, with dark tips."""
    sketch = Sketch()
    sketch.coloured([(76, 76), (60, 2), (120, 36)])
    sketch.fixed([(82, 60), (70, 20), (107, 40)], (250, 245, 235))
    sketch.fixed([(60, 2), (64, 20), (76, 14)], (35, 25, 25))
    return sketch.layer()


def halo() -> Layer:
    """A golden ring above the head."""
    ring = Image.new("L", (SIDE * FINER, SIDE * FINER))
    for box, fill in (((84, 4, 172, 28), 255), ((94, 9, 162, 23), 0)):
        ImageDraw.Draw(ring).ellipse([side * FINER for side in box], fill=fill)
    alpha = smaller(ring)
    const = (alpha[..., None] / 255 * np.array([255, 222, 90])).astype(np.uint8)
    return Layer(const, np.zeros((SIDE, SIDE), np.uint8), alpha)


def drawn_layers() -> dict[str, Layer]:
    """Return the drawn layers by name."""
    return {"cat ears": cat_ears(), "fox ears": fox_ears(), "halo": halo()}
