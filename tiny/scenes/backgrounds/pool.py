"""The pool of background pictures that scenes choose from: planned at once, each painted when it is first seen."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..errors import VocabularyError
from ..outcomes import Listed, Option, Outcome, weighted
from ..scene import Colour, TagGroups
from ..vocabulary import Vocabulary
from . import fires, patterns, places, skies
from .canvas import SIDE

Painter = Callable[[random.Random, Colour], Image.Image]
"""Paints a background of SIDE by SIDE pixels; most care for no colour."""

PAINTERS: Mapping[str, Painter] = {
    painter.__name__: painter
    for painter in (
        patterns.plain,
        patterns.gradient,
        patterns.polka_dots,
        patterns.stripes,
        skies.night,
        skies.sunset,
        skies.rain,
        skies.snow,
        skies.petals,
        places.forest,
        places.beach,
        places.city,
        fires.fire,
        fires.blue_fire,
        fires.burning_forest,
    )
}


class Background(NamedTuple):
    """A background as it is planned: who paints it, in which colour, from which seed, and what is then true."""

    painter: str
    colour: Colour
    seed: str
    tags: tuple[str, ...]

    def paint(self) -> np.ndarray:
        """Return the picture: SIDE x SIDE x 3, uint8."""
        return np.asarray(PAINTERS[self.painter](random.Random(self.seed), self.colour))


class Kind(NamedTuple):
    """A kind of background with one of the colours it can have, and its chance."""

    painter: str
    colour: Option
    tags: tuple[str, ...]
    chance: float


def kinds(words: Vocabulary) -> Iterator[Kind]:
    """Return all kinds; those whose tags name no colour come once, with none.

    Raises:
        VocabularyError: for a painter that there is not.
    """
    for index, entry in enumerate(words.data["backgrounds"]):
        if entry["painter"] not in PAINTERS:
            known = ", ".join(PAINTERS)
            place = f"backgrounds[{index}].painter"
            raise VocabularyError(f"{place}: {entry['painter']!r} is not a painter; there are {known}")
        coloured = any("{colour}" in tag for tag in entry["tags"])
        colours = words.palette("clothing") if coloured else (Option("", (0.0, 0.0, 0.0)),)
        for colour in colours:
            tags = tuple(tag.replace("{colour}", colour.name) for tag in entry["tags"])
            yield Kind(entry["painter"], colour, tags, entry.get("weight", 1.0) / len(colours))


class Pool:
    """Backgrounds by number.

    Args:
        words: the vocabulary.
        count: how many scenes choose from; after them come the kinds that chance left out, for wishes only.
        seed: chooses them.

    Attributes:
        backgrounds: all of them.
        aspect: the choice among them, whose value is the number.
    """

    def __init__(self, words: Vocabulary, count: int, seed: int) -> None:
        if count < 1:
            raise ValueError(f"backgrounds: {count} is too few, there must be one at least")
        every = list(kinds(words))
        sums = list(accumulate(kind.chance for kind in every))
        stray = words.data["jitter"]["other"]
        dice = random.Random(f"{seed} kinds")
        chosen = [every[weighted(dice, sums)] for _ in range(count)]
        missing = [kind for kind in every if kind not in set(chosen)]
        planned = enumerate(chosen + missing)
        self.backgrounds = [plan(kind, f"{seed} {index}", stray) for index, kind in planned]
        outcomes = [
            Outcome(1.0, index, TagGroups(background=background.tags))
            for index, background in enumerate(self.backgrounds)
        ]
        self.aspect = Listed(outcomes[:count], reserve=outcomes[count:])
        self._painted: dict[int, np.ndarray] = {}

    def picture(self, number: int) -> np.ndarray:
        """Return a background: SIDE x SIDE x 3, uint8."""
        if number not in self._painted:
            self._painted[number] = self.backgrounds[number].paint()
        return self._painted[number]


def plan(kind: Kind, seed: str, stray: float) -> Background:
    """Return a background of a kind, in a colour near the one that it names."""
    dice = random.Random(f"{seed} colour")
    red, green, blue = (min(1.0, max(0.0, x + dice.uniform(-stray, stray))) for x in kind.colour.value)
    return Background(kind.painter, (red, green, blue), seed, kind.tags)


__all__ = ["PAINTERS", "SIDE", "Background", "Pool"]
