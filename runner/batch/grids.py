"""Grids: the values of some settings, each combined with each."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any, NamedTuple

from ..errors import UsageError
from .rows import MOST_JOBS, Row, Value, checked_name, checked_value, too_many


class Axis(NamedTuple):
    """A setting and the values that it takes, in their order."""

    name: str
    values: tuple[Value, ...]


def parse_axis(text: str) -> Axis:
    """Return an axis from `name=value,value`; a value that holds a comma stands in double quotes.

    Raises:
        UsageError: if it is written otherwise.
    """
    where = f"--grid {text[:60]!a}"
    name, equals, listed = text.partition("=")
    if not equals:
        raise UsageError(f"{where}: write name=value,value, such as cfg=4,6,8")
    try:
        lines = list(csv.reader([listed], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise UsageError(
            f"{where}: {error}; a value in quotes ends with a quote, and a quote in it is doubled"
        ) from None
    return axis(name, [value.strip() for value in lines[0]] if lines else [], where)


def axis(name: Any, values: Any, where: str) -> Axis:
    """Return an axis after looking at its name and values.

    Raises:
        UsageError: if a value is missing, of no kind that a cell has, or there twice.
    """
    known = checked_name(name, where)
    if not isinstance(values, list) or not values:
        raise UsageError(f"{where}: {known} has no list of values; write them with commas between them")
    if "" in values or None in values:
        raise UsageError(f"{where}: {known} has an empty value; take a comma away")
    checked = tuple(checked_value(value, known, where) for value in values)
    kinds = [(type(value), value) for value in checked]
    double = next((value for place, (_, value) in enumerate(kinds) if kinds[place] in kinds[:place]), None)
    if double is not None:
        raise UsageError(f"{where}: {known} has the value {str(double)[:40]!a} twice; each is one picture")
    return Axis(known, checked)


def combined(rows: Sequence[Row], axes: Sequence[Axis]) -> list[Row]:
    """Return each row with each combination of the axes' values; the last axis changes fastest.

    Raises:
        UsageError: if two axes have one name, a row has a value for an axis, or there are too many jobs.
    """
    names = [one.name for one in axes]
    _check_names(rows, names)
    if len(rows) * prod(len(one.values) for one in axes) > MOST_JOBS:
        raise too_many("the grid")
    return [
        replace(row, values={**row.values, **dict(zip(names, cell, strict=True))}, origin=_origin(row, names, cell))
        for row in rows
        for cell in product(*(one.values for one in axes))
    ]


def _check_names(rows: Sequence[Row], names: Sequence[str]) -> None:
    double = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if double is not None:
        raise UsageError(f"the grid has {double!a} twice; write all its values in one place")
    for row in rows:
        both = next((name for name in names if row.values.get(name) is not None), None)
        if both is not None:
            raise UsageError(f"{row.origin}: {both!a} is a column and in the grid; take it out of one of them")


def _origin(row: Row, names: Iterable[str], cell: Iterable[Value]) -> str:
    shown = ", ".join(f"{name}={str(value)[:40]!a}" for name, value in zip(names, cell, strict=True))
    return f"{row.origin}, {shown}" if shown else row.origin
