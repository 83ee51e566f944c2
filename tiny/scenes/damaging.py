"""Damage to pictures: blur, blocks, loss of colour, a watermark, noise. Pictures are n x 3 x height x width, 0 to 1."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 PyTorch's own abbreviation
from PIL import Image, ImageDraw

from .drawn import SIDE

BLURS = (0.6, 1.2, 1.8, 2.6)
"""Standard deviations that a blur is rounded to, so that a batch is blurred in few steps."""
WATERMARK = "SAMPLE  (c)"
WATERMARK_SHARE = 0.45
"""How much of the picture the watermark hides where it is."""


def damage(pictures: torch.Tensor, amounts: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Return damaged pictures, still 0 to 1.

    Args:
        pictures: n x 3 x height x width.
        amounts: n x 5: blur, blocks, grey, watermark, noise, as `scene.Damage` says.
        noise: as large as the pictures, standard normal.
    """
    blur, blocks, grey, watermark, grain = (amount.view(-1, 1, 1, 1) for amount in amounts.float().unbind(1))
    pictures = blocky(blurred(pictures, blur.flatten()), blocks.flatten())
    pictures = torch.lerp(pictures, pictures.mean(dim=1, keepdim=True).expand_as(pictures), grey)
    share = WATERMARK_SHARE * watermark * marked(pictures)
    return (pictures * (1 - share) + share + noise * grain).clamp(0, 1)


def blurred(pictures: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Blur each picture by the nearest of BLURS; less than 0.25 is none."""
    pictures = pictures.clone()
    bounds = torch.tensor([0.25, *((low + high) / 2 for low, high in pairwise(BLURS))])
    steps = torch.bucketize(amounts.contiguous(), bounds.to(amounts.device))
    for step, deviation in enumerate(BLURS, start=1):
        chosen = (steps == step).nonzero().flatten()
        if len(chosen):
            pictures[chosen] = gaussian(pictures[chosen], deviation)
    return pictures


def gaussian(pictures: torch.Tensor, deviation: float) -> torch.Tensor:
    """Blur pictures, across and then down."""
    radius = int(3 * deviation) + 1
    offsets = torch.arange(-radius, radius + 1, device=pictures.device).float()
    kernel = torch.exp(-(offsets**2) / (2 * deviation**2))
    kernel = (kernel / kernel.sum()).repeat(3, 1, 1, 1)
    across = F.conv2d(F.pad(pictures, (radius, radius, 0, 0), mode="reflect"), kernel, groups=3)
    return F.conv2d(F.pad(across, (0, 0, radius, radius), mode="reflect"), kernel.transpose(2, 3), groups=3)


def blocky(pictures: torch.Tensor, sides: torch.Tensor) -> torch.Tensor:
    """Bring each picture down to blocks of so many pixels a side."""
    pictures = pictures.clone()
    height, width = pictures.shape[-2:]
    for side in sides[sides > 1].unique().int().tolist():
        chosen = (sides == side).nonzero().flatten()
        few = F.interpolate(pictures[chosen], (height // side, width // side), mode="area")
        pictures[chosen] = F.interpolate(few, (height, width), mode="nearest")
    return pictures


def marked(pictures: torch.Tensor) -> torch.Tensor:
    """Return where the watermark is on pictures of this size: 1 x 1 x height x width, 0 to 1."""
    image = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    for y in range(-10, SIDE + 4, 42):
        for x in range(-40, SIDE + 4, 92):
            draw.text((x + y % 84, y), WATERMARK, fill=255)
    mark = torch.from_numpy(np.array(image)).to(pictures.device).float() / 255
    return F.interpolate(mark[None, None], pictures.shape[-2:])
