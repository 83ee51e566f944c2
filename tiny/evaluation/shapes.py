"""Tells ears, glasses, hats, eyes and mouths by comparing with composed pictures of all answers.

Both are looked at in the same way: softened as the autoencoder softens, cut to the group's region, and described by the
directions of their edges (histograms of oriented gradients, Dalal and Triggs 2005) and by their coarse colours. A ridge
regression on composed pictures says which answer that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from .colours import lab
from .questions import Box

SOFTNESS = 0.8
"""Standard deviation, in pixels, of the blur that all pictures get first."""
SIDE, CELLS, DIRECTIONS = 48, 8, 9
FAINT = 3.0
"""Edges so weak (CIE L*a*b*, from pixel to pixel) are none: the denoiser leaves some in plain areas."""
RIDGE = 1.0
"""How strongly large weights count against themselves."""


def described(pictures: np.ndarray, region: Box) -> np.ndarray:
    """Return the features of pictures (count x height x width x 3): count x features."""
    return np.stack([_described(picture, region) for picture in pictures])


def _described(picture: np.ndarray, region: Box) -> np.ndarray:
    image = Image.fromarray((picture * 255 + 0.5).astype(np.uint8)).filter(ImageFilter.GaussianBlur(SOFTNESS))
    box = [share * side for share, side in zip(region, image.size * 2, strict=True)]
    small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, (box[0], box[1], box[2], box[3])))
    seen = lab(small / 255)
    coarse = _in_cells(seen).mean((1, 3)) / 50
    return np.concatenate([np.sqrt(_edges(seen)).ravel(), coarse.ravel()])


def _edges(seen: np.ndarray) -> np.ndarray:
    """Return how strong the edges of each direction are in each cell: cells x cells x directions."""
    down, right = np.gradient(seen, axis=(0, 1))
    strength = np.maximum(np.hypot(down, right) - FAINT, 0)
    strongest = strength.argmax(-1)[..., None]
    angle = np.take_along_axis(np.arctan2(down, right), strongest, -1)[..., 0] % np.pi
    place = np.minimum((angle / np.pi * DIRECTIONS).astype(int), DIRECTIONS - 1)
    planes = np.eye(DIRECTIONS)[place] * np.take_along_axis(strength, strongest, -1)
    return np.asarray(_in_cells(planes).mean((1, 3)))


def _in_cells(planes: np.ndarray) -> np.ndarray:
    step = SIDE // CELLS
    return planes.reshape(CELLS, step, CELLS, step, -1)


class ShapeMeasure(NamedTuple):
    """A ridge regression from features to answers."""

    answers: tuple[str, ...]
    region: Box
    mean: np.ndarray
    spread: float
    weights: np.ndarray

    def tell(self, pictures: np.ndarray) -> list[str]:
        """Return the answer that each picture (count x height x width x 3) shows."""
        features = _scaled(described(pictures, self.region), self.mean, self.spread)
        return [self.answers[index] for index in (features @ self.weights).argmax(1)]


def learned(pictures: np.ndarray, answers: Sequence[str], region: Box) -> ShapeMeasure:
    """Learn a measure from pictures whose answers are known; each answer counts the same, however many show it."""
    names = tuple(dict.fromkeys(answers))
    features = described(pictures, region)
    mean, spread = features.mean(0), float(features.std())
    scaled = _scaled(features, mean, spread)
    right = np.array([[name == answer for name in names] for answer in answers], dtype=float)
    share = (right / right.sum(0)).sum(1)[:, None] * len(answers) / len(names)
    square = scaled.T @ (share * scaled) + RIDGE * np.sqrt(len(answers)) * np.eye(scaled.shape[1])
    return ShapeMeasure(names, region, mean, spread, np.linalg.solve(square, scaled.T @ (share * (2 * right - 1))))


def _scaled(features: np.ndarray, mean: np.ndarray, spread: float) -> np.ndarray:
    return np.concatenate([(features - mean) / spread, np.ones((len(features), 1))], axis=1)
