"""Checks of values in a profile: each accepts a value or raises `Wrong`, and says what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..errors import SizeError, nearest_names
from ..sizes import parse_size

ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
Check: TypeAlias = Callable[[Any, str], None]
"""Takes a value and its field's name."""


class Wrong(Exception):
    """A field of a profile, and what is wrong with it."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(field, what)
        self.field = field
        self.what = what


def text(value: Any, field: str) -> None:
    """Accept any text."""
    if not isinstance(value, str):
        raise Wrong(field, f"is {_kind(value)}, not a text; put it in quotes")


def flag(value: Any, field: str) -> None:
    """Accept true and false."""
    if not isinstance(value, bool):
        raise Wrong(field, f"is {_kind(value)}; write true or false")


def number(value: Any, field: str) -> None:
    """Accept a number from 0 to 10,000."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10_000:
        raise Wrong(field, f"is {_kind(value)}; write a number from 0 to 10000")


def whole(value: Any, field: str) -> None:
    """Accept a whole number from 0 to 100,000."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100_000:
        raise Wrong(field, f"is {_kind(value)}; write a whole number")


def family_id(value: Any, field: str) -> None:
    """Accept a family's id."""
    text(value, field)
    if not ID.fullmatch(value):
        raise Wrong(field, f"{value!r} is no id: small letters, digits and underscores, a letter first")


def size(value: Any, field: str) -> None:
    """Accept WIDTHxHEIGHT."""
    text(value, field)
    try:
        parse_size(value)
    except SizeError as error:
        raise Wrong(field, str(error)) from error


def pattern(value: Any, field: str) -> None:
    """Accept a regular expression that matches something."""
    text(value, field)
    try:
        empty = re.compile(f"(?:{value})", re.IGNORECASE).fullmatch("")
    except (re.error, RecursionError, OverflowError) as error:
        raise Wrong(field, f"{value!r} is no regular expression ({error})") from error
    if empty:
        raise Wrong(field, f"{value!r} matches the empty text, so it would match every file")


def one_of(allowed: Callable[[], tuple[str, ...]]) -> Check:
    """Return a check that accepts some texts only."""

    def check(value: Any, field: str) -> None:
        text(value, field)
        if value not in allowed():
            hint = nearest_names(value, allowed()) or f"allowed are {', '.join(allowed())}"
            raise Wrong(field, f"can't be {value!r}; {hint}")

    return check


def several(check: Check) -> Check:
    """Return a check that accepts a list, each of its items checked."""

    def checked(value: Any, field: str) -> None:
        if not isinstance(value, list):
            raise Wrong(field, f"is {_kind(value)}, not a list; write [one, two]")
        for at, item in enumerate(value, 1):
            check(item, f"{field}, item {at}")

    return checked


def either(check: Check, none: str) -> Check:
    """Return a check that accepts null too, where `none` says what null means."""

    def checked(value: Any, field: str) -> None:
        if value is not None:
            try:
                check(value, field)
            except Wrong as error:
                raise Wrong(error.field, f"{error.what}, or null for {none}") from error

    return checked


def table(fields: Mapping[str, Check]) -> Check:
    """Return a check that accepts a mapping with these fields only."""

    def check(value: Any, field: str) -> None:
        for name in _mapping(value, field):
            inner = f"{field}.{name}" if field else str(name)
            if name not in fields:
                hint = nearest_names(str(name), fields) or f"allowed are {', '.join(fields)}"
                raise Wrong(inner, f"is no field; {hint}")
            fields[name](value[name], inner)

    return check


def named(check: Check, names: Check = text) -> Check:
    """Return a check that accepts a mapping whose names and values are checked."""

    def checked(value: Any, field: str) -> None:
        for name in _mapping(value, field):
            names(name, f"{field}, name {name!r}")
            check(value[name], f"{field}.{name}")

    return checked


def _mapping(value: Any, field: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise Wrong(field or "the file", f"is {_kind(value)}, not a table of fields")
    return value


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    shown = f" ({value!r})" if isinstance(value, bool | int | float | str) else ""
    return kinds.get(type(value), "something else") + shown
