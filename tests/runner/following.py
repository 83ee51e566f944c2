"""What the tests of sessions share: jobs, short waits, and a way to see how one job ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tagloom.runner.jobs.events import JobChanged, JobEnded, JobEvent
from tagloom.runner.jobs.job import Job, Outcome, State, new_id
from tagloom.runner.jobs.options import Options
from tagloom.runner.jobs.session import Session
from tagloom.runner.jobs.states import Waits
from tagloom.runner.server.client import Client

QUICK = Options(
    silence=30.0,
    idle=30.0,
    patience=30.0,
    look=(0.2, 0.5),
    blind=(0.02, 0.1),
    settle=(0.005, 0.05),
    waits=Waits(leaving=5.0, known=0.2, unanswered=0.3),
)
"""The usual options with shorter waits."""
LONGEST = 15.0
"""Seconds after which a test has failed."""


def job(name: str | None = None) -> Job:
    """Return a job that makes one picture, under a name of its own."""
    job_id = name or new_id()
    nodes: dict[str, Any] = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 1}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": f"tests/{job_id}"}},
    }
    return Job(nodes, {"nodes": []}, job_id)


def ends(
    session: Session, count: int = 1, then: Callable[[JobEvent], None] = lambda event: None, wait: float = 0.2
) -> list[Outcome]:
    """Poll, `wait` seconds at a time, until so many jobs have ended; return how, and call `then` with each event."""
    outcomes: list[Outcome] = []
    deadline = time.monotonic() + LONGEST
    while len(outcomes) < count:
        assert time.monotonic() < deadline, f"only {outcomes} ended, {session.open_jobs} are open"
        for event in session.poll(wait):
            then(event)
            if isinstance(event, JobEnded):
                outcomes.append(event.outcome)
    return outcomes


def end_of_one(url: str, wanted: Job | None = None, options: Options = QUICK) -> Outcome:
    """Run one job in a session of its own and return how it ended."""
    with Session(Client(url), options) as session:
        session.submit(wanted or job())
        (outcome,) = ends(session)
        return outcome


def until(session: Session, state: State) -> None:
    """Poll until a job is in a state."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if any(isinstance(event, JobChanged) and event.state is state for event in session.poll(0.2)):
            return
    raise AssertionError(f"no job is {state}")
