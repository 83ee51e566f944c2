"""Two real servers: one is killed at its work, and checkpoints are loaded as rarely as the order of jobs allows."""

import os
import random
import shutil
import signal
import sys
import time

import pytest

from tagloom.runner.embedded import processes
from tagloom.runner.fleet.executor import Changed
from tagloom.runner.fleet.ray import QUIET, RayExecutor, import_ray
from tagloom.runner.fleet.servers import ServerEntry
from tagloom.runner.fleet.tasks import Needs
from tagloom.runner.jobs.job import State
from tagloom.runner.places import PACKAGE, models

from . import real_fleet
from .conftest import IDLE_SECONDS
from .real_fleet import Task, run, unload, with_checkpoints


@pytest.fixture(scope="module")
def both(server, home):
    """The suite's server and a second one, apart from it, by their names."""
    entry = ServerEntry("second", idle_seconds=IDLE_SECONDS, apart=True)
    yield {"first": server.url, "second": entry.open().url}
    processes.stop(entry.installation)


@pytest.fixture
def two_checkpoints():
    """The tiny checkpoint under two more names, so that each is loaded for itself."""
    folder = models() / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / name for name in ("fleet-a.safetensors", "fleet-b.safetensors")]
    for file in files:
        shutil.copyfile(PACKAGE / "tiny" / "tagloom-tiny.safetensors", file)
    yield [file.name for file in files]
    for file in files:
        file.unlink()


def test_a_batch_in_random_order_loads_fewer_checkpoints_than_first_come_first_served(
    both, two_checkpoints, tmp_path, figure
):
    """24 jobs on two servers; loads are counted from the servers' own histories."""
    order = two_checkpoints * 12
    random.Random(5).shuffle(order)
    loads, seconds = {}, {}
    for name, grouped in {"first come": False, "grouped": True}.items():
        unload(both)
        done = run(with_checkpoints(order, grouped), both, tmp_path / name)
        assert {end.state for end in done.ends.values()} == {State.DONE} and len(done.ends) == 24
        loads[name], seconds[name] = done.loads(both), done.seconds
    for name in loads:
        figure(f"24 jobs, 2 checkpoints, 2 real servers, {name}: {loads[name]} loads, {seconds[name]:.2f} s")
    assert 2 <= loads["grouped"] <= 4 < loads["first come"]


def test_a_server_killed_at_its_work_loses_nothing(both, tmp_path):
    """12 jobs without models: the other server does what the killed one had, and each job is done exactly once."""
    tasks = [Task(str(number), Needs(), steps=3) for number in range(1, 13)]
    pid = processes.find(ServerEntry("second", apart=True).installation).pid
    seen = []

    def kill(told):
        if isinstance(told, Changed) and told.server == "second" and told.state is State.RUNNING:
            seen.append(told.key)
            if len(seen) == 2:
                time.sleep(0.1)  # in the midst of it
                os.kill(pid, signal.SIGKILL)

    done = run(tasks, both, tmp_path / "out", kill)
    assert len(seen) >= 2
    assert {key: end.state for key, end in done.ends.items()} == {task.key: State.DONE for task in tasks}
    assert done.ends[seen[1]].server == "first" and done.ends[seen[1]].attempts == 2
    assert {end.server for end in done.ends.values()} == {"first", "second"}
    names = [file.name for end in done.ends.values() for file in end.files]
    assert len(set(names)) == 12
    assert sorted(names) == sorted(path.name for path in (tmp_path / "out").iterdir())


@pytest.fixture
def local_ray():
    """A Ray on this machine, ended after the test; its workers know the tasks of these tests."""
    ray = import_ray()
    ray.init(address="local", num_cpus=2, **QUIET)
    ray.cloudpickle.register_pickle_by_value(sys.modules[real_fleet.__name__])
    yield
    ray.shutdown()


def test_two_servers_over_a_local_ray(both, local_ray, tmp_path):
    """One actor attaches the suite's server, the other one starts the second server, which was killed before."""
    second = ServerEntry("second", idle_seconds=IDLE_SECONDS, apart=True)
    tasks = [Task(str(number), Needs(), steps=1) for number in range(1, 11)]
    done = run(tasks, {"first": both["first"], "second": second}, tmp_path / "out", executes=RayExecutor)
    assert {key: end.state for key, end in done.ends.items()} == {task.key: State.DONE for task in tasks}
    assert {end.server for end in done.ends.values()} == {"first", "second"}
    assert {end.attempts for end in done.ends.values()} == {1}
    assert len(list((tmp_path / "out").iterdir())) == 10
