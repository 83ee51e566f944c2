"""Case (r) of the acceptance list: taking one job back, wherever it stands, on servers of several generations.

0.3.45, 0.3.64 and 0.33 follow what is known of their source; only 0.3.75 was run (see `tests/comfy/test_faults.py`).
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from tagloom.runner.jobs.job import State, new_id
from tagloom.runner.jobs.session import Session
from tagloom.runner.server.client import Client

from .fault_server import GENERATIONS
from .following import QUICK, ends, job, until


def slow(run):
    run.begin()
    run.server.pause(3600 if run.job.client_id != "somebody" else 0.3)
    run.end()


def somebody_s(server):
    """Post somebody else's job."""
    other = job()
    Client(server.url).submit(other.graph, other.id, "somebody", None)
    return other


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_job_that_runs_is_interrupted(fault_server, generation):
    server = fault_server(generation, slow)
    with Session(Client(server.url), QUICK) as session:
        wanted = job()
        session.submit(wanted)
        until(session, State.RUNNING)
        other = somebody_s(server)
        session.cancel(wanted.id)
        (outcome,) = ends(session)
        assert (outcome.state, outcome.problem.code) == (State.CANCELLED, "cancelled")
        session.adopt(other.id)
        assert ends(session)[0].state is State.DONE
    assert server.interrupts == [wanted.id]
    assert ("POST /api/jobs" in "".join(server.asked)) and (server.generation == "0.33.0") == (
        "POST /interrupt" not in server.asked
    )


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_job_that_waits_is_taken_out_of_the_queue(fault_server, generation):
    """Behind somebody else's, which is not interrupted, not even by servers that interrupt whatever runs."""
    server = fault_server(generation, slow)
    other, wanted = somebody_s(server), job()
    with Session(Client(server.url), QUICK) as session:
        session.submit(wanted)
        session.cancel(wanted.id)
        (outcome,) = ends(session)
        assert outcome.state is State.CANCELLED
        session.adopt(other.id)
        assert ends(session)[0].state is State.DONE
    assert server.interrupts == []


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("known", [True, False], ids=["finished", "unknown"])
def test_a_job_that_is_not_there_harms_nobody(fault_server, generation, known):
    server = fault_server(generation)
    client, wanted = Client(server.url), job()
    with Session(client, QUICK) as session:
        session.submit(wanted)
        assert ends(session)[0].state is State.DONE
        server.behave = slow
        other = somebody_s(server)
        session.cancel(wanted.id)
        client.cancel(wanted.id if known else new_id())
        session.adopt(other.id)
        assert ends(session)[0].state is State.DONE
    assert server.interrupts == []


def test_a_job_that_ends_while_it_is_taken_back_stays_as_it_ended(fault_server):
    server = fault_server(behave=lambda run: (run.begin(), run.end()))
    with Session(Client(server.url), QUICK) as session:
        wanted = job()
        session.submit(wanted)
        while wanted.id not in server.done:
            pass
        session.cancel(wanted.id)
        assert ends(session)[0].state is State.DONE


def test_another_thread_may_cancel_and_the_one_that_waits_wakes_up(fault_server):
    """At once, though no event comes and nothing would be asked for long."""
    server = fault_server(behave=slow)
    with Session(Client(server.url), replace(QUICK, look=(50.0, 50.0))) as session:
        wanted = job()
        session.submit(wanted)
        until(session, State.RUNNING)
        for socket in server.sockets:
            socket.mute = True
        thread = threading.Timer(0.05, session.cancel, [wanted.id])
        thread.start()
        started = time.monotonic()
        assert ends(session, wait=20.0)[0].state is State.CANCELLED
        assert time.monotonic() - started < 10
        thread.join()


def test_jobs_can_be_left_at_the_server(fault_server):
    """One runs and one waits; another session takes them up, and each is done once."""
    may_end = threading.Event()
    server = fault_server(behave=lambda run: (run.begin(), may_end.wait(20), run.end()))
    left = [job(), job()]
    with Session(Client(server.url), QUICK) as session:
        for one in left:
            session.submit(one)
        until(session, State.RUNNING)
        session.takes_back = False
    assert (server.running.id, [one.id for one in server.pending]) == (left[0].id, [left[1].id])
    may_end.set()
    with Session(Client(server.url), QUICK) as session:
        for one in left:
            session.adopt(one.id)
        assert {outcome.state for outcome in ends(session, 2)} == {State.DONE}
    assert server.interrupts == [] and server.posted == server.done == [one.id for one in left]


def test_a_poll_that_waits_can_be_woken(fault_server):
    with Session(Client(fault_server().url), QUICK) as session:
        thread = threading.Timer(0.05, session.wake)
        thread.start()
        assert session.poll(60) == []
        thread.join()
