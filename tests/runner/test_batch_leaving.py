"""Leaving a batch whose journal can't be written: its jobs stay at the server, and each is done exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from tagloom.runner.batch.driver import drive
from tagloom.runner.batch.journal import NAME, Journal
from tagloom.runner.batch.told import Adopted, JobEnded, Told
from tagloom.runner.errors import JournalError
from tagloom.runner.fleet.executor import Changed
from tagloom.runner.fleet.scheduler import Scheduler
from tagloom.runner.fleet.threads import ThreadExecutor
from tagloom.runner.jobs.job import State
from tagloom.runner.outputs.saving import Saving
from tagloom.runner.server.address import Address

from .driven import IMPATIENT, LONG
from .executor_tasks import Picture
from .fault_server import FaultServer
from .faulty_batches import wait_for
from .simulated_servers import new_journal

JOBS = 3


@pytest.fixture
def journal(tmp_path: Path) -> Generator[Journal, None, None]:
    (tmp_path / "out").mkdir()
    with new_journal(tmp_path / "out" / NAME, JOBS) as journal:
        yield journal


def begin(journal: Journal, server: FaultServer, folder: Path) -> Generator[Told, None, None]:
    """Go on with what the journal holds."""
    tasks = [Picture(entry.key) for entry in journal.entries()]
    executor = ThreadExecutor({"a": Address.from_url(server.url)}, folder / "spool", IMPATIENT)
    driven = drive(tasks, executor, Scheduler({task.key: task.needs for task in tasks}), journal, Saving(folder), ["a"])
    assert isinstance(driven, Generator)
    return driven


def full_disk(journal: Journal) -> Callable[[], Any]:
    """Return a commit that fails as on a full disk: what it was to write is gone."""

    def commit() -> None:
        journal._connection.execute("ROLLBACK")
        raise JournalError("can't write the journal: database or disk is full")

    return commit


def test_jobs_that_can_not_be_noted_as_taken_back_stay_at_the_server(journal, fault_server, tmp_path, monkeypatch):
    may_end = threading.Event()
    server = fault_server(behave=lambda run: (run.begin(), may_end.wait(LONG), run.end()))
    driven = begin(journal, server, tmp_path / "out")
    next(event for event in driven if isinstance(event, Changed) and event.state is State.RUNNING)
    wait_for(lambda: len(server.posted) == len(journal.in_flight()))
    with monkeypatch.context() as patch:
        patch.setattr(journal, "commit", full_disk(journal))
        driven.close()
    assert server.running is not None and server.interrupts == []
    left = [server.running.id, *(job.id for job in server.pending)]
    assert {attempt.job_id for attempt in journal.in_flight().values() if attempt.counts} == set(left)
    may_end.set()
    told = list(begin(journal, server, tmp_path / "out"))
    assert len([one for one in told if isinstance(one, Adopted)]) == len(left)
    assert [one.state for one in told if isinstance(one, JobEnded)] == [State.DONE] * JOBS
    assert journal.counts() == {"done": JOBS}
    assert server.posted == server.done and len(server.posted) == JOBS
