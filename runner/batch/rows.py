"""What a batch is made of: rows of named values, each with the place that it came from, and their seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import UsageError
from ..request import SEEDS

Value = str | int | float | bool | None
"""A cell; None leaves the setting as it is."""
COUNT = "count"
"""The column that says how many jobs a row is, with seeds that count up."""
SEED = "seed"
MOST_JOBS = 100_000
"""Jobs in a batch; a grid grows fast."""
MOST_NAME = 200
"""Characters of a column's name."""


@dataclass(frozen=True)
class Row:
    """One row: its values in the order of their columns, and where it stands, for messages (`a.csv line 3`)."""

    values: Mapping[str, Value]
    origin: str


def checked_name(name: Any, where: str) -> str:
    """Return a column's name without white space around it.

    Raises:
        UsageError: if it is empty, no text, too long, or can't be shown in one line.
    """
    text = name.strip() if isinstance(name, str) else ""
    if not text or not text.isprintable() or len(text) > MOST_NAME:
        raise UsageError(f"{where}: {str(name)[:40]!a} is no name for a column; write a short text, such as steps")
    return text


def checked_value(value: Any, name: str, where: str) -> Value:
    """Return a value as it is.

    Raises:
        UsageError: if it is a list, a mapping, a date, or a number that is none.
    """
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    shown = f"the number {value}" if isinstance(value, float) else f"a {type(value).__name__}"
    raise UsageError(f"{where}: {name} is {shown}; write a text in quotes, a finite number, true or false")


def with_defaults(rows: Iterable[Row], defaults: Mapping[str, Value]) -> list[Row]:
    """Return rows that have the defaults where they have no value of their own."""
    if not defaults:
        return list(rows)
    return [replace(row, values={**defaults, **_given(row)}) for row in rows]


def _given(row: Row) -> dict[str, Value]:
    return {name: value for name, value in row.values.items() if value is not None}


def with_seeds(rows: Iterable[Row], choose: Callable[[], int], seed: str = SEED) -> list[Row]:
    """Return rows of which each has a seed: its own, or one that is chosen now."""
    return [
        row if row.values.get(seed) is not None else replace(row, values={**row.values, seed: choose()}) for row in rows
    ]


def repeated(rows: Iterable[Row], count: int = 1, seed: str = SEED) -> list[Row]:
    """Return each row `count` times, or as often as its own column `count` says, with seeds that count up.

    Raises:
        UsageError: if a count or a seed is no number that can be used, or there are too many jobs.
    """
    result: list[Row] = []
    for row in rows:
        for again in _again(row, count, seed):
            if len(result) == MOST_JOBS:
                raise too_many(row.origin)
            result.append(again)
    return result


def too_many(where: str) -> UsageError:
    """Return the error of a batch that is larger than any can be."""
    return UsageError(f"{where}: this makes more than {MOST_JOBS:,} jobs; make several batches of it")


def _again(row: Row, count: int, seed: str) -> Iterator[Row]:
    values = dict(row.values)
    own = values.pop(COUNT, None)
    times = count if own is None else whole(own, COUNT, row.origin, 1, MOST_JOBS)
    if times == 1:
        yield replace(row, values=values)
        return
    first = whole(values.get(seed), seed, row.origin, 0, SEEDS - 1)
    for number in range(times):
        yield replace(row, values={**values, seed: (first + number) % SEEDS})


def whole(value: Value, name: str, where: str, low: int, high: int) -> int:
    """Return a cell as a whole number.

    Raises:
        UsageError: if it is none, or out of range.
    """
    try:
        number = None if isinstance(value, bool | float) else int(value or 0)
    except ValueError:
        number = None
    if number is None or not low <= number <= high:
        place = f"{where}: " if where else ""
        raise UsageError(f"{place}{name} {str(value)[:40]!a} is no whole number from {low} to {high}; mend it")
    return number
