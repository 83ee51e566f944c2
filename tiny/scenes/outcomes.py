"""Chance under wishes: outcomes with their tags, restricted to those that wanted and unwanted tags leave, then drawn.

What is drawn under wishes has exactly the chances that drawing without them, until one fits, would give it.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

from .scene import TagGroups

REMEMBERED = 128
"""Restrictions that an aspect keeps: a trainer has one, an evaluation asks the same few again and again."""


class Option(NamedTuple):
    """One of the values that a place in an outcome's tags can take, such as a colour with its name."""

    name: str
    value: Any
    weight: float = 1.0


class Outcome(NamedTuple):
    """A thing that can happen.

    Attributes:
        weight: its chance against the other outcomes of its aspect.
        value: what is chosen.
        tags: what is then true; `{place}` in a tag is the name of the option that is drawn for that place, and a tag
            that comes out empty is left away.
        places: the options for each place, drawn independently, whether or not a tag names them.
    """

    weight: float
    value: Any
    tags: TagGroups = TagGroups()
    places: Mapping[str, tuple[Option, ...]] = {}

    def said(self, names: Mapping[str, str]) -> TagGroups:
        """Return the tags with the places' names filled in."""
        filled = ([tag.format_map(names) if "{" in tag else tag for tag in group] for group in self.tags)
        return TagGroups(*(tuple(tag for tag in group if tag) for group in filled))

    def fixed(self) -> frozenset[str]:
        """Return the tags without a place."""
        return frozenset(tag for tag in self.tags.every() if "{" not in tag)

    def possible(self) -> frozenset[str]:
        """Return all the tags that it may come with."""
        open_ones = (tags for place, options in self.places.items() for tags in self.named(place, options))
        return self.fixed().union(*open_ones)

    def named(self, place: str, options: Sequence[Option]) -> list[frozenset[str]]:
        """Return for each option of a place the tags that name it."""
        mark = "{" + place + "}"
        templates = [tag for tag in self.tags.every() if mark in tag]
        return [frozenset(tag.replace(mark, option.name) for tag in templates) - {""} for option in options]


class Drawn(NamedTuple):
    """What happened: an outcome's value, the option of each place, and the tags."""

    value: Any
    options: Mapping[str, Option]
    tags: TagGroups


class Restricted(Protocol):
    """An aspect under wishes.

    Attributes:
        mass: the chance that the wishes come true without being asked for; 0 where they can't.
    """

    mass: float

    def draw(self, random: random.Random) -> Drawn:
        """Return what happened; `mass` must be above 0."""
        ...


class Aspect(Protocol):
    """Something about a picture that is drawn independently of its other aspects.

    Attributes:
        tags: all the tags that it can give.
    """

    tags: frozenset[str]

    def restrict(self, wanted: frozenset[str], unwanted: frozenset[str]) -> Restricted:
        """Return what is left of it. Every wanted tag must come from this aspect."""
        ...


def weighted(random: random.Random, sums: Sequence[float]) -> int:
    """Return an index, by the running sums of the weights."""
    return min(bisect(sums, random.random() * sums[-1]), len(sums) - 1)


class Place(NamedTuple):
    """The options that wishes leave to a place, with the running sums of their weights, and their share of all."""

    options: tuple[Option, ...]
    sums: tuple[float, ...]
    share: float


class Prepared(NamedTuple):
    """An outcome, with what every restriction asks of it.

    Attributes:
        outcome: itself.
        fixed: its tags without a place.
        possible: all the tags that it may come with.
        keys: for each place its tags and options: outcomes with the same key are restricted there alike.
    """

    outcome: Outcome
    fixed: frozenset[str]
    possible: frozenset[str]
    keys: Mapping[str, tuple[Any, ...]]


def prepare(outcome: Outcome, numbers: dict[tuple[Option, ...], int]) -> Prepared:
    """Return an outcome ready for restrictions; `numbers` tells lists of options apart."""
    keys = {
        place: (
            tuple(tag for tag in outcome.tags.every() if "{" + place + "}" in tag),
            numbers.setdefault(options, len(numbers)),
        )
        for place, options in outcome.places.items()
    }
    return Prepared(outcome, outcome.fixed(), outcome.possible(), keys)


