"""Whether a task may be sent ahead: bound to a server that still works on another one."""

from __future__ import annotations

from .state import Fleet, Server
from .waiting import Kind

MARGIN = 3.0
"""How many times longer than measured a server is feared to need for what it has."""


def may_wait_at(fleet: Fleet, server: Server, kind: Kind, now: float) -> bool:
    """Return whether the server will come to the task before another one that could do it runs out of work.

    Where that is not sure, the task stays unbound: a gap between two jobs is short, a fast server's idleness behind a
    slow one is not.
    """
    rivals = [other for other in fleet.rivals(server) if any(map(other.can, fleet.waiting.kinds()))]
    start = MARGIN * _until_free(fleet, server, now)
    wanted = {
        other.name: max(0.0, start - _busy(fleet, other, server, now)) * fleet.speeds.at_most(other.name, server.name)
        for other in rivals
    }
    largest = max(fleet.waiting.largest, fleet.needs[fleet.waiting.first(kind).key].units)
    least = sum(wanted.values()) + largest * (1 + 2 * len(rivals))
    return all(_supply(fleet, other) >= least for other in rivals if wanted[other.name] and other.can(kind))


def _supply(fleet: Fleet, server: Server) -> float:
    """Return the waiting work that a server can do."""
    return sum(fleet.waiting.units(kind) for kind in fleet.waiting.kinds() if server.can(kind))


def _until_free(fleet: Fleet, server: Server, now: float) -> float:
    """Return the seconds until a server has done what is bound to it, rather too many than too few."""
    seconds, loaded = 0.0, server.loaded
    for key in server.bound:
        needs = fleet.needs[key]
        taken = needs.units / fleet.speeds.at_least(server.name)
        if key == server.running:
            taken += fleet.speeds.load(server.name) if server.loads else 0.0
            taken = _left(taken, now - server.began, fleet.speeds.is_measured(server.name))
        else:
            taken += fleet.load_seconds(server, needs.group, loaded)
        loaded = needs.group or loaded
        seconds += taken
    return seconds


def _left(taken: float, elapsed: float, measured: bool) -> float:
    """Return the seconds that a job may still need; one that is late, or only guessed at, is feared to drag on."""
    return max(taken - elapsed, taken / 4 if measured and elapsed < taken else elapsed)


def _busy(fleet: Fleet, server: Server, beside: Server, now: float) -> float:
    """Return the seconds for which a server has surely enough to do with what is bound to it."""
    speed = fleet.speeds.at_most(server.name, beside.name)
    seconds = sum(fleet.needs[key].units for key in server.bound) / speed
    return max(0.0, seconds - (now - server.began if server.running else 0.0))
