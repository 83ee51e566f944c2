"""What every executor does: the same tests for threads here, and for actors of a Ray of this machine."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tagloom.runner.errors import UsageError
from tagloom.runner.fleet.executor import Changed, Ended, ServerDown, ServerUp, Stepped
from tagloom.runner.fleet.ray import QUIET, RayExecutor, import_ray
from tagloom.runner.fleet.ray_actor import ServerActor, newest
from tagloom.runner.fleet.servers import ServerEntry
from tagloom.runner.fleet.threads import ThreadExecutor
from tagloom.runner.jobs.job import State, new_id
from tagloom.runner.server.address import Address

from . import executor_tasks
from .driven import IMPATIENT, LONG, Driven, slow
from .executor_tasks import Picture
from .fault_server import FaultServer, Run
from .fault_server.pictures import picture


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray on this machine, for all tests here."""
    ray = import_ray()
    ray.init(address="local", num_cpus=2, **QUIET)
    ray.cloudpickle.register_pickle_by_value(sys.modules[executor_tasks.__name__])
    yield ray
    ray.shutdown()


@pytest.fixture(params=["threads", pytest.param("ray", marks=pytest.mark.ray)])
def drive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Driven]]:
    """Return a function that opens an executor for servers by their names; it is closed after the test."""
    opened: list[Driven] = []
    if request.param == "ray":
        request.getfixturevalue("cluster")
    made = {"threads": ThreadExecutor, "ray": RayExecutor}[request.param]

    def start(**servers: FaultServer | str) -> Driven:
        urls = {name: server if isinstance(server, str) else server.url for name, server in servers.items()}
        addresses = {name: Address.from_url(url) for name, url in urls.items()}
        opened.append(Driven(made(addresses, tmp_path / "spool", settings=IMPATIENT)))
        return opened[-1]

    yield start
    for driven in opened:
        driven.executor.close()


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        running.object_info = {"SaveImage": {"input": {"required": {}}}}
        yield running


def test_jobs_are_done_and_their_files_brought_here(drive, server, tmp_path):
    """Two servers; each task comes back from its own, with what it was made of."""
    with FaultServer() as other:
        driven = drive(one=server, two=other)
        facts = {event.server: event.facts for event in (driven.of(ServerUp), driven.of(ServerUp))}
        assert facts["one"].version == "0.3.75" and facts["one"].classes == {"SaveImage"}
        assert facts["one"].models["checkpoints"] == {"tiny.safetensors"}
        ids = {key: driven.submit(name, Picture(key)) for key, name in {"a": "one", "b": "two", "c": "one"}.items()}
        ends = driven.ended(3)
        assert {key: (end.server, end.outcome.state) for key, end in ends.items()} == {
            "a": ("one", State.DONE),
            "b": ("two", State.DONE),
            "c": ("one", State.DONE),
        }
        assert (server.posted, other.posted) == ([ids["a"], ids["c"]], [ids["b"]])
    for key, end in ends.items():
        (file,) = end.files
        contents = file.path.read_bytes()
        assert file.path.parent == tmp_path / "spool"
        assert contents == picture(ids[key])
        assert file.sha256 == hashlib.sha256(contents).hexdigest()
        assert (file.node, file.kind, file.kept) == ("2", "images", True)
        assert (end.outcome.job_id, end.values, end.parameters) == (ids[key], {"seed": key}, f"Seed: {key}")
        assert end.graph["2"]["inputs"]["filename_prefix"] == f"tagloom/{ids[key]}"
        assert end.workflow == {"nodes": []}


def test_steps_and_states_are_told_by_the_task_s_key(drive, server):
    server.behave = slow
    driven = drive(one=server)
    driven.of(ServerUp)
    driven.submit("one", Picture("a"))
    driven.of(Changed, key="a", state=State.RUNNING)
    step = driven.of(Stepped, key="a")
    assert (step.server, step.of, step.node) == ("one", 60, "1") and 1 <= step.value <= 60


def test_a_task_that_can_t_be_made_out_fails_alone(drive, server):
    driven = drive(one=server)
    driven.of(ServerUp)
    for key, fault in {"a": "refused", "b": "broken", "c": ""}.items():
        driven.submit("one", Picture(key, fault=fault))
    ends = driven.ended(3)
    assert {key: end.outcome.state for key, end in ends.items()} == {
        "a": State.FAILED,
        "b": State.FAILED,
        "c": State.DONE,
    }
    assert ends["a"].outcome.problem[:2] == ("workflow", "node 3 (KSampler) can't be filled in")
    assert ends["b"].outcome.problem[:2] == ("failed", "ZeroDivisionError: a mistake")
    assert len(server.posted) == 1


