"""The Python API, against a small ComfyUI: what it runs, returns and raises, in threads and with asyncio."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

import tagloom.runner
from tagloom.runner import Client, How, JobsFailed, Request, aio
from tagloom.runner.batch.told import JobEnded
from tagloom.runner.errors import Cancelled, ServerUnavailable, UsageError, WorkflowError
from tagloom.runner.fleet.executor import ServerUp
from tagloom.runner.jobs.job import State

from .conftest import Painter
from .plain_graph import plain

TWO = Request("1girl, blue hair", count=2, seed=7, size="64x64")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def client(fake_server: Painter, out: Path) -> Client:
    return Client(fake_server.url, out=out)


def test_a_request_gives_its_jobs_in_their_order(client, out):
    first, second = client.run(TWO)
    assert [job.values["seed"] for job in (first, second)] == [7, 8]
    assert [file.path for job in (first, second) for file in job.files] == [out / "00001-7.png", out / "00002-8.png"]
    assert first.files[0].path.is_file()
    assert (first.state, first.problem, first.attempts) == (State.DONE, None, 1)


def test_count_and_seed_may_be_given_beside_a_request(client):
    (job,) = client.run(TWO, count=1, seed=3)
    assert job.values["seed"] == 3


def test_numbers_go_on_in_a_folder_that_is_used_again(client):
    names = [job.files[0].name for _ in range(2) for job in client.run(TWO, count=1)]
    assert names == ["00001-7.png", "00002-7.png"]


def test_names_follow_a_template(fake_server, out):
    (job,) = Client(fake_server.url, out=out, name="{checkpoint}/{seed}-{steps}").run(TWO, count=1)
    assert job.files[0].path == out / "tagloom-tiny" / "7-20.png"


def test_a_stream_tells_everything_and_closing_it_takes_back_the_rest(client, fake_server):
    fake_server.behave = lambda run: (run.begin(), fake_server.pause(30))
    events = client.stream(TWO)
    assert isinstance(next(events), ServerUp)
    while not fake_server.running:
        next(events)
    events.close()
    assert (fake_server.running, fake_server.pending) == (None, [])


def test_a_submission_runs_beside_its_caller(client):
    submission = client.submit(TWO)
    told = list(submission.events())
    assert [type(event) for event in told].count(JobEnded) == 2
    assert list(submission.events()) == []
    assert [job.values["seed"] for job in submission.result()] == [7, 8]
    assert submission.done


def test_a_submission_can_be_taken_back(client, fake_server):
    """Also while nothing happens on the server."""
    fake_server.behave = lambda run: (run.begin(), fake_server.pause(30))
    submission = client.submit(TWO)
    while not fake_server.running:
        pass
    with pytest.raises(TimeoutError):
        submission.result(timeout=0.01)
    submission.cancel()
    with pytest.raises(Cancelled):
        submission.result(timeout=20)
    assert (fake_server.running, fake_server.pending) == (None, [])


def test_a_job_that_fails_is_an_error_that_holds_all_jobs(client, fake_server):
    paint = fake_server.behave
    fake_server.behave = lambda run: run.fail() if len(fake_server.graphs) == 1 else paint(run)
    with pytest.raises(JobsFailed, match=r"\(1 of 2 jobs\)$") as caught:
        client.run(TWO)
    done, failed = caught.value.jobs
    assert (done.state, failed.state, failed.files) == (State.DONE, State.FAILED, ())
    assert done.files[0].path.is_file()


@pytest.mark.parametrize("as_data", [True, False], ids=["as data", "from a file"])
def test_a_workflow_takes_values(client, fake_server, tmp_path, as_data):
    file = tmp_path / "graph.json"
    file.write_text(json.dumps(plain()))
    (job,) = client.run(plain() if as_data else file, {"steps": 3, "Wanted.text": "1boy"}, seed=8)
    (graph,) = fake_server.graphs
    assert (graph["3"]["inputs"]["steps"], graph["3"]["inputs"]["seed"]) == (3, 8)
    assert graph["6"]["inputs"]["text"] == "1boy"
    assert job.files[0].name == "00001-8.png"


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda client: client.run(TWO, {"steps": 3}), UsageError),
        (lambda client: client.run("no such workflow"), UsageError),
        (lambda client: client.run({}), WorkflowError),
        (lambda client: Client("ftp://x"), UsageError),
        (lambda client: Client(client.servers[0], name="{nope!r}"), UsageError),
        (lambda client: Client("http://127.0.0.1:9").run(TWO), ServerUnavailable),
        (lambda client: client.run(TWO, nope=1), TypeError),
    ],
)
def test_what_is_wrong_is_raised(client, act, error):
    with pytest.raises(error):
        act(client)


def test_of_several_servers_one_that_is_down_is_done_without(fake_server, out):
    said = []
    client = Client("http://127.0.0.1:9", fake_server.url, out=out, how=How(announce=said.append))
    assert [job.state for job in client.run(TWO)] == [State.DONE, State.DONE]
    assert said and "127.0.0.1:9" in said[0]
    (job,) = client.run(plain(), seed=3)
    assert job.state is State.DONE


def test_asyncio(fake_server, out):
    async def main() -> list[int]:
        client = aio.Client(fake_server.url, out=out)
        streamed = [event async for event in client.stream(TWO, count=1)]
        task = client.submit(TWO, count=1, seed=11)
        jobs = [*await client.run(TWO, count=1, seed=9), *await task]
        jobs += [event for event in streamed if isinstance(event, JobEnded)]
        return [job.values["seed"] for job in jobs]

    assert asyncio.run(main()) == [9, 11, 7]


def test_cancelling_an_asyncio_task_takes_back_what_is_unfinished(fake_server, out):
    fake_server.behave = lambda run: (run.begin(), fake_server.pause(30))

    async def main() -> None:
        task = aio.Client(fake_server.url, out=out).submit(TWO)
        while not fake_server.running:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert (fake_server.running, fake_server.pending) == (None, [])


def test_the_names_are_there_and_importing_them_is_cheap():
    code = "import sys, tagloom.runner; assert 'requests' not in sys.modules; print(dir(tagloom.runner.Client))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in ("run", "stream", "submit"))
    assert all(getattr(tagloom.runner, name) for name in tagloom.runner.__all__)
    with pytest.raises(AttributeError):
        _ = tagloom.runner.nothing
