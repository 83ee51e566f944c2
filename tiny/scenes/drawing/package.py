"""The npm packages that layers are drawn from: fetches them, and has their parts rendered."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..drawn import SIDE
from ..errors import LayerError

PACKAGES = {"@dicebear/avataaars": "9.4.3", "@dicebear/core": "9.4.3", "@resvg/resvg-js": "2.6.2"}
"""The parts, what they import, and the rasteriser. With these versions the layers come out as they are, to the bit."""
SCRIPT = Path(__file__).parent / "parts.mjs"
LONGEST = 300
"""Seconds that npm or Node.js may take."""
Rgb = tuple[int, int, int]


class Rendering(NamedTuple):
    """A part's pictures, in the order of the colours that were asked for, each SIDE x SIDE x 4, uint8."""

    name: str
    pictures: list[np.ndarray]


def install(folder: Path) -> None:
    """Fetch the packages into a folder, with npm.

    Raises:
        LayerError: where there is no npm, or it fails.
    """
    names = [f"{name}@{version}" for name, version in PACKAGES.items()]
    _run("npm", "install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", *names)


def check(folder: Path) -> None:
    """Check that a folder has the packages in `node_modules`, in their versions.

    Raises:
        LayerError: names the package.
    """
    for name, version in PACKAGES.items():
        file = folder / "node_modules" / name / "package.json"
        try:
            found = json.loads(file.read_text(encoding="utf-8"))["version"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LayerError(f"{file}: can't be read; install {name}@{version} with npm") from error
        if found != version:
            raise LayerError(f"{file}: is {name} {found}, not {version}")


def renderings(folder: Path, colours: Iterable[Rgb]) -> Iterator[Rendering]:
    """Render every part of the character in each of the colours.

    Raises:
        LayerError: where there is no Node.js, or the packages don't do what they should.
    """
    names = ["{:02x}{:02x}{:02x}".format(*colour) for colour in colours]
    try:
        layers = json.loads(_run("node", SCRIPT, folder, SIDE, *names))
        for name, pictures in layers.items():
            yield Rendering(name, [_picture(pictures[colour]) for colour in names])
    except (ValueError, KeyError, AttributeError) as error:
        raise LayerError(f"{folder}: its packages don't print pictures: {' '.join(str(error).split())}") from error


def _picture(text: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(text)), formats=["PNG"]) as image:
        return np.asarray(image.convert("RGBA"))


def _run(program: str, *arguments: object) -> str:
    found = shutil.which(program)
    if not found:
        raise LayerError(f"{program}: not found; layers are drawn with Node.js 18 or newer and its npm")
    command = [found, *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=LONGEST, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        last = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1:]
        raise LayerError(f"{program} failed: {''.join(last)!r}") from error
    return done.stdout
