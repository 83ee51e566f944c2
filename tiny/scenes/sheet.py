"""A contact sheet of composed pictures."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image

GAP = 2
"""Pixels between pictures."""


def contact_sheet(pictures: torch.Tensor) -> Image.Image:
    """Return pictures (n x 3 x height x width, 0 to 1) side by side, about as many rows as columns."""
    count, _, height, width = pictures.shape
    columns = max(1, math.ceil(math.sqrt(count)))
    sheet = Image.new(
        "RGB", (columns * (width + GAP) - GAP, math.ceil(count / columns) * (height + GAP) - GAP), "white"
    )
    for index, picture in enumerate((pictures * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()):
        row, column = divmod(index, columns)
        sheet.paste(Image.fromarray(np.ascontiguousarray(picture)), (column * (width + GAP), row * (height + GAP)))
    return sheet


def save(image: Image.Image, path: Path) -> None:
    """Save a picture, whole or not at all; the name's ending says the format."""
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        image.save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
