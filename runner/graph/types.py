"""Whether what one slot gives fits what another takes."""

from __future__ import annotations

from typing import Any


def name_of(kind: Any) -> str:
    """Return a slot's type as a text; a list of types becomes one with commas."""
    if isinstance(kind, list):
        return ",".join(str(each) for each in kind)
    return "" if kind in (None, 0, False) else str(kind)


def is_any(kind: Any) -> bool:
    """Return whether a slot takes anything."""
    return name_of(kind) in ("", "*")


def fits(one: Any, other: Any) -> bool:
    """Return whether two slots can be connected: same types in any case, one of a list with commas, or a wildcard."""
    if is_any(one) or is_any(other):
        return True
    ones, others = (name_of(kind).lower().split(",") for kind in (one, other))
    if len(ones) == len(others) == 1:
        return ones == others
    return any(not a or not b or "*" in (a, b) or a == b for a in ones for b in others)
