"""A scene: everything that one picture shows, as values, with the tags that are true of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random

Colour = tuple[float, float, float]
"""Red, green and blue, each 0 to 1."""

SLOTS = (
    "base",
    "clothing",
    "mouth",
    "nose",
    "eyes",
    "irises",
    "eyebrows",
    "top",
    "ears",
    "facialHair",
    "accessories",
    "halo",
)
"""Where a layer goes, from the bottom to the top. `top` is hair or a hat."""


class TagGroups(NamedTuple):
    """Tags by group, in the order in which captions say them."""

    quality: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    expression: tuple[str, ...] = ()
    clothing: tuple[str, ...] = ()
    pose: tuple[str, ...] = ()
    background: tuple[str, ...] = ()

    def every(self) -> Iterator[str]:
        """Return the tags of all groups, one after the other; a tag of two groups comes twice."""
        return (tag for group in self for tag in group)

    def joined(self, other: TagGroups) -> TagGroups:
        """Return both, each group's own tags first."""
        return TagGroups(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Part(NamedTuple):
    """A layer in its slot, and the colour of its coloured share."""

    slot: str
    layer: str
    colour: Colour = (0.0, 0.0, 0.0)


class Camera(NamedTuple):
    """How the layers are seen.

    Attributes:
        zoom: how much of the layers' height the picture shows; above 1 the person is smaller than the picture.
        x: how far to the right of the middle it looks, in half widths.
        y: how far below the middle, in half heights.
        rotation: radians.
        mirrored: left and right change places.
    """

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    rotation: float = 0.0
    mirrored: bool = False


class Damage(NamedTuple):
    """What spoils the picture, in the order in which it does.

    Attributes:
        blur: standard deviation of a Gaussian, in pixels; 0 is none.
        blocks: the side of the pixels that it is brought down to; 1 is none.
        grey: share of the colour that is lost.
        watermark: its strength: 0 is none, 1 as in training.
        noise: standard deviation of Gaussian noise, where white is 1.
    """

    blur: float = 0.0
    blocks: int = 1
    grey: float = 0.0
    watermark: float = 0.0
    noise: float = 0.0


class Scene(NamedTuple):
    """One picture before it is rendered.

    Attributes:
        parts: the layers, from the bottom to the top.
        camera: how they are seen.
        background: the number of the background in the composer's pool.
        damage: what spoils the picture.
        tags: all the vocabulary's tags that are true of it.
    """

    parts: tuple[Part, ...]
    camera: Camera
    background: int
    damage: Damage
    tags: TagGroups

    def part(self, slot: str) -> Part | None:
        """Return what is in a slot, None where nothing is."""
        return next((part for part in self.parts if part.slot == slot), None)

    def caption(self, random: random.Random) -> str:
        """Return a caption of the picture, as `captions.caption` says."""
        from .captions import caption

        return caption(random, self.tags)
