"""Carries tasks to servers from this process, each with threads of its own."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from pathlib import Path

from ..server.address import Address
from .executor import Event
from .lane import Lane, Settings
from .servers import ServerEntry
from .tasks import Task


class ThreadExecutor:
    """An `Executor` for any number of servers; what it does is waiting, so one process is enough for hundreds."""

    def __init__(
        self, servers: Mapping[str, Address | ServerEntry], spool: Path, settings: Settings | None = None
    ) -> None:
        """Take the servers by their names, and the folder in which files are put; `open` connects.

        A server that is started by us is started again when it died; all of them are tried again when they were gone.
        """
        self._spool = spool
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._lanes = {
            name: Lane(_entry(name, server), spool, settings or Settings(), self._events.put)
            for name, server in servers.items()
        }

    def open(self) -> None:
        """Begin to connect to all servers; `ServerUp` or `ServerDown` tells of each."""
        self._spool.mkdir(parents=True, exist_ok=True)
        for lane in self._lanes.values():
            lane.start()

    def submit(self, server: str, task: Task, job_id: str) -> None:
        """Prepare a task for a server and post it under an id that the caller has noted down."""
        self._lanes[server].submit(task, job_id)

    def adopt(self, server: str, task: Task, job_id: str) -> None:
        """Take up a job that was posted before; it ends as `lost` if the server does not know it."""
        self._lanes[server].adopt(task, job_id)

    def cancel(self, server: str, job_id: str) -> None:
        """Take a job back, wherever it stands; nobody else's is touched. It ends as `cancelled`."""
        self._lanes[server].cancel(job_id)

    def next_event(self, timeout: float) -> Event | None:
        """Return what happened next on any server; None if nothing did for so many seconds."""
        try:
            return self._events.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None

    def close(self) -> None:
        """Take back what is unfinished, disconnect, and return when nothing runs any more.

        What was taken back is told as `cancelled`; `next_event` still returns it.
        """
        for lane in self._lanes.values():
            lane.leave()
        for lane in self._lanes.values():
            lane.join()


def _entry(name: str, server: Address | ServerEntry) -> ServerEntry:
    return server if isinstance(server, ServerEntry) else ServerEntry(name, server)
