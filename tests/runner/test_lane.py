"""What one server's threads do beside the common run of things: servers that are stuck, start, or fail to."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tagloom.runner.embedded import processes
from tagloom.runner.errors import ServerStartError
from tagloom.runner.fleet import carrying
from tagloom.runner.fleet.executor import Changed, Ended, ServerDown, ServerUp
from tagloom.runner.fleet.servers import ServerEntry
from tagloom.runner.fleet.threads import ThreadExecutor
from tagloom.runner.jobs.job import State, new_id
from tagloom.runner.server.address import Address

from .driven import IMPATIENT, Driven, slow
from .executor_tasks import Picture
from .fault_server import FaultServer, Run


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Callable[..., Driven]]:
    """Return a function that opens an executor for one server; what it is told to adopt, it is told before that."""
    opened: list[Driven] = []

    def start(at: FaultServer | ServerEntry, settings: Any = IMPATIENT, adopt: str = "") -> Driven:
        place = at if isinstance(at, ServerEntry) else Address.from_url(at.url)
        executor = ThreadExecutor({"one": place}, tmp_path / "spool", settings)
        if adopt:
            executor.adopt("one", Picture("a"), adopt)
        opened.append(Driven(executor))
        return opened[-1]

    yield start
    for driven in opened:
        driven.executor.close()


def test_a_job_is_taken_up_as_soon_as_its_server_answers(drive, server):
    first = drive(server)
    first.of(ServerUp)
    job_id = first.submit("one", Picture("a"))
    first.ended()
    assert drive(server, adopt=job_id).ended()["a"].outcome.state is State.DONE


def test_a_stuck_server_is_left_alone_for_long(drive, server):
    """It answers, but does not work: its job is given back, and it is not asked again at once."""
    stuck = threading.Event()
    server.behave = lambda run: (run.begin(), stuck.wait(), run.server.pause(0))
    settings = replace(IMPATIENT, session=replace(IMPATIENT.session, silence=0.5), stuck=600.0)
    driven = drive(server, settings)
    driven.of(ServerUp)
    driven.submit("one", Picture("a"))
    assert driven.of(ServerDown).problem.code == "server-stuck"
    assert driven.ended()["a"].outcome.state is State.LOST
    assert driven.executor.next_event(0.5) is None
    stuck.set()


def test_a_stuck_server_of_ours_is_ended_and_started_again(drive, server, comfyui, monkeypatch):
    stuck, ended = threading.Event(), []
    server.behave = lambda run: (run.begin(), stuck.wait(), run.server.pause(0))
    started = processes.RunningServer(1, int(server.url.rpartition(":")[2]), 0)
    monkeypatch.setattr(processes, "ensure", lambda *arguments, **options: started)
    monkeypatch.setattr(processes, "stop", ended.append)
    settings = replace(IMPATIENT, session=replace(IMPATIENT.session, silence=0.5), stuck=600.0)
    driven = drive(ServerEntry("one", comfyui=comfyui.make().tree), settings)
    driven.of(ServerUp)
    driven.submit("one", Picture("a"))
    assert driven.of(ServerDown).problem.code == "server-stuck"
    driven.of(ServerUp)
    stuck.set()
    assert len(ended) == 1


def test_a_server_that_can_t_be_started_is_not_tried_again(drive, tmp_path):
    driven = drive(ServerEntry("one", comfyui=tmp_path))
    down = driven.of(ServerDown)
    assert down.problem.code == "usage" and "holds no ComfyUI" in down.problem.message
    assert driven.executor.next_event(0.5) is None


def test_a_server_of_ours_is_started_again(drive, server, comfyui, monkeypatch):
    """The first try to start it fails; later it dies, and is started once more."""
    installation = comfyui.make()
    tries = itertools.count()
    started = processes.RunningServer(1, int(server.url.rpartition(":")[2]), 0)

    def ensure(found: Any, idle: float, announce: Any) -> processes.RunningServer:
        assert found.tree == installation.tree
        number = next(tries)
        if number == 0:
            raise ServerStartError("ComfyUI ended with code 1")
        if number == 2:
            server.start()
        return started

    monkeypatch.setattr(processes, "ensure", ensure)
    driven = drive(ServerEntry("one", comfyui=installation.tree))
    assert driven.of(ServerDown).problem.code == "server-start"
    driven.of(ServerUp)
    server.behave = slow
    driven.submit("one", Picture("a"))
    driven.stand(a=State.RUNNING)
    server.stop()
    driven.of(ServerDown)
    driven.ended()
    driven.of(ServerUp)
    assert next(tries) == 3


def test_leaving_does_not_wait_for_a_server_that_starts(drive, comfyui, monkeypatch):
    started = threading.Event()
    monkeypatch.setattr(processes, "ensure", lambda *arguments, **options: started.wait() and 1 / 0)
    driven = drive(ServerEntry("one", comfyui=comfyui.make().tree))
    time.sleep(0.1)
    before = time.monotonic()
    driven.executor.close()
    assert time.monotonic() - before < 1
    started.set()


def test_a_server_that_refuses_to_be_asked_still_ends_what_runs(drive, server):
    """A proxy wants a key from now on for posting: the server counts as down, and what it has goes on."""
    server.behave = slow
    driven = drive(server)
    driven.of(ServerUp)
    driven.submit("one", Picture("a"))
    driven.stand(a=State.RUNNING)
    server.answers["POST /prompt"] = (401, "text/html", b"who are you?")
    driven.submit("one", Picture("b"))
    assert driven.of(ServerDown).problem.code == "unauthorized"
    assert driven.ended()["b"].outcome.state is State.LOST
    driven.of(ServerUp)
    assert driven.ended()["a"].outcome.state is State.DONE


def test_a_job_may_be_taken_back_before_it_is_posted(drive, server):
    driven = drive(server)
    driven.of(ServerUp)
    driven.submit("one", Picture("a", fault="slow"))
    driven.executor.cancel("one", driven.submit("one", Picture("b")))
    driven.executor.cancel("one", new_id())  # of nobody's
    ends = driven.ended(2)
    assert (ends["a"].outcome.state, ends["b"].outcome.state) == (State.DONE, State.CANCELLED)
    assert len(server.posted) == 1


def test_a_task_given_to_a_server_that_is_away_comes_back(drive):
    with FaultServer() as gone:
        url = gone.url
    driven = drive(ServerEntry("one", Address.from_url(url)))
    driven.of(ServerDown)
    driven.submit("one", Picture("a"))
    end = driven.ended()["a"]
    assert (end.outcome.state, end.outcome.problem.code) == (State.LOST, "server-unavailable")


GONE = (404, "text/plain", b"404: Not Found")
LIES = (200, "image/png", b"half", {"Content-Length": "9000", "Connection": "close"})


@pytest.mark.parametrize(
    ("answers", "state", "code"),
    [
        (["drop"], State.DONE, None),
        ([LIES, "drop"], State.DONE, None),
        ([GONE], State.FAILED, "output-missing"),
        ([LIES, LIES, LIES], State.FAILED, "output-broken"),
        (["drop", "drop", "drop"], State.LOST, "server-unavailable"),
    ],
)
def test_a_file_is_asked_for_three_times(drive, server, monkeypatch, tmp_path, answers, state, code):
    monkeypatch.setattr(carrying, "PAUSE", 0.01)
    left = iter(answers)
    server.answers["GET /view"] = lambda server, body: next(left, None)
    driven = drive(server)
    driven.of(ServerUp)
    driven.submit("one", Picture("a"))
    end = driven.of(Ended)
    assert (end.outcome.state, end.outcome.problem and end.outcome.problem.code) == (state, code)
    assert len(list((tmp_path / "spool").iterdir())) == len(end.files) == (state is State.DONE)


def test_a_disk_that_is_full_fails_the_job(drive, server, tmp_path):
    driven = drive(server)
    driven.of(ServerUp)
    (tmp_path / "spool").rmdir()
    driven.submit("one", Picture("a"))
    end = driven.ended()["a"]
    assert (end.outcome.state, end.outcome.problem.code) == (State.FAILED, "save-failed")


def test_a_mistake_in_a_session_costs_the_server_and_not_the_run(drive, server, monkeypatch):
    """Whatever breaks in the thread, its tasks come back, and it connects anew."""
    driven = drive(server)
    driven.of(ServerUp)
    with monkeypatch.context() as broken:
        broken.setattr("tagloom.runner.jobs.session.Session.submit", lambda session, job: 1 / 0)
        driven.submit("one", Picture("a"))
        assert driven.of(ServerDown).problem[:2] == ("failed", "ZeroDivisionError: division by zero")
        assert driven.ended()["a"].outcome.state is State.LOST
    driven.of(ServerUp)
    server.behave = Run.succeed
    driven.submit("one", Picture("a"))
    driven.of(Changed)
    assert driven.ended()["a"].outcome.state is State.DONE
