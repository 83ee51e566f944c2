"""How many options a variant takes: `{2$$a|b}`, `{1-2$$ and $$a|b}`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

HEAD = re.compile(r"\s*(\d*)(-?)(\d*)\$\$(?:(.*)\$\$)?", re.DOTALL)
JOINER = ", "
MOST_DIGITS = 9
MANY = 10**MOST_DIGITS


class Quantity(NamedTuple):
    """From `low` to `high` options are taken, and joined; `high` None is as many as there are."""

    low: int = 1
    high: int | None = 1
    joiner: str = JOINER

    def clipped(self, there: int) -> tuple[int, int]:
        """Return the least and most that can be taken of `there` options, in that order."""
        high = there if self.high is None else min(self.high, there)
        low = min(self.low, there)
        return min(low, high), max(low, high)

    def remark(self, there: int) -> str:
        """Return what is odd about it, where `there` options are, or an empty text."""
        if self.high is not None and self.low > self.high:
            return f"the range {self.low}-{self.high} is read as {self.high}-{self.low}"
        most = max(self.low, self.high or 0)
        return f"{most} options are asked for, but there are {there}: no more are taken" if most > there else ""


@lru_cache(maxsize=256)
def read_quantity(head: str) -> Quantity:
    """Return the quantity that a variant's head asks for; an empty head takes one option."""
    match = HEAD.fullmatch(head)
    if match is None:
        return Quantity()
    low, dash, high, joiner = match.groups()
    least = _number(low) if low else 1
    most = least if not dash else _number(high) if high else None
    return Quantity(least, most, JOINER if joiner is None else joiner)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= MOST_DIGITS else MANY
