"""What a run tells besides what its servers do: jobs that came to their end, and those that are tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..fleet.executor import Event
from ..jobs.job import Problem, State
from ..outputs.saving import Saved


@dataclass(frozen=True)
class JobEnded:
    """A job is at its end for good.

    Attributes:
        key: the task's.
        number: its place in the run, from 1 on.
        state: one of the ends.
        server: the last one that it was at, or nothing.
        problem: why it is not done.
        files: what was saved of it.
        texts: what its nodes showed.
        values: the settings that it was made with.
        seconds: what the server needed.
        attempts: how often it was posted.
    """

    key: str
    number: int
    state: State
    server: str = ""
    problem: Problem | None = None
    files: tuple[Saved, ...] = ()
    texts: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    attempts: int = 1


class JobAgain(NamedTuple):
    """A job did not succeed on a server, and will be tried again."""

    key: str
    server: str
    state: State
    problem: Problem | None


class Adopted(NamedTuple):
    """A job that was posted before, by a process that ended, is taken up on its server."""

    server: str
    key: str


Told = Event | JobEnded | JobAgain | Adopted