def test_a_slow_task_holds_up_no_events(drive, server):
    """While one is prepared, the other one's end is told."""
    driven = drive(one=server)
    driven.of(ServerUp)
    driven.submit("one", Picture("a"))
    driven.submit("one", Picture("b", fault="slow"))
    assert list(driven.ended()) == ["a"]
    assert len(server.posted) == 1
    assert list(driven.ended()) == ["b"]


def test_a_download_overlaps_the_next_job(drive, server):
    """The first one's file takes a second; the second job is done on the server meanwhile."""

    def view(server: FaultServer, body: bytes) -> None:
        time.sleep(1.0)

    server.answers["GET /view"] = view
    driven = drive(one=server)
    driven.of(ServerUp)
    driven.submit("one", Picture("a"))
    driven.submit("one", Picture("b"))
    deadline = time.monotonic() + 5
    while len(server.done) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(server.done) == 2
    assert driven.executor.next_event(0.0) is None or not any(isinstance(event, Ended) for event in driven.events)
    assert set(driven.ended(2)) == {"a", "b"}


def test_only_the_job_that_is_taken_back_is(drive, server):
    """One runs and one waits; each can be taken back, and the third is done."""
    server.behave = lambda run: run.succeed() if run.server.interrupts else slow(run)
    driven = drive(one=server)
    driven.of(ServerUp)
    ids = {key: driven.submit("one", Picture(key)) for key in "abc"}
    driven.stand(a=State.RUNNING, b=State.QUEUED, c=State.QUEUED)
    driven.executor.cancel("one", ids["b"])
    assert driven.ended()["b"].outcome.state is State.CANCELLED
    driven.executor.cancel("one", ids["a"])
    assert driven.ended()["a"].outcome.state is State.CANCELLED
    assert driven.ended()["c"].outcome.state is State.DONE
    assert (server.interrupts, server.done) == ([ids["a"]], [ids["a"], ids["c"]])


def test_a_server_that_dies_loses_its_tasks_and_may_come_back(drive, server):
    """That it is down is told before what it lost; both, what ran and what waited, end as lost."""
    server.behave = slow
    driven = drive(one=server)
    driven.of(ServerUp)
    driven.submit("one", Picture("a"))
    driven.submit("one", Picture("b"))
    driven.stand(a=State.RUNNING, b=State.QUEUED)
    server.stop()
    assert driven.until(lambda event: isinstance(event, ServerDown | Ended)).problem.code == "server-unavailable"
    ends = driven.ended(2)
    assert {end.outcome.state for end in ends.values()} == {State.LOST}
    server.behave = Run.succeed
    server.start()
    driven.of(ServerUp)
    driven.submit("one", Picture("a"))
    assert driven.ended()["a"].outcome.state is State.DONE


def test_a_server_that_died_unnoticed_is_given_nothing_more(drive, server):
    """Nothing was to do there, so nobody saw it go: the first task tells, and the server counts as down before that."""
    driven = drive(one=server)
    driven.of(ServerUp)
    server.stop()
    driven.submit("one", Picture("a"))
    event = driven.until(lambda event: isinstance(event, ServerDown | Ended))
    assert isinstance(event, ServerDown)
    assert driven.ended()["a"].outcome.state is State.LOST
    server.start()
    driven.of(ServerUp)


def test_a_server_that_is_not_there_yet_is_waited_for(drive):
    server = FaultServer()
    with server:
        url = server.url
    driven = drive(one=url)
    assert "no answer from" in driven.of(ServerDown).problem.message
    server.start()
    try:
        assert driven.of(ServerUp).server == "one"
    finally:
        driven.executor.close()
        server.stop()


def test_jobs_of_another_process_are_taken_up(drive, server):
    """One is done and one runs; a third is known to nobody. What was posted is learnt from the server."""
    first = drive(one=server)
    first.of(ServerUp)
    done = first.submit("one", Picture("a"))
    first.ended()
    server.behave = slow
    driven = drive(one=server)
    driven.of(ServerUp)
    driven.executor.adopt("one", Picture("a"), done)
    driven.executor.adopt("one", Picture("b"), new_id())
    ends = driven.ended(2)
    assert ends["a"].outcome.state is State.DONE
    assert ends["a"].files[0].path.read_bytes() == picture(done)
    assert ends["a"].graph["2"]["inputs"]["filename_prefix"] == f"tagloom/{done}"
    assert (ends["a"].workflow, ends["a"].values) == ({"nodes": []}, {"seed": "a"})
    assert ends["b"].outcome.state is State.LOST
    assert server.posted == [done]


