"""Which task a server takes next: of the group that it has loaded, else of the one that gains most from it."""

from __future__ import annotations

from .state import Fleet, Server
from .waiting import Kind

PATIENCE = 3600.0
"""Seconds after which a group that nobody works on comes before the one that a server has loaded."""


def choice(fleet: Fleet, server: Server, now: float) -> Kind | None:
    """Return the kind whose first task a server would take next, or None if it can do nothing that waits."""
    heads = _heads(fleet, server)
    if not heads:
        return None
    urgent = _urgent(fleet, server, heads, now)
    if urgent is not None:
        return heads[urgent]
    tail = fleet.tail(server)
    return heads[tail] if tail in heads else heads[max(heads, key=lambda group: _gain(fleet, server, heads, group))]


def _heads(fleet: Fleet, server: Server) -> dict[str, Kind]:
    """Return for each group the kind that holds its first task that the server can do."""
    heads: dict[str, Kind] = {}
    for kind in fleet.waiting.kinds():
        if server.can(kind):
            other = heads.get(kind.group)
            if other is None or fleet.waiting.first(kind) < fleet.waiting.first(other):
                heads[kind.group] = kind
    return heads


def _urgent(fleet: Fleet, server: Server, heads: dict[str, Kind], now: float) -> str | None:
    """Return the group that was not served for the longest, if that is too long; a server does so once in a while."""
    if now - server.switched < PATIENCE:
        return None
    oldest = min(heads, key=lambda group: fleet.since.get(group, now))
    return oldest if now - fleet.since.get(oldest, now) >= PATIENCE else None


def _gain(fleet: Fleet, server: Server, heads: dict[str, Kind], group: str) -> tuple[bool, float, int, float, int]:
    """Return how good it is that a server takes up a group: the most is the best.

    First what nobody else can do; then what would last longest without it, for ever if nobody works on it; then what
    few can do; then what is most work; then the tasks' order.
    """
    others = [other for other in fleet.up() if other is not server]
    kinds = [kind for kind in fleet.waiting.kinds() if kind.group == group]
    units = sum(fleet.waiting.units(kind) for kind in kinds)
    able = sum(any(other.can(kind) for kind in kinds) for other in others)
    speed = sum(fleet.speeds.speed(other.name) for other in others if group and fleet.tail(other) == group)
    lasts = units / speed if speed else float("inf")
    return (able == 0, lasts, -able, units, -fleet.waiting.first(heads[group]).number)
