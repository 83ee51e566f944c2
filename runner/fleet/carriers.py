"""What all executors are: one carrier for each server, and one queue of what happens."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Protocol

from .executor import Event
from .tasks import Task


class Carrier(Protocol):
    """Carries tasks to one server, and puts what becomes of them into the executor's queue."""

    def start(self) -> None:
        """Begin to connect, and return at once."""

    def submit(self, task: Task, job_id: str) -> None:
        """Prepare a task and post it."""

    def adopt(self, task: Task, job_id: str) -> None:
        """Take up what was posted before."""

    def cancel(self, job_id: str) -> None:
        """Take a job back, wherever it stands."""

    def leave(self, take_back: bool) -> None:
        """Begin to disconnect, and to take back what is unfinished unless it is to stay at the server."""

    def join(self) -> None:
        """Return when nothing runs any more; to be called after `leave`."""


class Carriers:
    """An `Executor` made of carriers; who derives from it makes them."""

    def __init__(self, spool: Path) -> None:
        """Take the folder in which files are put."""
        self._spool = spool
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._carriers: dict[str, Carrier] = {}

    def open(self) -> None:
        """Begin to connect to all servers; `ServerUp` or `ServerDown` tells of each."""
        self._spool.mkdir(parents=True, exist_ok=True)
        for carrier in self._carriers.values():
            carrier.start()

    def submit(self, server: str, task: Task, job_id: str) -> None:
        """Prepare a task for a server and post it under an id that the caller has noted down."""
        self._carriers[server].submit(task, job_id)

    def adopt(self, server: str, task: Task, job_id: str) -> None:
        """Take up a job that was posted before; it ends as `lost` if the server does not know it."""
        self._carriers[server].adopt(task, job_id)

    def cancel(self, server: str, job_id: str) -> None:
        """Take a job back, wherever it stands; nobody else's is touched. It ends as `cancelled`."""
        self._carriers[server].cancel(job_id)

    def next_event(self, timeout: float) -> Event | None:
        """Return what happened next on any server; None if nothing did for so many seconds."""
        try:
            return self._events.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None

    def close(self, take_back: bool = True) -> None:
        """Take back what is unfinished, disconnect, and return when nothing runs any more.

        What was taken back is told as `cancelled`; `next_event` still returns it.

        Args:
            take_back: False leaves what was posted at its server, to be adopted later; nothing is told of it.
        """
        for carrier in self._carriers.values():
            carrier.leave(take_back)
        for carrier in self._carriers.values():
            carrier.join()