class Fitting(NamedTuple):
    """An outcome that wishes leave, and what they leave of its places."""

    outcome: Outcome
    places: Mapping[str, Place]
    weight: float


class Restriction:
    """What wishes leave of outcomes, each place that outcomes share being restricted once."""

    def __init__(self, wanted: frozenset[str], unwanted: frozenset[str]) -> None:
        self.wanted = wanted
        self.unwanted = unwanted
        self._places: dict[Any, Place] = {}

    def fit(self, prepared: Prepared) -> Fitting | None:
        """Return what is left of an outcome, None for nothing."""
        outcome, fixed, possible, keys = prepared
        if not self.unwanted.isdisjoint(fixed) or not self.wanted <= possible:
            return None
        others = self.wanted - fixed
        places = {name: self._place(outcome, name, others, key) for name, key in keys.items()}
        weight = outcome.weight
        for place in places.values():
            weight *= place.share
        return Fitting(outcome, places, weight) if weight > 0 else None

    def _place(self, outcome: Outcome, name: str, wanted: frozenset[str], key: tuple[Any, ...]) -> Place:
        known = (key, wanted)
        if known not in self._places:
            self._places[known] = self._restricted(outcome, name, wanted)
        return self._places[known]

    def _restricted(self, outcome: Outcome, name: str, wanted: frozenset[str]) -> Place:
        """Restrict a place: an option's tags must hold every wanted one that a tag of this place can give."""
        options = outcome.places[name]
        named = outcome.named(name, options)
        needed = wanted.intersection(frozenset().union(*named))
        fitting = [o for o, tags in zip(options, named, strict=True) if needed <= tags and not self.unwanted & tags]
        sums = tuple(accumulate(option.weight for option in fitting))
        return Place(tuple(fitting), sums, (sums[-1] if sums else 0.0) / sum(option.weight for option in options))


class Chosen:
    """The outcomes that wishes leave, ready to be drawn."""

    def __init__(self, fitting: Sequence[Fitting], total: float) -> None:
        self.fitting = fitting
        self.sums = list(accumulate(one.weight for one in fitting))
        self.mass = self.sums[-1] / total if self.sums else 0.0

    def draw(self, random: random.Random) -> Drawn:
        """Draw an outcome, then an option for each of its places."""
        outcome, places, _ = self.fitting[weighted(random, self.sums)]
        options = {name: place.options[weighted(random, place.sums)] for name, place in places.items()}
        return Drawn(outcome.value, options, outcome.said({name: option.name for name, option in options.items()}))


class Listed:
    """An aspect whose outcomes are listed.

    Args:
        outcomes: what can happen.
        reserve: what happens only under wishes that none of `outcomes` meets.
    """

    def __init__(self, outcomes: Sequence[Outcome], reserve: Sequence[Outcome] = ()) -> None:
        numbers: dict[tuple[Option, ...], int] = {}
        self.outcomes = [prepare(outcome, numbers) for outcome in outcomes]
        self.reserve = [prepare(outcome, numbers) for outcome in reserve]
        self.tags = frozenset().union(*(prepared.possible for prepared in (*self.outcomes, *self.reserve)))
        self._total = sum(outcome.weight for outcome in outcomes)
        self._restrict = lru_cache(REMEMBERED)(self._restrict_anew)

    def restrict(self, wanted: Collection[str], unwanted: Collection[str]) -> Chosen:
        """Return the outcomes that have every wanted tag and can do without the unwanted ones."""
        return self._restrict(frozenset(wanted), self.tags.intersection(unwanted))

    def _restrict_anew(self, wanted: frozenset[str], unwanted: frozenset[str]) -> Chosen:
        restriction = Restriction(wanted, unwanted)
        for outcomes in (self.outcomes, self.reserve):
            fitting = [found for prepared in outcomes if (found := restriction.fit(prepared))]
            if fitting:
                break
        return Chosen(fitting, self._total)
