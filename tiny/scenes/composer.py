"""The composer: draws scenes, each with the tags that are true of it, under wishes where there are some."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate, product
from math import prod
from typing import TYPE_CHECKING

from . import figure, looks
from .backgrounds import Pool
from .errors import SceneError
from .outcomes import Aspect, Drawn, Option, Restricted, weighted
from .quality import Quality
from .scene import Camera, Colour, Part, Scene, TagGroups
from .vocabulary import Vocabulary, vocabulary
from .wishes import refusal

if TYPE_CHECKING:
    from .packing import Packed

Tags = frozenset[str]
BLACK = (0.0, 0.0, 0.0)


class Composer:
    """Draws random characters with the tiny model's tags.

    Args:
        backgrounds: how many background pictures there are to choose from; they are painted when first rendered.
        seed: chooses them.
        words: the vocabulary; the tiny model's own where None.
        extended: adds the vocabulary's extension, eye colours, which the present weights don't know.
    """

    def __init__(
        self,
        backgrounds: int = 1200,
        seed: int = 0,
        words: Vocabulary | None = None,
        extended: bool = False,
    ) -> None:
        self.vocabulary = words or vocabulary()
        self.pool = Pool(self.vocabulary, backgrounds, seed)
        self.aspects: Mapping[str, Aspect] = {
            "figure": figure.aspect(self.vocabulary),
            "clothing": looks.clothing(self.vocabulary),
            "gaze": looks.gaze(self.vocabulary, extended),
            "mimic": looks.mimic(self.vocabulary),
            "shot": looks.shot(self.vocabulary),
            "tilt": looks.tilt(self.vocabulary),
            "background": self.pool.aspect,
            "quality": Quality(self.vocabulary),
        }

    def scene(self, random: random.Random, wanted: Collection[str] = (), unwanted: Collection[str] = ()) -> Scene:
        """Return a random scene of which every tag in `wanted` is true and none in `unwanted`.

        Raises:
            SceneError: where no picture can be so; names the tags that it can't have, or not together.
        """
        chosen = self._restrict(random, frozenset(wanted), frozenset(unwanted))
        return self._build(random, {name: aspect.draw(random) for name, aspect in chosen.items()})

    def pack(self, scenes: Iterable[Scene]) -> Packed:
        """Return many scenes as tensors, which a renderer takes in batches."""
        from .packing import pack

        return pack(scenes)

    def _restrict(self, random: random.Random, wanted: Tags, unwanted: Tags) -> dict[str, Restricted]:
        """Give each wanted tag to an aspect that can make it true, and restrict all aspects to their wishes.

        Where several aspects can (`old`), one of them is drawn, by the chance that its picture has.
        """
        givers = [[name for name, aspect in self.aspects.items() if tag in aspect.tags] for tag in sorted(wanted)]
        ways = [self._way(sorted(wanted), way, unwanted) for way in product(*givers)]
        masses = [prod(aspect.mass for aspect in way.values()) for way in ways]
        if wanted & unwanted or not any(masses):
            raise SceneError(refusal(self.aspects.values(), wanted, unwanted))
        return ways[weighted(random, list(accumulate(masses)))] if len(ways) > 1 else ways[0]

    def _way(self, wanted: Collection[str], givers: Collection[str], unwanted: Tags) -> dict[str, Restricted]:
        wishes: dict[str, set[str]] = {name: set() for name in self.aspects}
        for tag, giver in zip(wanted, givers, strict=True):
            wishes[giver].add(tag)
        return {name: aspect.restrict(frozenset(wishes[name]), unwanted) for name, aspect in self.aspects.items()}

    def _build(self, random: random.Random, drawn: Mapping[str, Drawn]) -> Scene:
        parts = tuple(part for part in self._parts(random, drawn) if part.layer)
        tags = TagGroups()
        for one in drawn.values():
            tags = tags.joined(one.tags)
        tags = TagGroups(*(tuple(dict.fromkeys(group)) for group in tags))  # eyebrows and mouth can both be sad
        camera = self._camera(random, drawn["shot"].value, drawn["tilt"].value)
        return Scene(parts, camera, drawn["background"].value, drawn["quality"].value, tags)

    def _parts(self, random: random.Random, drawn: Mapping[str, Drawn]) -> Iterable[Part]:
        """Return the parts, from the bottom to the top; those that aren't there have no layer."""
        person, who = drawn["figure"].value, self.vocabulary.data["person"]
        skin = self._strayed(random, drawn["figure"].options["skin"], "skin")
        top = self._strayed(random, drawn["figure"].options["colour"])
        beard = self._strayed(random, figure.hair_option(drawn["figure"])) if person.hat else top
        gaze, (eyebrows, mouth) = drawn["gaze"].value, drawn["mimic"].value
        options = drawn["gaze"].options
        is_halo = person.ears == self.vocabulary.data["halo"]["layer"]
        return (
            Part("base", who["base"], skin),
            Part("clothing", drawn["clothing"].value, self._strayed(random, drawn["clothing"].options["colour"])),
            Part("mouth", mouth),
            Part("nose", who["nose"]),
            Part("eyes", gaze.eyes),
            Part("irises", gaze.irises, self._strayed(random, options["eyes"]) if gaze.irises else BLACK),
            Part("eyebrows", eyebrows),
            Part("top", person.top, top),
            Part("ears", None if is_halo else person.ears, skin if person.furry else top),
            Part("facialHair", person.beard, beard),
            Part("accessories", gaze.eyewear, self._strayed(random, options["colour"])),
            Part("halo", person.ears if is_halo else None),
        )

    def _strayed(self, random: random.Random, option: Option, kind: str = "other") -> Colour:
        """Return a colour near the one that is named."""
        most = self.vocabulary.data["jitter"][kind]
        red, green, blue = (min(1.0, max(0.0, channel + random.uniform(-most, most))) for channel in option.value)
        return red, green, blue

    def _camera(self, random: random.Random, shot: tuple[float, float], tilted: bool) -> Camera:
        data = self.vocabulary.data["camera"]
        zoom = shot[0] * random.uniform(*data["zoom factor"])
        angle = random.choice([-1, 1]) * random.uniform(*data["tilt"]["angle"]) if tilted else 0.0
        sideways = random.uniform(-data["sideways"], data["sideways"])
        return Camera(zoom, sideways, shot[1], angle, random.random() < data["mirrored share"])
