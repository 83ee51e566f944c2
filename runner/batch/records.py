"""What a journal holds of a job, of each of its postings, and of its files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..jobs.job import Problem, State
from .rows import Row

WAITING = "waiting"
"""The state of a job that is at no server."""
OPEN = (State.SUBMITTED.value, State.QUEUED.value, State.RUNNING.value)


class Entry(NamedTuple):
    """A job as the journal knows it; `shown` holds the settings that it was made with, once it is."""

    number: int
    key: str
    row: Row
    state: str
    problem: Problem | None
    seconds: float | None
    shown: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether it is not at its end."""
        return self.state in (WAITING, *OPEN)


class Attempt(NamedTuple):
    """One posting of a job.

    Attributes:
        state: where it stands; its end once it has one.
        code: of the problem that it ended with, or nothing.
        blamed: whether the server went down while it ran this job.
        fetches: how often its files were asked for again.
        counts: whether it is one of the tries that retry rules allow; what we took back ourselves is not.
    """

    job_id: str
    server: str
    state: str
    code: str = ""
    blamed: bool = False
    fetches: int = 0
    counts: bool = True


def entry(found: Sequence[Any]) -> Entry:
    """Return what a row of the table `jobs` says."""
    number, key, row, origin, state, code, message, node, seconds, shown = found
    problem = Problem(code, message, node) if code else None
    return Entry(number, key, Row(json.loads(row), origin), state, problem, seconds, json.loads(shown))


def attempt(found: Sequence[Any]) -> Attempt:
    """Return what a row of the table `attempts` says."""
    job_id, server, state, code, blamed, fetches, counts = found
    return Attempt(job_id, server, state, code, bool(blamed), fetches, bool(counts))
