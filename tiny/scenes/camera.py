"""The camera: where in the layers each pixel of a picture looks."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 PyTorch's own abbreviation

from .drawn import SIDE

LOWEST = 0.992
"""The lowest row that is looked at, in half heights from the middle: below it the body goes on as it is there."""


def grid(camera: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """Return where each pixel looks, n x height x width x 2, for `grid_sample` without aligned corners.

    Args:
        camera: n x 5: zoom, x, y, rotation, mirrored.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
    """
    zoom, x, y, rotation, mirrored = camera.float().unbind(1)
    across, down = width / SIDE, height / SIDE
    cosine, sine = zoom * torch.cos(rotation), zoom * torch.sin(rotation)
    side = 1 - 2 * mirrored
    first = torch.stack([cosine * across * side, -sine * down * side, x], dim=1)
    second = torch.stack([sine * across, cosine * down, y + (1 - down) / 2], dim=1)
    places = F.affine_grid(torch.stack([first, second], dim=1), [len(camera), 1, height, width], align_corners=False)
    return torch.stack([places[..., 0], places[..., 1].clamp(max=LOWEST)], dim=-1)


def seen(planes: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Return planes (n x channels x SIDE x SIDE) as the camera sees them; beside the layers there is nothing."""
    return F.grid_sample(planes, places, padding_mode="zeros", align_corners=False)
