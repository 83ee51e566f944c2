"""Chooses: by a seed, the same on every system; or by a script, to go through all that can be chosen."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

UNIT = 2.0**-53


class Odds:
    """How often each of some options is chosen.

    Attributes:
        possible: the indices of those that can be chosen: their weight is not 0.
    """

    def __init__(self, weights: Sequence[float], possible: Sequence[int] | None = None) -> None:
        """Take the weights of all options; `possible` leaves out further ones."""
        indices = range(len(weights)) if possible is None else possible
        self.possible = [index for index in indices if weights[index] > 0]
        self._weights = weights
        self._sums = list(accumulate(weights[index] for index in self.possible))

    @property
    def total(self) -> float:
        """The sum of the weights; infinite, if they are too large."""
        return self._sums[-1] if self._sums else 0.0

    def at(self, unit: float) -> int:
        """Return the index that a number from 0 up to 1 falls on."""
        return self.possible[min(bisect(self._sums, unit * self.total), len(self.possible) - 1)]

    def weight(self, index: int) -> float:
        """Return the weight of an option."""
        return self._weights[index]

    def without(self, taken: Collection[int]) -> Odds:
        """Return the odds without some options."""
        return Odds(self._weights, [index for index in self.possible if index not in taken])


class Chooser(Protocol):
    """Makes an expansion's decisions. Each site asks with a key of its own."""

    def quantity(self, key: bytes, low: int, high: int) -> int:
        """Return a number from `low` to `high`, both included."""

    def sample(self, key: bytes, odds: Odds, count: int) -> list[int]:
        """Return `count` different indices, no more than are possible, in the order in which they were chosen."""


def key_below(key: bytes, label: str) -> bytes:
    """Return the key of what stands under `label` in the place that has `key`."""
    return hashlib.blake2b(label.encode("utf-8", "surrogatepass"), digest_size=16, key=key).digest()


class Seeded:
    """Chooses by hashing the seed with the site's key, so that no site's choice depends on another's.

    BLAKE2b gives 53 bits, which become a float from 0 to 1 exactly: the same on every system and Python.
    """

    def __init__(self, seed: int) -> None:
        """Take the seed: any whole number."""
        self._seed = f"{seed:x}".encode()

    def quantity(self, key: bytes, low: int, high: int) -> int:
        """Return a number from `low` to `high`, all equally often."""
        return low + int(next(self._units(key, b"quantity")) * (high - low + 1)) if low < high else low

    def sample(self, key: bytes, odds: Odds, count: int) -> list[int]:
        """Draw without putting back. What is drawn again is drawn anew, while that is not most of what there is."""
        units = self._units(key, b"option")
        if count == 1:
            return [odds.at(next(units))]
        found: list[int] = []
        while len(found) < count:
            odds = odds.without(set(found)) if found else odds
            found += _some(odds, count - len(found), units)
        return found

    def _units(self, key: bytes, purpose: bytes) -> Iterator[float]:
        """Yield the site's numbers from 0 up to, not including, 1."""
        number = 0
        while True:
            digest = hashlib.blake2b(self._seed, digest_size=8, key=key, salt=b"%d" % number, person=purpose)
            yield (int.from_bytes(digest.digest(), "big") >> 11) * UNIT
            number += 1


def _some(odds: Odds, most: int, units: Iterator[float]) -> list[int]:
    """Return up to `most` different indices, ending when half of their weight is taken."""
    found: dict[int, None] = {}
    taken = 0.0
    while len(found) < most and taken * 2 < odds.total:
        index = odds.at(next(units))
        if index not in found:
            found[index] = None
            taken += odds.weight(index)
    return list(found)


class Turn(NamedTuple):
    """A decision that was made: which of how many."""

    chosen: int
    of: int


class Scripted:
    """Makes the decisions of a script, then the first one each time, and writes down what there was to decide."""

    def __init__(self, script: Sequence[int] = ()) -> None:
        """Take the decisions, in the order in which they are asked for."""
        self._script = script
        self.turns: list[Turn] = []

    def quantity(self, key: bytes, low: int, high: int) -> int:
        """Return the script's number from `low` to `high`."""
        return low + self._turn(high - low + 1)

    def sample(self, key: bytes, odds: Odds, count: int) -> list[int]:
        """Return the script's indices."""
        left = list(odds.possible)
        return [left.pop(self._turn(len(left))) for _ in range(count)]

    def _turn(self, of: int) -> int:
        place = len(self.turns)
        self.turns.append(Turn(self._script[place] if place < len(self._script) else 0, of))
        return self.turns[-1].chosen

    def next_script(self) -> list[int] | None:
        """Return the script of the next combination, the last decision changing fastest; None behind the last one."""
        turns = list(self.turns)
        while turns and turns[-1].chosen + 1 == turns[-1].of:
            turns.pop()
        return [*(turn.chosen for turn in turns[:-1]), turns[-1].chosen + 1] if turns else None
