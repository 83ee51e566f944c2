"""The lists that several profiles share (`data/families/_shared.yaml`), and how a profile refers to them: `$name`."""

from __future__ import annotations

from functools import cache
from typing import Any

from ..errors import nearest_names
from ..resources import DATA, load_yaml
from .checks import Wrong

SIGN = "$"
DEEPEST = 6
"""Levels of tables in a profile; more is no profile."""


def expand(values: Any, field: str = "", depth: int = 0) -> Any:
    """Return a profile's values with each `$name` replaced by what the shared file holds under that name.

    Raises:
        Wrong: for a name that the shared file lacks.
    """
    if depth > DEEPEST:
        raise Wrong(field, "lies too deep to be a field")
    if isinstance(values, dict):
        return {key: expand(value, f"{field}.{key}" if field else str(key), depth + 1) for key, value in values.items()}
    if isinstance(values, list):
        return [part for item in values for part in _parts(item, field)]
    if isinstance(values, str) and values.startswith(SIGN) and field == "variants":
        return _look_up(_shared()["variants"], values, field)
    return values


def reason(word: str) -> str:
    """Return whose word it is, in words, or an empty string."""
    return _reasons().get(word, "")


def _parts(item: Any, field: str) -> list[Any]:
    if not isinstance(item, str) or not item.startswith(SIGN):
        return [item]
    return list(_look_up(_shared()["lists"], item, field)["items"])


def _look_up(shared: dict[str, Any], name: str, field: str) -> Any:
    if name[len(SIGN) :] not in shared:
        known = [SIGN + other for other in shared]
        raise Wrong(field, f"names no shared list {name!r}; {nearest_names(name, known) or f'there are {known}'}")
    return shared[name[len(SIGN) :]]


@cache
def _shared() -> dict[str, dict[str, Any]]:
    return dict(load_yaml(DATA / "families" / "_shared.yaml"))


@cache
def _reasons() -> dict[str, str]:
    lists = reversed(_shared()["lists"].values())
    return {word: entry["reason"] for entry in lists if "reason" in entry for word in entry["items"]}
