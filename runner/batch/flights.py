"""The tasks of a run that are not at their ends: which are at a server, and which an earlier process left there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..fleet.scheduler import Scheduler
from ..fleet.tasks import Task
from ..jobs.job import State
from .journal import Journal
from .records import Attempt

MOST_FETCHING = 4
"""Jobs of a server whose files may be on their way while it is given others: a slow network holds it up then."""


@dataclass
class Flight:
    """A task at a server.

    Attributes:
        job_id: under which it was posted.
        running: whether the server has begun.
        adopted: whether an earlier process posted it.
        taken_back: whether that one cancelled it when it was left.
        made_room: whether its server was given another task already, while its files are on their way.
    """

    task: Task
    number: int
    server: str
    job_id: str
    running: bool = False
    adopted: bool = False
    taken_back: bool = False
    made_room: bool = False

    @property
    def key(self) -> str:
        """The task's."""
        return self.task.key


class Flights:
    """What is open, and where it is."""

    def __init__(self, tasks: Sequence[Task], journal: Journal, scheduler: Scheduler) -> None:
        """Take what the journal has no end of; what is at a server is kept from the scheduler."""
        self._journal, self._scheduler = journal, scheduler
        entries = {entry.key: entry for entry in journal.entries()}
        self._numbers = {key: entry.number for key, entry in entries.items()}
        self.open = {task.key: task for task in tasks if entries[task.key].is_open}
        self._flying: dict[str, Flight] = {}
        self._left = {key: attempt for key, attempt in journal.in_flight().items() if key in self.open}
        for task in tasks:
            if task.key not in self.open or task.key in self._left:
                scheduler.forget(task.key)

    def flying(self) -> list[Flight]:
        """Return what is at a server."""
        return list(self._flying.values())

    def of(self, key: str, job_id: str) -> Flight | None:
        """Return a task's flight if it goes by this id; events of others are of the past."""
        flight = self._flying.get(key)
        return flight if flight is not None and flight.job_id == job_id else None

    def post(self, key: str, server: str, job_id: str) -> Flight:
        """Note that a task is about to be posted."""
        self._journal.post(key, server, job_id)
        flight = Flight(self.open[key], self._numbers[key], server, job_id)
        self._flying[key] = flight
        return flight

    def changed(self, key: str, state: State) -> bool:
        """Note that a task is queued or runs; return whether it is at a server at all."""
        flight = self._flying.get(key)
        if flight is None:
            return False
        if state is State.RUNNING and not flight.running:
            flight.running = True
            self._scheduler.started(flight.server, key, time.monotonic())
        self._journal.moved(key, flight.job_id, state)
        return True

    def fetching(self, key: str, seconds: float | None) -> None:
        """Note that a task is done at its server, which may go on while its files are fetched, if not too many are."""
        flight = self._flying.get(key)
        if flight is None:
            return
        others = sum(other.made_room for other in self._flying.values() if other.server == flight.server)
        if others < MOST_FETCHING:
            flight.made_room = True
            self._scheduler.finished(flight.server, key, time.monotonic(), seconds)

    def arrived(self, server: str) -> list[Flight]:
        """Return what an earlier process left at a server that answers now."""
        found = [self._taken_up(key, attempt) for key, attempt in self._left.items() if attempt.server == server]
        for flight in found:
            del self._left[flight.key]
            self._scheduler.adopt(server, flight.key, time.monotonic())
        return found

    def orphans(self) -> list[Flight]:
        """Return what was left at servers that do not answer, or that are not asked any more."""
        found = [self._taken_up(key, attempt) for key, attempt in self._left.items()]
        self._left.clear()
        return found

    def _taken_up(self, key: str, attempt: Attempt) -> Flight:
        flight = Flight(
            task=self.open[key],
            number=self._numbers[key],
            server=attempt.server,
            job_id=attempt.job_id,
            adopted=True,
            taken_back=not attempt.counts,
        )
        self._flying[key] = flight
        return flight

    def landed(self, flight: Flight) -> None:
        """Note that a task is at no server any more."""
        self._flying.pop(flight.key, None)

    def ended(self, key: str) -> int:
        """Note that a task is at its end; return its number."""
        self._flying.pop(key, None)
        self.open.pop(key, None)
        return self._numbers[key]
