"""Section 8's cases (r) and (s): Ctrl-C takes back the command's own jobs, wherever they stand, and loses nothing.

Only 0.3.75 was recorded; 0.3.45, 0.3.64 and 0.33 are imitations after what is known of their source.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from tagloom.runner.jobs.job import new_id

from .fault_server import GENERATIONS, FaultServer, Run
from .fault_server.server import Posted
from .faulty_batches import FaultyBatch, hasten, wait_for
from .following import QUICK
from .plain_workflow import OBJECT_INFO

SOMEBODY = "somebody"


@pytest.fixture
def batch(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    hasten(monkeypatch)
    return FaultyBatch(tmp_path, capsys)


@pytest.fixture
def start(fault_server):
    """Return a function that starts a server of a generation."""

    def start(generation: str = "0.3.75") -> FaultServer:
        server = fault_server(generation)
        server.object_info = OBJECT_INFO
        return server

    return start


def ctrl_c() -> None:
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def others() -> Posted:
    return Posted(new_id(), {"9": {"class_type": "EmptyImage", "inputs": {}}}, SOMEBODY, {"client_id": SOMEBODY})


def pending(server: FaultServer, batch: FaultyBatch) -> None:
    """Press Ctrl-C while the command's job waits behind somebody else's."""

    def behave(run: Run) -> None:
        wait_for(lambda: batch.stands() == {"queued": 1}, run.server.pause)
        ctrl_c()
        wait_for(lambda: not run.server.pending, run.server.pause)
        run.server.pause(0.2)
        run.succeed()

    server.behave = behave
    server.queue(others())


def running(server: FaultServer, batch: FaultyBatch) -> None:
    """Press Ctrl-C while it runs, and somebody else's waits."""

    def behave(run: Run) -> None:
        if run.job.client_id == SOMEBODY:
            run.succeed()
            return
        run.begin()
        run.server.queue(others())
        wait_for(lambda: batch.stands() == {"running": 1}, run.server.pause)
        ctrl_c()
        run.server.pause(30)

    server.behave = behave


def finished(server: FaultServer, batch: FaultyBatch) -> None:
    """Press Ctrl-C when it is over, its file is on its way, and somebody else's runs."""

    def behave(run: Run) -> None:
        if run.job.client_id == SOMEBODY:
            run.server.pause(0.5)
            run.succeed()
            return
        run.begin()
        wait_for(lambda: batch.stands() == {"running": 1}, run.server.pause)
        run.server.queue(others())
        run.end()

    def fetched(server: FaultServer, body: bytes) -> None:
        del server.answers["GET /view"]
        wait_for(lambda: server.running and server.running.client_id == SOMEBODY)
        ctrl_c()

    server.behave = behave
    server.answers["GET /view"] = fetched


def unknown(server: FaultServer, batch: FaultyBatch) -> None:
    """Press Ctrl-C when the server has just forgotten it, and somebody else's runs in its place."""

    def behave(run: Run) -> None:
        run.begin()
        wait_for(lambda: batch.stands() == {"running": 1}, run.server.pause)
        run.server.running = run.job = others()
        ctrl_c()
        run.server.pause(0.5)
        run.end()

    server.behave = behave


STANDINGS = {
    pending: ("queued: queued (does not count)", "done: lost job-lost (does not count), done", 2),
    running: ("running: running (does not count)", "done: cancelled interrupted (does not count), done", 2),
    finished: ("running: running (does not count)", "done: done", 1),
    unknown: ("running: running (does not count)", "done: lost job-lost (does not count), done", 2),
}
"""What presses Ctrl-C; the job's line in the journal then, and after `batch resume`; how often it was posted in all."""


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("press", STANDINGS, ids=lambda press: press.__name__)
def test_r_a_job_is_taken_back_wherever_it_stands(batch, start, monkeypatch, press: Callable[..., None], generation):
    line, resumed, posts = STANDINGS[press]
    hasten(monkeypatch, waits=QUICK.waits._replace(known=10))  # it is not found out before Ctrl-C is pressed
    server = start(generation)
    press(server, batch)
    left = batch.run(server)
    assert (left.code, left.lines, left.files) == (130, [line], [])
    assert left.events[-1]["code"] == "cancelled"
    (attempt,) = left.attempts[0]
    assert server.interrupts == ([attempt.job_id] if press is running else [])
    wait_for(lambda: server.running is None and not server.pending)
    mine = {job_id for job_id, entry in server.history.items() if entry["prompt"][3]["client_id"] != SOMEBODY}
    assert len(server.done) - len(mine) == 1, "somebody else's job was disturbed"
    assert mine == ({attempt.job_id} if press in (running, finished) else set())
    server.behave = Run.succeed
    hasten(monkeypatch)
    left = batch.resume(server)
    assert (left.code, left.lines, len(left.files)) == (0, [resumed], 1)
    own = [job_id for job_id in server.posted if job_id in {one.job_id for one in left.attempts[0]}]
    assert len(own) == len(set(own)) == posts


def test_s_sigint_takes_back_own_jobs_only_and_the_journal_is_whole(batch, start, tmp_path):
    """One of them runs, one waits at the server, behind which somebody else's waits, and one is not there yet."""
    server = start()
    server.behave = lambda run: (run.begin(), run.server.pause(60 if run.job.client_id != SOMEBODY else 0), run.end())
    command = [sys.executable, "-m", "tagloom.runner", "batch", "run", "--workflow", "w.json"]
    command += ["--grid", "color=1,2,3", "--out", "o", "--server", server.url]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: batch.stands() == {"running": 1, "queued": 1, "waiting": 1})
    other = others()
    server.queue(other)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, "go on with: tagloom batch resume o" in said) == (130, True), said
    wait_for(lambda: server.running is None and not server.pending)
    assert (server.interrupts, server.done) == ([server.posted[0]], [server.posted[0], other.id])
    left = batch.look()
    kept = ["running: running (does not count)", "queued: queued (does not count)", "waiting:"]
    assert (left.lines, left.files) == (kept, [])
    server.behave = Run.succeed
    left = batch.resume(server)
    assert (left.code, len(left.files)) == (0, 3)
    assert left.lines == [
        "done: cancelled interrupted (does not count), done",
        "done: lost job-lost (does not count), done",
        "done: done",
    ]
    assert len(server.posted) == len(set(server.posted)) == 3 + 1 + 2
