"""Watches runs, such as the prompts of a server: what they leave reserved goes back soon after they are over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .errors import WalletError

if TYPE_CHECKING:
    from .ledger import Wallet

RESERVED = 600.0
"""Seconds until a reservation expires that nobody renews: its server was killed."""
RENEWED = 120.0
"""Seconds after which the reservations of a run that goes on are renewed."""
INTERVAL = 2.0
"""Seconds between two looks."""


class Watched:
    """A run and when its reservations were last known to be good for `RESERVED` seconds."""

    def __init__(self, wallet: Wallet, user: str, run: str, is_over: Callable[[], bool], now: float) -> None:
        self.wallet, self.user, self.run, self.is_over, self.renewed = wallet, user, run, is_over, now

    def jobs(self) -> list[str]:
        """Return the keys of its open reservations."""
        return [found.key for found in self.wallet.reservations(self.user, run=self.run, only_open=True)]

    def release(self) -> None:
        """Let all that is open go back."""
        for job in self.jobs():
            self.wallet.release(self.user, job)

    def renew(self, now: float) -> None:
        """Postpone the expiry of what is open."""
        jobs = self.jobs()
        if jobs:
            self.wallet.renew(self.user, jobs, RESERVED)
        self.renewed = now


class Watch:
    """Looks at its runs every `INTERVAL` seconds, in a thread that lives as long as there are any."""

    def __init__(self, interval: float = INTERVAL, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval, self._clock = interval, clock
        self._lock = threading.Lock()
        self._runs: list[Watched] = []
        self._thread: threading.Thread | None = None
        self._is_failing = False

    def add(self, wallet: Wallet, user: str, run: str, is_over: Callable[[], bool]) -> None:
        """Watch a run from now on; begin before anything is reserved for it.

        Args:
            wallet: used in a thread of its own.
            user: who pays.
            run: the name that its reservations carry.
            is_over: called in that thread, until it returns True.
        """
        with self._lock:
            self._runs.append(Watched(wallet, user, run, is_over, self._clock()))
            if self._thread is None:
                self._thread = threading.Thread(target=self._look_often, name="image tokens", daemon=True)
                self._thread.start()

    def look(self) -> int:
        """Release what is over, renew what is not; return how many runs are left to watch."""
        with self._lock:
            runs = list(self._runs)
        done = [run for run in runs if self._is_done(run)]
        with self._lock:
            self._runs = [run for run in self._runs if run not in done]
            return len(self._runs)

    def _look_often(self) -> None:
        while True:
            time.sleep(self._interval)
            self.look()
            with self._lock:
                if not self._runs:
                    self._thread = None
                    return

    def _is_done(self, run: Watched) -> bool:
        """Look at a run; whatever fails is told once and tried again, until its reservations have expired."""
        now = self._clock()
        try:
            is_over = run.is_over()
            if is_over:
                run.release()
            elif now - run.renewed >= RENEWED:
                run.renew(now)
            self._is_failing = False
            return is_over
        except Exception as error:  # the thread must live on, whatever a database or a server does
            self._tell(error)
            return now - run.renewed > RESERVED and _can_be_left(run)

    def _tell(self, error: Exception) -> None:
        if not self._is_failing:
            said = error if isinstance(error, WalletError) else f"{type(error).__name__}: {error}"
            logging.getLogger(__name__).warning("Tagloom can't release image tokens yet, and tries again: %s", said)
        self._is_failing = True


def _can_be_left(run: Watched) -> bool:
    try:
        return run.is_over()
    except Exception:  # it was told already
        return True
