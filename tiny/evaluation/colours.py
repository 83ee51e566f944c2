"""Tells a part's colour by its pixels: each votes for the nearest colour of the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
"""From linear sRGB (IEC 61966-2-1)."""
WHITE = np.array([0.9505, 1.0, 1.089])
"""D65."""


def lab(colours: np.ndarray) -> np.ndarray:
    """Return sRGB colours (... x 3, 0 to 1) in CIE L*a*b*, where distances are about as large as they look."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    x, y, z = np.moveaxis(linear @ TO_XYZ.T / WHITE, -1, 0)
    x, y, z = (np.where(v > 216 / 24389, np.cbrt(v), (24389 / 27 * v + 16) / 116) for v in (x, y, z))
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


class ColourMeasure(NamedTuple):
    """The named colours, and where a part is looked at: height x width, true and false."""

    colours: Mapping[str, tuple[float, float, float]]
    pixels: np.ndarray

    def tell(self, pictures: np.ndarray) -> list[str]:
        """Return for each picture (count x height x width x 3) the name that most pixels vote for."""
        names, named = list(self.colours), lab(np.array(list(self.colours.values())))
        return [names[self._most(picture, named)] for picture in pictures]

    def _most(self, picture: np.ndarray, named: np.ndarray) -> int:
        found = lab(picture[self.pixels].astype(np.float64))
        nearest = ((found[:, None] - named) ** 2).sum(-1).argmin(1)
        return int(np.bincount(nearest, minlength=len(named)).argmax())
