"""The renderer: scenes in, pictures out, a batch at a time, on the CPU or a GPU."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from .backgrounds import SIDE as BACKGROUND
from .camera import grid, seen
from .composer import Composer
from .damaging import damage
from .drawn import SIDE
from .layers import layers
from .packing import Packed, pack
from .scene import SLOTS, Scene

SIZES = ((256, 256), (224, 288), (288, 224))
"""Widths and heights that the tiny model was trained on."""


def box(const: np.ndarray, alpha: np.ndarray) -> tuple[int, int, int, int]:
    """Return the rows and columns where a layer has something: top, left, bottom, right, the last two excluded."""
    filled = const.any(axis=-1) | (alpha > 0)
    rows, columns = filled.any(axis=1).nonzero()[0], filled.any(axis=0).nonzero()[0]
    if not len(rows):
        return 0, 0, 0, 0
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


class Renderer:
    """Renders the scenes of a composer.

    Args:
        composer: whose backgrounds the scenes have.
        device: where the layers are kept and the pictures made.
    """

    def __init__(self, composer: Composer, device: str | torch.device = "cpu") -> None:
        self.device = torch.device(device)
        self._pool = composer.pool
        self._backgrounds: dict[int, torch.Tensor] = {}
        const, mask, alpha, _ = layers()
        self._boxes = torch.tensor([box(const[n], alpha[n]) for n in range(len(alpha))]).to(self.device)
        self._const = torch.from_numpy(const).permute(0, 3, 1, 2).contiguous().to(self.device)
        self._mask = torch.from_numpy(mask)[:, None].to(self.device)
        self._alpha = torch.from_numpy(alpha)[:, None].to(self.device)

    def render(
        self,
        scenes: Iterable[Scene] | Packed,
        width: int = 256,
        height: int = 256,
        generator: torch.Generator | None = None,
    ) -> torch.Tensor:
        """Return pictures: n x 3 x height x width, float32, 0 to 1.

        Args:
            scenes: of the composer; all of them are rendered at once.
            width: in pixels; at most that of a background.
            height: in pixels; at most that of a background.
            generator: places the backgrounds and makes the noise: the same state, the same pictures. May be the
                CPU's even where the device is a GPU.
        """
        if not (16 <= width <= BACKGROUND and 16 <= height <= BACKGROUND):
            raise ValueError(f"{width}x{height}: the sides of a picture are 16 to {BACKGROUND} pixels")
        packed = (scenes if isinstance(scenes, Packed) else pack(scenes)).to(self.device)
        person = seen(self._laid(packed), grid(packed.camera, width, height))
        behind = self._behind(packed.background, width, height, generator)
        pictures = person[:, :3] + behind * (1 - person[:, 3:])
        return damage(pictures, packed.damage, self._noise(pictures, generator))

    def visible(self, scenes: Iterable[Scene] | Packed, slot: str, width: int = 256, height: int = 256) -> torch.Tensor:
        """Return how much of each pixel shows the coloured share of a slot: n x height x width, 0 to 1.

        Of the slot `background`: how much of it the person leaves free.
        """
        packed = (scenes if isinstance(scenes, Packed) else pack(scenes)).to(self.device)
        places = grid(packed.camera, width, height)
        if slot == "background":
            return 1 - seen(self._laid(packed), places)[:, 3]
        colours = torch.zeros_like(packed.colours)
        colours[:, SLOTS.index(slot)] = 1
        plain, red = (self._laid(packed._replace(colours=some))[:, :3] for some in (torch.zeros_like(colours), colours))
        return seen(red - plain, places).mean(dim=1)

    def _laid(self, packed: Packed) -> torch.Tensor:
        """Lay the layers one over the other: n x 4 x SIDE x SIDE, premultiplied colour and alpha."""
        below = torch.zeros(packed.count, 4, SIDE, SIDE, device=self.device)
        for slot in range(len(SLOTS)):
            rows = (packed.layers[:, slot] >= 0).nonzero().flatten()
            if len(rows):
                self._lay(below, rows, packed.layers[rows, slot].long(), packed.colours[rows, slot])
        return below

    def _lay(self, below: torch.Tensor, rows: torch.Tensor, chosen: torch.Tensor, colours: torch.Tensor) -> None:
        """Lay chosen layers over rows of `below`, in the box outside which none of them has anything."""
        top, left = self._boxes[chosen, :2].amin(dim=0).tolist()
        bottom, right = self._boxes[chosen, 2:].amax(dim=0).tolist()
        window = (slice(None), slice(None), slice(top, bottom), slice(left, right))
        const, mask, alpha = (plane[window][chosen].float() / 255 for plane in (self._const, self._mask, self._alpha))
        part = below[window]  # a view
        laid = torch.cat([const + mask * colours[..., None, None], alpha], dim=1)
        part[rows] = laid + part[rows] * (1 - alpha)

    def _behind(
        self, numbers: torch.Tensor, width: int, height: int, generator: torch.Generator | None
    ) -> torch.Tensor:
        """Return each scene's background, cut out where the generator says."""
        spare = BACKGROUND - max(width, height, BACKGROUND - 32)
        device = generator.device if generator else "cpu"
        corners = torch.randint(0, spare + 1, (len(numbers), 2), generator=generator, device=device).tolist()
        cut = [
            self._background(number)[:, top : top + height, left : left + width]
            for number, (top, left) in zip(numbers.tolist(), corners, strict=True)
        ]
        return torch.stack(cut).float() / 255

    def _background(self, number: int) -> torch.Tensor:
        if number not in self._backgrounds:
            picture = torch.from_numpy(np.array(self._pool.picture(number))).permute(2, 0, 1)
            self._backgrounds[number] = picture.contiguous().to(self.device)
        return self._backgrounds[number]

    def _noise(self, pictures: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        device = generator.device if generator else self.device
        return torch.randn(pictures.shape, generator=generator, device=device).to(self.device)
