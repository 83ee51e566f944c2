"""How good a picture looks, in numbers: sharpness, strength of colour, and how rough its plain background is."""

from __future__ import annotations

import numpy as np

from ..scenes import Damage
from .colours import lab
from .composed import damaged
from .intervals import Share
from .questions import Questions

LOOKS = ("sharpness", "colour", "roughness")
EXPECTED = {
    "sharpness": (Damage(blur=1.5), Damage(blur=2.5)),
    "colour": (Damage(grey=0.6),),
    "roughness": (Damage(noise=0.15), Damage(watermark=1.0)),
}
"""What each look is for: these kinds of damage make a picture less sharp, paler, or its background rougher.

Large pixels are told by none of them: their borders are edges, too.
"""
CORNER = 0.2
"""The share of a picture's width and height, at either upper corner, where its background is."""
PAIRS = 24


def sharpness(picture: np.ndarray) -> float:
    """Return the variance of a picture's Laplacian: the more fine edges, the larger."""
    return float(_laplacian(picture).var())


def colour(picture: np.ndarray) -> float:
    """Return the mean chroma (CIE L*a*b*)."""
    return float(np.hypot(*np.moveaxis(lab(picture.astype(np.float64)), -1, 0)[1:]).mean())


def roughness(picture: np.ndarray) -> float:
    """Return the mean size of the Laplacian in the upper corners."""
    high, wide = (int(side * CORNER) for side in picture.shape[:2])
    return float(np.mean([np.abs(_laplacian(part)).mean() for part in (picture[:high, :wide], picture[:high, -wide:])]))


def _laplacian(picture: np.ndarray) -> np.ndarray:
    grey = picture.mean(-1)
    return 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]


MEASURES = {"sharpness": sharpness, "colour": colour, "roughness": roughness}


def checked(questions: Questions) -> dict[str, Share]:
    """Return how often each look tells a spoilt composed picture from the same one unspoilt."""
    return {look: _told(questions, look) for look in LOOKS}


def _told(questions: Questions, look: str) -> Share:
    right = []
    for damage in EXPECTED[look]:
        whole, spoilt = damaged(questions, damage, PAIRS, look)
        sign = -1 if look == "roughness" else 1
        right += [sign * (MEASURES[look](a) - MEASURES[look](b)) > 0 for a, b in zip(whole, spoilt, strict=True)]
    return Share(sum(right), len(right))
