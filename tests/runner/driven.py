"""An executor as its tests use it, with jobs that take a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tagloom.runner.fleet.executor import Changed, Ended, Event, Executor
from tagloom.runner.fleet.lane import Settings
from tagloom.runner.jobs.job import State, new_id
from tagloom.runner.jobs.options import Options
from tagloom.runner.jobs.states import Waits

from .executor_tasks import Picture

IMPATIENT = Settings(
    Options(patience=0.3, look=(0.2, 1.0), blind=(0.05, 0.2), waits=Waits(leaving=1.0, known=0.2, unanswered=0.3)),
    first=0.05,
    most=0.2,
)
LONG = 20.0
"""Seconds that anything may take on a busy machine."""


class Driven:
    """An executor that is open, with the events that came so far."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.events: list[Event] = []
        executor.open()

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """Return the first event from now on that is wanted."""
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:
            event = self.executor.next_event(1.0)
            if event is not None:
                self.events.append(event)
                if wanted(event):
                    return event
        kinds = [(type(event).__name__, getattr(event, "key", "")) for event in self.events]
        raise AssertionError(f"it never came; the last were {kinds[-9:]}")

    def of(self, kind: type, **wanted: Any) -> Any:
        """Return the next event of a kind with these values."""
        return self.until(
            lambda event: isinstance(event, kind) and all(getattr(event, key) == wanted[key] for key in wanted)
        )

    def stand(self, **states: State) -> None:
        """Return when each of these tasks was told to have got there, in whatever order."""
        left = set(states.items())
        while left:
            event = self.of(Changed)
            left.discard((event.key, event.state))

    def submit(self, server: str, task: Picture) -> str:
        job_id = new_id()
        self.executor.submit(server, task, job_id)
        return job_id

    def ended(self, count: int = 1) -> dict[str, Ended]:
        """Return the next ends, by the tasks' keys."""
        ends = [self.of(Ended) for _ in range(count)]
        assert len({end.key for end in ends}) == count
        return {end.key: end for end in ends}


def slow(run: Any) -> None:
    """Take a while, step by step."""
    run.begin()
    for step in range(1, 61):
        run.step(step, 60)
        run.server.pause(0.05)
    run.end()
