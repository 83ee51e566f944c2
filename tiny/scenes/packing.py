"""Many scenes as a few tensors, so that a trainer keeps and shuffles them cheaply."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch

from .errors import LayerError
from .layers import layers
from .scene import SLOTS, Scene


class Packed(NamedTuple):
    """n scenes, without their tags.

    Attributes:
        layers: n x slots, int16: the layers' numbers, -1 where a slot is empty.
        colours: n x slots x 3, float32.
        camera: n x 5, float32: zoom, x, y, rotation, mirrored.
        background: n, int64.
        damage: n x 5, float32: blur, blocks, grey, watermark, noise.
    """

    layers: torch.Tensor
    colours: torch.Tensor
    camera: torch.Tensor
    background: torch.Tensor
    damage: torch.Tensor

    @property
    def count(self) -> int:
        """How many scenes these are (`len` counts the tensors)."""
        return len(self.background)

    def select(self, numbers: torch.Tensor | slice) -> Packed:
        """Return some of the scenes."""
        return Packed(*(tensor[numbers] for tensor in self))

    def to(self, device: str | torch.device) -> Packed:
        """Return the scenes on a device."""
        return Packed(*(tensor.to(device) for tensor in self))


def pack(scenes: Iterable[Scene]) -> Packed:
    """Pack scenes.

    Raises:
        LayerError: for a scene with a layer that there is not.
    """
    scenes = list(scenes)
    chosen = torch.full((len(scenes), len(SLOTS)), -1, dtype=torch.int16)
    colours = torch.zeros(len(scenes), len(SLOTS), 3)
    numbers, slots = layers().numbers, {slot: index for index, slot in enumerate(SLOTS)}
    for row, scene in enumerate(scenes):
        for part in scene.parts:
            if part.layer not in numbers:
                raise LayerError(f"{part.layer!r}: there is no such layer")
            chosen[row, slots[part.slot]] = numbers[part.layer]
            colours[row, slots[part.slot]] = torch.tensor(part.colour)
    camera = torch.tensor([scene.camera for scene in scenes], dtype=torch.float32).view(-1, 5)
    damage = torch.tensor([scene.damage for scene in scenes], dtype=torch.float32).view(-1, 5)
    background = torch.tensor([scene.background for scene in scenes], dtype=torch.int64)
    return Packed(chosen, colours, camera, background, damage)
