"""Quality tags, and the damage that makes the low ones true."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import comb, prod
from typing import Any, NamedTuple

from .outcomes import Drawn, weighted
from .scene import Damage, TagGroups
from .vocabulary import Vocabulary


class Words:
    """From one to `most` of a list's tags, of which wishes ask for some and rule out others."""

    def __init__(self, tags: Sequence[str], most: int, wanted: frozenset[str], unwanted: frozenset[str]) -> None:
        self.needed = [tag for tag in tags if tag in wanted]
        self.free = [tag for tag in tags if tag not in wanted and tag not in unwanted]
        self.counts = range(1, most + 1)
        spoiled = any(tag in unwanted for tag in self.needed)
        chances = [0.0 if spoiled else self._chance(count, len(tags)) for count in self.counts]
        self.sums = list(accumulate(chances))
        self.mass = self.sums[-1] / most

    def _chance(self, count: int, among: int) -> float:
        """Return the chance that so many tags hold all the needed ones and no unwanted one."""
        others = count - len(self.needed)
        return comb(len(self.free), others) / comb(among, count) if others >= 0 else 0.0

    def draw(self, random: random.Random) -> list[str]:
        """Return tags, in random order."""
        count = self.counts[weighted(random, self.sums)]
        tags = self.needed + random.sample(self.free, count - len(self.needed))
        random.shuffle(tags)
        return tags


class Blow(NamedTuple):
    """One kind of damage that may be dealt, with the chance that wishes leave it, and the tags that they leave it.

    Attributes:
        entry: its entry in the vocabulary.
        needed: tags that must be said of it.
        free: tags that may be.
        hit: the chance that it is dealt and said so.
        missed: the chance that it is not dealt.
    """

    entry: Mapping[str, Any]
    needed: list[str]
    free: list[str]
    hit: float
    missed: float

    def amount(self, random: random.Random) -> float:
        """Return how much of it is dealt."""
        if "one of" in self.entry:
            return random.choice(self.entry["one of"])
        return random.uniform(*self.entry["amount"])

    def said(self, random: random.Random) -> list[str]:
        """Return the tags that name it."""
        if not self.entry.get("tags"):
            return []
        tags = self.needed + random.sample(self.free, self.entry.get("said", 1) - len(self.needed))
        random.shuffle(tags)
        return tags


def blow(entry: Mapping[str, Any], wanted: frozenset[str], unwanted: frozenset[str]) -> Blow:
    """Restrict a kind of damage to what wishes leave of it."""
    tags, said = entry.get("tags", []), entry.get("said", 1)
    needed = [tag for tag in tags if tag in wanted]
    free = [tag for tag in tags if tag not in wanted and tag not in unwanted]
    others = said - len(needed)
    chance = (comb(len(free), others) / comb(len(tags), said) if others >= 0 else 0.0) if tags else 1.0
    return Blow(entry, needed, free, entry["share"] * chance, 0.0 if needed else 1 - entry["share"])


def deal(random: random.Random, blows: Sequence[Blow]) -> tuple[dict[str, float], list[str]]:
    """Deal damage: return the amounts by kind, and the tags that name it."""
    amounts, tags = {}, []
    for one in blows:
        if random.random() * (one.hit + one.missed) < one.hit:
            amounts[one.entry["kind"]] = one.amount(random)
            tags += one.said(random)
    return amounts, tags


class Tier:
    """High, low or no quality tags, under wishes.

    Attributes:
        mass: the chance of this tier and of all that is wished of it.
    """

    def __init__(self, data: Mapping[str, Any], share: float, wanted: frozenset[str], unwanted: frozenset[str]) -> None:
        self.words = Words(data["tags"], data["most"], wanted, unwanted) if "tags" in data else None
        self.blows = [blow(entry, wanted, unwanted) for entry in data.get("damage", ())]
        self.otherwise = [blow(entry, wanted, unwanted) for entry in data.get("else", ())]
        dealt = prod(one.hit + one.missed for one in self.blows)
        self.mass = share * (self.words.mass if self.words else 1.0) * dealt * (wanted <= tier_tags(data))

    def draw(self, random: random.Random) -> Drawn:
        """Return the damage as the value, and the tags."""
        tags = self.words.draw(random) if self.words else []
        amounts, said = deal(random, self.blows)
        if not amounts:
            amounts, _ = deal(random, self.otherwise)
        return Drawn(Damage(**amounts), {}, TagGroups(quality=(*tags, *said)))


def tier_tags(data: Mapping[str, Any]) -> frozenset[str]:
    """Return all the tags that a tier can give."""
    return frozenset(data.get("tags", ())).union(*(entry.get("tags", ()) for entry in data.get("damage", ())))


class ChosenQuality:
    """The tiers that wishes leave."""

    def __init__(self, tiers: Sequence[Tier]) -> None:
        self.tiers = tiers
        self.sums = list(accumulate(tier.mass for tier in tiers))
        self.mass = self.sums[-1]

    def draw(self, random: random.Random) -> Drawn:
        """Draw a tier, then from it."""
        return self.tiers[weighted(random, self.sums)].draw(random)


class Quality:
    """The aspect of quality, whose value is the damage."""

    def __init__(self, words: Vocabulary) -> None:
        self._data = words.data["quality"]
        self.tags = frozenset().union(*map(tier_tags, self._data.values()))
        named = sum(self._data[tier]["share"] for tier in ("high", "low"))
        self._shares = {"none": 1 - named} | {tier: self._data[tier]["share"] for tier in ("high", "low")}

    def restrict(self, wanted: frozenset[str], unwanted: frozenset[str]) -> ChosenQuality:
        """Return the tiers that can give every wanted tag and do without the unwanted ones."""
        return ChosenQuality([Tier(self._data[name], share, wanted, unwanted) for name, share in self._shares.items()])
