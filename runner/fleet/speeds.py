"""How fast servers work and load, measured as they do. Times are seconds, work is in the units of `Needs`."""

from __future__ import annotations

WEIGHT = 0.3
"""What the newest measurement counts beside all before it."""
UNKNOWN_RATIO = 16.0
"""How many times faster than another a server is feared to be, while it is not measured."""
TYPICAL_LOAD = 5.0
"""Seconds that a checkpoint is thought to take to load, before any was measured."""


class Speeds:
    """The measured speeds (units a second) and load times of servers: weighted means that favour what is new."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._speeds: dict[str, float] = {}
        self._loads: dict[str, float] = {}
        self._unsplit: dict[str, tuple[float, float]] = {}

    def measured(self, server: str, units: float, seconds: float, loaded: bool) -> None:
        """Take a finished job down: how much work it was, how long it took, and whether it loaded a checkpoint.

        A server's first job is load and work in one; the two are told apart once it has done a job without a load.
        """
        seconds = max(seconds, 1e-6)
        if not loaded:
            _mix(self._speeds, server, max(units, 1e-9) / seconds)
            first_units, first_seconds = self._unsplit.pop(server, (0.0, 0.0))
            if first_seconds:
                self.measured(server, first_units, first_seconds, loaded=True)
        elif server in self._speeds:
            _mix(self._loads, server, max(0.0, seconds - units / self._speeds[server]))
        else:
            self._unsplit[server] = (units, seconds)

    def is_measured(self, server: str) -> bool:
        """Whether a server's speed is known from a job without a load."""
        return server in self._speeds

    def speed(self, server: str) -> float:
        """Return a server's speed; the mean of the others' while it is unknown, and 1 where none is known."""
        return self._known(server) or _mean(self._speeds) or 1.0

    def at_least(self, server: str) -> float:
        """Return the speed that a server has with certainty: a small one while nothing was measured."""
        return self._known(server) or (min(self._speeds.values()) / UNKNOWN_RATIO if self._speeds else 1.0)

    def at_most(self, server: str, beside: str) -> float:
        """Return the speed that a server may have, feared to be great beside another's while it is unknown."""
        if server in self._speeds:
            return self._speeds[server]
        return UNKNOWN_RATIO * max([self.at_least(beside), *self._speeds.values()])

    def load(self, server: str) -> float:
        """Return the seconds that a checkpoint takes to load there, or a typical time while none is measured."""
        known = self._loads.get(server)
        return (_mean(self._loads) or TYPICAL_LOAD) if known is None else known

    def _known(self, server: str) -> float | None:
        if server in self._speeds:
            return self._speeds[server]
        units, seconds = self._unsplit.get(server, (0.0, 0.0))
        return units / seconds if units and seconds else None


def _mix(values: dict[str, float], server: str, new: float) -> None:
    old = values.get(server, new)
    values[server] = old + WEIGHT * (new - old)


def _mean(values: dict[str, float]) -> float:
    return sum(values.values()) / len(values) if values else 0.0
