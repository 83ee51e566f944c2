"""What runs on another machine for one server: the same threads as here, behind the methods of an actor."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .executor import Event, Previewed, Stepped
from .lane import Settings
from .servers import ServerEntry
from .tasks import Task
from .threads import ThreadExecutor

MOST = 1000
"""Events after which no more are waited for."""
GATHER = 0.2
"""Seconds for which steps and pictures are gathered: of those that come in between, only the last is sent."""


class ServerActor:
    """Holds one server: attached, or started on this machine. Ray makes it anew when its process died."""

    def __init__(self, entry: ServerEntry, settings: Settings) -> None:
        """Begin to connect, and to start the server if it is one of ours."""
        self._entry = entry
        self._spool = Path(tempfile.mkdtemp(prefix="tagloom-fleet-"))
        self._executor = ThreadExecutor({entry.name: entry}, self._spool, settings)
        self._executor.open()

    def submit(self, task: Task, job_id: str) -> None:
        """Prepare a task and post it."""
        self._executor.submit(self._entry.name, task, job_id)

    def adopt(self, task: Task, job_id: str) -> None:
        """Take up what was posted before."""
        self._executor.adopt(self._entry.name, task, job_id)

    def cancel(self, job_id: str) -> None:
        """Take a job back."""
        self._executor.cancel(self._entry.name, job_id)

    def process(self) -> int:
        """Return the id of this process, on its machine."""
        return os.getpid()

    def events(self, timeout: float) -> list[Event]:
        """Return what happened, after at most so many seconds; of steps and pictures only the newest of each task."""
        event = self._executor.next_event(timeout)
        found: list[Event] = []
        deadline = time.monotonic() + GATHER
        while event is not None:
            found.append(event)
            hurry = len(found) >= MOST or not isinstance(event, Stepped | Previewed)
            event = self._executor.next_event(0.0 if hurry else deadline - time.monotonic())
        return newest(found)

    def read(self, path: Path, start: int, size: int) -> bytes:
        """Return a piece of a file that a job left; empty at its end."""
        with self._owned(path).open("rb") as file:
            file.seek(start)
            return file.read(size)

    def drop(self, path: Path) -> None:
        """Delete a file that was read."""
        self._owned(path).unlink(missing_ok=True)

    def close(self, take_back: bool = True) -> list[Event]:
        """Take back what is unfinished, or leave it at the server, and return what was not told yet."""
        self._executor.close(take_back)
        events = []
        while (event := self._executor.next_event(0.0)) is not None:
            events.append(event)
        with contextlib.suppress(OSError):
            shutil.rmtree(self._spool)
        return newest(events)

    def _owned(self, path: Path) -> Path:
        if path.parent != self._spool:
            raise PermissionError(f"{path.name} is no file of this server's")
        return path


def newest(events: Sequence[Event]) -> list[Event]:
    """Return events without the steps and pictures that a later one of the same task makes old."""
    last = {_what(event, number): number for number, event in enumerate(events)}
    return [event for number, event in enumerate(events) if last[_what(event, number)] == number]


def _what(event: Event, number: int) -> object:
    return (type(event), event.key) if isinstance(event, Stepped | Previewed) else number
