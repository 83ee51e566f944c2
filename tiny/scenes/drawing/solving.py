"""Solves a layer from pictures of it: what is always the same, what takes the part's colour, and what covers."""

from __future__ import annotations

import numpy as np

from ..drawn import Layer
from ..errors import LayerError

FARTHEST = 2.0
"""How far a picture in a third colour may be from what the layer gives, of 255: rounding makes it differ."""


def premultiplied(picture: np.ndarray) -> np.ndarray:
    """Return red, green and blue of a picture (height x width x 4, uint8), each multiplied by alpha: 0 to 255."""
    return picture[..., :3] * picture[..., 3:].astype(float) / 255


def solve(black: np.ndarray, white: np.ndarray) -> Layer:
    """Return the layer whose pictures these are, height x width x 4, uint8, alpha not premultiplied.

    In black only what is always the same is left; in white the share that takes the colour comes on top of it.
    """
    const = premultiplied(black)
    mask = (premultiplied(white) - const).mean(axis=-1)
    return Layer(*(np.round(plane).clip(0, 255).astype(np.uint8) for plane in (const, mask, black[..., 3])))


def verify(layer: Layer, name: str, picture: np.ndarray, colour: tuple[int, int, int]) -> None:
    """Check a layer by its picture in a third colour: a part that mixes its colour otherwise can't be a layer.

    Raises:
        LayerError: names the layer, and how far it is off.
    """
    expected = layer.const + layer.mask[..., None].astype(float) * np.asarray(colour) / 255
    off = np.abs(expected - premultiplied(picture)).max()
    if off > FARTHEST or not np.array_equal(layer.alpha, picture[..., 3]):
        raise LayerError(f"{name}: is {off:.1f} of 255 away from its picture in another colour, or covers otherwise")
