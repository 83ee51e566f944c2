"""A clock for waiting on a server, on a machine whose own clocks may jump: laptops sleep, and clocks are set."""

from __future__ import annotations

import time
from collections.abc import Callable

GAP = 30.0
"""Seconds that one look at the clocks may add: more has passed only while nobody could have listened."""
JUMP = 10.0
"""Seconds between what two clocks say that mean sleep, or a clock that was set."""


class Clock:
    """Counts seconds in `now` by two clocks, the wall's and a steady one; `jumped` stays until somebody has seen to it.

    A gap between two looks counts for no more than `GAP`: after a sleep, on whatever clock it shows, a server gets time
    to be heard before it counts as silent. A clock that is set back counts for nothing.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._last = (wall(), steady())
        self.now = 0.0
        self.jumped = False

    def tick(self) -> bool:
        """Look at the clocks; return whether there was a jump, after which connections may be dead."""
        last, self._last = self._last, (self._wall(), self._steady())
        by_wall, by_steady = (new - old for new, old in zip(self._last, last, strict=True))
        jumped = abs(by_wall - by_steady) > JUMP or by_steady > 4 * GAP
        passed = max(by_steady, by_wall) if jumped else by_steady
        self.now += min(max(passed, 0.0), GAP)
        self.jumped = self.jumped or jumped
        return jumped
