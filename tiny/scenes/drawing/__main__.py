"""Draws `layers.npz` from the character parts in the npm package @dicebear/avataaars.

Needs Node.js 18 or newer; the rasteriser is an npm package, too.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from ..drawn import Layer
from ..errors import LayerError
from .package import check, install, renderings
from .solving import solve, verify

BLACK, WHITE, THIRD = (0, 0, 0), (255, 255, 255), (64, 128, 192)


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    made = argparse.ArgumentParser(prog="python -m tagloom.tiny.scenes.drawing", description=__doc__)
    made.add_argument("--output", type=Path, required=True, help="the file to write")
    made.add_argument("--package", type=Path, help="a folder with the npm packages; without it npm fetches them")
    made.add_argument("--force", action="store_true", help="overwrite the file")
    return made


def draw(folder: Path) -> dict[str, Layer]:
    """Return the layers of the packages in a folder, by name.

    Raises:
        LayerError: for packages that are not the right ones.
    """
    check(folder)
    layers = {}
    for name, (black, white, third) in renderings(folder, (BLACK, WHITE, THIRD)):
        layers[name] = solve(black, white)
        verify(layers[name], name, third, THIRD)
    return layers


def write(path: Path, layers: dict[str, Layer]) -> None:
    """Write a file of layers, whole or not at all."""
    names = sorted(layers)
    planes = {field: np.stack([getattr(layers[name], field) for name in names]) for field in Layer._fields}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            np.savez_compressed(file, **planes, ids=np.array(names))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Draw and write; return 0, or 1 with a line on standard error."""
    asked = parser().parse_args(arguments)
    try:
        if asked.output.exists() and not asked.force:
            raise LayerError(f"{asked.output}: exists; --force overwrites it")
        with tempfile.TemporaryDirectory(prefix="tagloom-drawing-") as folder:
            if not asked.package:
                install(Path(folder))
            layers = draw(asked.package or Path(folder))
        write(asked.output, layers)
    except (LayerError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{asked.output}: {len(layers)} layers\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
