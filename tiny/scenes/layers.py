"""The layers that pictures are laid together from: those of `data/layers.npz`, and the drawn ones."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .drawn import SIDE, drawn_layers
from .errors import LayerError
from .irises import irises

FILE = Path(__file__).parent / "data" / "layers.npz"
MOST = 1000
"""The most layers that a file may hold."""


class Layers(NamedTuple):
    """Layers by number.

    Attributes:
        const: n x SIDE x SIDE x 3, uint8: what is always the same, premultiplied by alpha.
        mask: n x SIDE x SIDE, uint8: the share that takes the part's colour.
        alpha: n x SIDE x SIDE, uint8.
        numbers: each layer's number, by name.
    """

    const: np.ndarray
    mask: np.ndarray
    alpha: np.ndarray
    numbers: dict[str, int]


def read_layers(path: Path) -> Layers:
    """Read a file of layers, as `drawing/` makes it.

    Raises:
        LayerError: for a file that is not one.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file):  # refuses what is no archive
            planes = np.load(file, allow_pickle=False)
            const, mask, alpha, names = (planes[name] for name in ("const", "mask", "alpha", "ids"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise LayerError(f"{path}: not a file of layers: {' '.join(str(error).split())}") from error
    count = len(names)
    shapes = {"const": (count, SIDE, SIDE, 3), "mask": (count, SIDE, SIDE), "alpha": (count, SIDE, SIDE)}
    for (name, shape), plane in zip(shapes.items(), (const, mask, alpha), strict=True):
        if plane.shape != shape or plane.dtype != np.uint8 or count > MOST:
            raise LayerError(f"{path}: {name} is {plane.shape} of {plane.dtype}, not {shape} of uint8")
    return Layers(const, mask, alpha, {str(name): number for number, name in enumerate(names)})


@cache
def layers() -> Layers:
    """Return the layers of the tiny model's pictures; the caller must not change them."""
    read, drawn = read_layers(FILE), drawn_layers() | irises()
    planes = zip(*drawn.values(), strict=True)
    const, mask, alpha = (np.concatenate([plane, np.stack(more)]) for plane, more in zip(read[:3], planes, strict=True))
    return Layers(const, mask, alpha, {name: number for number, name in enumerate((*read.numbers, *drawn))})
