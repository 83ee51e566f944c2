"""What can go wrong with a real ComfyUI 0.3.75, done for real: broken sockets, a stopped process, no space, a kill."""

import io
import os
import resource
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest
from PIL import Image

from tagloom.runner.embedded import processes
from tagloom.runner.errors import OutputMissing
from tagloom.runner.jobs.events import JobChanged, JobEnded
from tagloom.runner.jobs.job import Job, State, new_id
from tagloom.runner.jobs.options import Options
from tagloom.runner.jobs.session import Session
from tagloom.runner.outputs.collect import collect
from tagloom.runner.server import client as clients
from tagloom.runner.server.client import Client

from .conftest import IDLE_SECONDS
from .real_proxy import Proxy

LONGEST = 90.0
"""Seconds after which a job must have ended; the server is started anew meanwhile in one of the tests."""


def job(steps: int = 0, prefix: str | None = None, color: int = 1) -> Job:
    """Return a job of so many steps of some 0.2 s each, at each of which it can be interrupted."""
    job_id = new_id()
    nodes = {"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": color}}}
    for step in range(steps):
        scale = {"image": [str(step + 1), 0], "upscale_method": "lanczos", "width": 2500 - step, "height": 2500}
        nodes[str(step + 2)] = {"class_type": "ImageScale", "inputs": {**scale, "crop": "disabled"}}
    nodes["save"] = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": prefix or job_id}}
    if steps:
        nodes["last"] = {"class_type": "PreviewImage", "inputs": {"images": [str(steps + 1), 0]}}
    return Job(nodes, None, job_id)


def ends(session, count=1, on_event=lambda event: None):
    outcomes, deadline = [], time.monotonic() + LONGEST
    while len(outcomes) < count:
        assert time.monotonic() < deadline, f"only {outcomes} ended"
        for event in session.poll(0.5):
            on_event(event)
            outcomes += [event.outcome] if isinstance(event, JobEnded) else []
    return outcomes


def until_running(session):
    deadline = time.monotonic() + LONGEST
    while not any(isinstance(event, JobChanged) and event.state is State.RUNNING for event in session.poll(0.5)):
        assert time.monotonic() < deadline


def times_done(client, wanted):
    """Return how often a job is known to the server: in its queue and in its history."""
    running, waiting = client.queued()
    return (wanted.id in running | waiting) + (client.history(wanted.id) is not None)


def test_a_socket_that_a_proxy_drops_is_opened_anew(server):
    """The job runs on meanwhile, and its end is found in the history."""
    with Proxy(server.port) as proxy, Session(Client(proxy.url)) as session:
        session.submit(job(steps=8, color=2))
        until_running(session)
        proxy.drop()
        (outcome,) = ends(session)
    assert (outcome.state, outcome.problem) == (State.DONE, None)
    assert proxy.connections > 3


def test_a_stopped_process_is_waited_for(server, target):
    """SIGSTOP and SIGCONT, as a laptop that sleeps: the job ends, once."""
    process = psutil.Process(server.pid)
    with Session(target.client) as session:
        wanted = job(steps=5, color=3)
        session.submit(wanted)
        until_running(session)
        process.suspend()
        threading.Timer(3, process.resume).start()
        (outcome,) = ends(session)
    assert outcome.state is State.DONE
    assert times_done(target.client, wanted) == 1


def test_a_post_that_a_stopped_process_does_not_answer_is_not_repeated(server, target, monkeypatch):
    """It lies in the process's socket and is done once it goes on: exactly once."""
    process = psutil.Process(server.pid)
    monkeypatch.setattr(clients, "POSTS", 1.0)
    wanted = job(color=4)
    with Session(target.client) as session:
        process.suspend()
        threading.Timer(2, process.resume).start()
        session.submit(wanted)
        (outcome,) = ends(session)
    assert outcome.state is State.DONE
    assert outcome.outputs["save"]["images"][0]["filename"] == f"{wanted.id}_00001_.png"
    assert times_done(target.client, wanted) == 1


def test_no_space_for_a_picture_fails_the_job_and_nothing_else(server, target, installation, tmp_path):
    """The process may not write files of more than a megabyte beyond its log; its next job succeeds."""
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    picture = io.BytesIO()
    Image.fromarray(noise).save(picture, "PNG")
    (tmp_path / "noise.png").write_bytes(picture.getvalue())
    name = target.client.upload(tmp_path / "noise.png", "faults")
    wanted = job()
    wanted.graph["1"] = {"class_type": "LoadImage", "inputs": {"image": name}}
    usual = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    with Session(target.client) as session:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (installation.log.stat().st_size + 2**20, usual[1]))
        try:
            session.submit(wanted)
            (outcome,) = ends(session)
        finally:
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, usual)
        assert (outcome.state, outcome.problem.code) == (State.FAILED, "job-failed")
        assert (outcome.problem.node, outcome.problem.class_type) == ("save", "SaveImage")
        session.submit(job(color=5))
        assert ends(session)[0].state is State.DONE


def test_a_cached_job_whose_file_is_gone_says_so(target, installation, tmp_path):
    """The server repeats the old name and writes nothing; under a new name it writes again."""
    with Session(target.client) as session:
        session.submit(job(prefix="faults/cached", color=6))
        (first,) = ends(session)
        (fetched,) = collect(target.client, first, tmp_path).files
        (installation.folder / "output" / "faults" / fetched.name).unlink()
        session.submit(job(prefix="faults/cached", color=6))
        (second,) = ends(session)
        assert second.outputs == first.outputs
        with pytest.raises(OutputMissing, match="no longer has its output cached_00001_"):
            collect(target.client, second, tmp_path)
        session.submit(job(prefix="faults/another", color=6))
        (third,) = ends(session)
        assert collect(target.client, third, tmp_path).files[0].name == "another_00001_.png"


@pytest.mark.parametrize("when", ["waiting", "running", "done", "unknown"])
def test_cancelling_touches_nobody_else_s_job(target, when):
    """A job of another client's stays and is done."""
    mine, other = job(steps=10 if when == "running" else 2, color=7), job(steps=2, color=8)
    with Session(target.client) as session, Session(Client(target.client.url)) as another:
        first, second = (another, session) if when == "waiting" else (session, another)
        first.submit(other if when == "waiting" else mine)
        until_running(first)
        second.submit(mine if when == "waiting" else other)
        if when == "done":
            ends(session)
            target.client.cancel(mine.id)
        elif when == "unknown":
            target.client.cancel(new_id())
        else:
            session.cancel(mine.id)
        expected = State.CANCELLED if when in ("waiting", "running") else State.DONE
        if when != "done":
            (outcome,) = ends(session)
            assert outcome.state is expected
        assert ends(another)[0].state is State.DONE


def test_a_killed_server_lost_its_job_and_works_again_when_it_is_back(server, installation, target):
    """SIGKILL while it works; it starts anew at the same port, knows nothing, and the same session goes on."""
    with Session(target.client, replace(Options(), patience=LONGEST)) as session:
        lost = job(steps=40, color=9)
        session.submit(lost)
        until_running(session)
        os.kill(server.pid, signal.SIGKILL)
        psutil.Process(server.pid).wait(10)
        starting = threading.Thread(target=processes.ensure, args=(installation, IDLE_SECONDS, server.port))
        starting.start()
        (outcome,) = ends(session)
        starting.join()
        assert (outcome.state, outcome.problem.code) == (State.LOST, "job-lost")
        assert times_done(target.client, lost) == 0
        session.submit(job(color=10))
        assert ends(session)[0].state is State.DONE
