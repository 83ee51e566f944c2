"""Many jobs on a server on which everything goes wrong by chance: each ends once, as the server says."""

from __future__ import annotations

import random
from collections import deque

import pytest

from tagloom.runner.jobs.events import JobEnded
from tagloom.runner.jobs.job import State
from tagloom.runner.jobs.session import Session
from tagloom.runner.server.client import Client

from .fault_server import GENERATIONS, Run
from .following import QUICK, job

JOBS = 60


def failed(run: Run) -> None:
    run.begin("failure")
    run.fail()


def dropped(run: Run) -> None:
    run.begin()
    run.server.drop()
    run.end(tell=False)


def dropped_after_its_end(run: Run) -> None:
    run.succeed()
    run.server.drop()


def muted(run: Run) -> None:
    for socket in run.server.sockets:
        socket.mute = True
    run.succeed()


def late(run: Run) -> None:
    run.begin()
    run.end(late=0.05)


def silent(run: Run) -> None:
    run.end(tell=False)


def noisy(run: Run) -> None:
    run.begin()
    for value in range(50):
        run.step(value, 50)
    run.tell("execution_success", {"prompt_id": "JOB"})  # too early
    run.server.pause(0.05)
    run.end()


FAULTS = (Run.succeed, failed, dropped, dropped_after_its_end, muted, late, silent, noisy)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_job_ends_once_and_as_the_server_says(fault_server, generation):
    chance = random.Random(generation)
    expected = {}

    def behave(run):
        fault = chance.choice(FAULTS)
        expected[run.job.id] = State.FAILED if fault is failed else State.DONE
        fault(run)

    server, waiting, outcomes = fault_server(generation, behave), deque(job() for _ in range(JOBS)), []
    with Session(Client(server.url), QUICK) as session:
        while waiting or session.open_jobs:
            while waiting and len(session.open_jobs) < 3:
                session.submit(waiting.popleft())
            outcomes += [event.outcome for event in session.poll(1) if isinstance(event, JobEnded)]
    assert len(outcomes) == len(server.posted) == len(set(server.posted)) == JOBS
    assert {outcome.job_id: outcome.state for outcome in outcomes} == expected