def test_leaving_takes_everything_back(drive, server):
    server.behave = slow
    driven = drive(one=server)
    driven.of(ServerUp)
    for key in "ab":
        driven.submit("one", Picture(key))
    driven.stand(a=State.RUNNING, b=State.QUEUED)
    driven.executor.close()
    assert {end.outcome.state for end in driven.ended(2).values()} == {State.CANCELLED}
    assert server.pending == [] and len(server.interrupts) == 1
    assert server.running is None


def test_leaving_can_leave_everything_at_the_server(drive, server):
    """One runs and one waits; nothing is told of them, and the next executor takes them up."""
    may_end = threading.Event()
    server.behave = lambda run: (run.begin(), may_end.wait(LONG), run.end())
    first = drive(one=server)
    first.of(ServerUp)
    ids = {key: first.submit("one", Picture(key)) for key in "ab"}
    first.stand(a=State.RUNNING, b=State.QUEUED)
    first.executor.close(take_back=False)
    while (event := first.executor.next_event(0.0)) is not None:
        assert not isinstance(event, Ended)
    assert (server.running.id, [job.id for job in server.pending]) == (ids["a"], [ids["b"]])
    may_end.set()
    driven = drive(one=server)
    driven.of(ServerUp)
    for key, job_id in ids.items():
        driven.executor.adopt("one", Picture(key), job_id)
    assert {end.outcome.state for end in driven.ended(2).values()} == {State.DONE}
    assert server.interrupts == [] and server.posted == server.done == list(ids.values())


@pytest.fixture
def over_ray(cluster, tmp_path, server) -> Iterator[Driven]:
    """A `RayExecutor` that has reached its server."""
    driven = Driven(RayExecutor({"one": Address.from_url(server.url)}, tmp_path / "spool", settings=IMPATIENT))
    driven.of(ServerUp)
    yield driven
    driven.executor.close()


@pytest.mark.ray
def test_an_actor_that_dies_leaves_its_job_to_the_next_one(over_ray, server):
    """Ray starts the actor again, which takes the job up: the server did it once, and nothing was posted twice."""
    server.behave = slow
    job_id = over_ray.submit("one", Picture("a"))
    over_ray.stand(a=State.RUNNING)
    os.kill(over_ray.executor.process("one"), signal.SIGKILL)
    assert "Ray starts it again" in over_ray.of(ServerDown).problem.message
    over_ray.of(ServerUp)
    end = over_ray.ended()["a"]
    assert (end.outcome.state, end.files[0].path.read_bytes()) == (State.DONE, picture(job_id))
    assert server.posted == server.done == [job_id]


@pytest.mark.ray
def test_a_task_that_can_t_travel_fails_alone(over_ray):
    """One can't be pickled; the other one's class is not known to the actor."""
    over_ray.submit("one", Picture("a", fault=threading.Lock()))
    over_ray.submit("one", Picture("b", fault=Stranger()))
    over_ray.submit("one", Picture("c"))
    ends = over_ray.ended(3)
    assert {key: end.outcome.state for key, end in ends.items()} == {
        "a": State.FAILED,
        "b": State.FAILED,
        "c": State.DONE,
    }
    assert "can't be carried to one" in ends["b"].outcome.problem.message


class Stranger:
    """Something that only this process knows."""

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (Path("no such place"), "known_here_only")


def test_an_actor_gives_no_other_files_away(tmp_path):
    actor = ServerActor(ServerEntry("one", Address.from_url("http://127.0.0.1:9")), IMPATIENT)
    secret = tmp_path / "secret"
    secret.touch()
    for path in (secret, actor._spool / ".." / "secret"):
        with pytest.raises(PermissionError, match="is no file of this server's"):
            actor.read(path, 0, 9)
        with pytest.raises(PermissionError):
            actor.drop(path)
    actor.close()
    assert secret.exists() and not actor._spool.exists()


def test_of_steps_and_pictures_only_the_newest_travel():
    first, other, last = (Stepped("one", key, value, 9, "3") for key, value in (("a", 1), ("b", 1), ("a", 2)))
    changed = Changed("one", "a", State.RUNNING)
    assert newest([first, changed, other, changed, last]) == [changed, other, changed, last]


def test_without_ray_it_is_said_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="Ray is not installed; install it with uv: uv sync --extra fleet"):
        RayExecutor({}, tmp_path)
