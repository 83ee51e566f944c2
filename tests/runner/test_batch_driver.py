"""Driving tasks to their ends: what is saved, tried again, taken up after a crash, and told."""

from __future__ import annotations

import errno

import pytest

from tagloom.runner.batch.driver import Rules, drive
from tagloom.runner.batch.endings import Endings
from tagloom.runner.batch.flights import Flights
from tagloom.runner.batch.journal import NAME, Journal
from tagloom.runner.batch.records import WAITING
from tagloom.runner.batch.told import Adopted, JobAgain, JobEnded
from tagloom.runner.errors import Cancelled, SaveError, ServerUnavailable, WorkflowError
from tagloom.runner.fleet.executor import Ended, Facts
from tagloom.runner.fleet.scheduler import Scheduler
from tagloom.runner.fleet.tasks import Model, Needs
from tagloom.runner.jobs.job import Outcome, State
from tagloom.runner.outputs import saving
from tagloom.runner.outputs.names import read_template
from tagloom.runner.outputs.saving import Saving

from .simulated_servers import Servers, SimulatedExecutor, expected, failed, lost, new_journal, results, run, tasks_of


@pytest.fixture
def journal(tmp_path):
    with new_journal(tmp_path / "out" / NAME, 3) as journal:
        yield journal


@pytest.fixture
def servers():
    return Servers("a")


@pytest.fixture
def executor(servers, tmp_path):
    return SimulatedExecutor(servers, tmp_path / "spool")


@pytest.fixture(autouse=True)
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def ends(told):
    return {one.key: one for one in told if isinstance(one, JobEnded)}


def test_each_job_is_run_saved_and_told_once(journal, executor, servers, out, tmp_path):
    ended = ends(run(journal, executor, out, servers))
    assert results(out) == expected(3)
    assert [(one.number, one.state, one.files[0].name, one.attempts) for one in ended.values()] == [
        (number, State.DONE, f"{number:05}-{number}.txt", 1) for number in (1, 2, 3)
    ]
    assert journal.counts() == {"done": 3}
    assert {key: [file.path for file in files] for key, files in journal.files().items()} == {
        str(number): [out / f"{number:05}-{number}.txt"] for number in (1, 2, 3)
    }
    assert executor.closed
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_is_at_its_end_is_not_done_again(journal, executor, servers, out):
    run(journal, executor, out, servers)
    assert run(journal, executor, out, servers) == []
    assert servers.runs == {"1": 1, "2": 1, "3": 1}


def test_a_server_is_told_to_forget_a_job_after_the_commit(journal, executor, servers, out):
    with Journal.read(out / NAME) as reader:
        forgotten = []

        def forget(server, job_id):
            (key,) = (key for key in "123" if reader.attempts(key) and reader.attempts(key)[0].job_id == job_id)
            forgotten.append((server, key, reader.entries()[int(key) - 1].state))

        run(journal, executor, out, servers, Rules(forget=forget))
    assert sorted(forgotten) == [("a", key, "done") for key in "123"]


@pytest.mark.parametrize(
    ("fault", "posts", "state"),
    [
        (failed("job-failed"), 1, "failed"),
        (failed("job-refused"), 1, "failed"),
        (failed("out-of-memory"), 1, "failed"),
        (failed("output-missing"), 2, "done"),
        (lost("job-lost"), 2, "done"),
        (lost("post-unanswered"), 2, "done"),
    ],
    ids=lambda value: getattr(value, "problem", None) and value.problem.code,
)
def test_one_failure_on_one_server(journal, executor, servers, out, fault, posts, state):
    servers["a"].faults["2"] = [fault]
    told = run(journal, executor, out, servers)
    assert (len(journal.attempts("2")), ends(told)["2"].state) == (posts, state)
    assert len([one for one in told if isinstance(one, JobAgain)]) == posts - 1
    assert len({attempt.job_id for attempt in journal.attempts("2")}) == posts
    assert journal.counts() == ({"done": 3} if state == "done" else {"done": 2, "failed": 1})


def test_a_failure_is_told_with_its_reason(journal, executor, servers, out):
    servers["a"].faults["2"] = [failed()]
    ended = ends(run(journal, executor, out, servers))["2"]
    assert ended.problem.message == journal.entries()[1].problem.message == "node 3 (KSampler) failed: no"
    assert sorted(results(out)) == ["00001-1.txt", "00003-3.txt"]


def test_a_job_that_fills_the_memory_goes_to_another_server_once(tmp_path, out):
    servers = Servers("a", "b", "c")
    for name in servers:
        servers[name].faults["2"] = [failed("out-of-memory")] * 3
    with new_journal(None, 3) as journal:
        ended = ends(run(journal, SimulatedExecutor(servers, tmp_path / "spool"), out, servers))["2"]
        tried = [attempt.server for attempt in journal.attempts("2")]
    assert ended.state is State.FAILED
    assert len(tried) == len(set(tried)) == 2


def test_a_job_that_takes_servers_down_is_parked(journal, executor, servers, out):
    servers["a"].faults["2"] = [lost("server-unavailable")] * 5
    ended = ends(run(journal, executor, out, servers))["2"]
    assert (ended.state, ended.attempts) == (State.LOST, 2)
    assert "it was running when a and then a went down" in ended.problem.message
    assert journal.counts() == {"done": 2, "lost": 1}


def test_a_file_that_broke_on_its_way_is_fetched_again_and_not_run_again(journal, executor, servers, out):
    servers["a"].fetch_faults["2"] = [failed("output-broken")] * 2
    run(journal, executor, out, servers)
    assert (results(out), servers.runs["2"], executor.adopted) == (expected(3), 1, ["2", "2"])


def test_a_file_that_always_breaks_is_made_once_more_and_then_given_up(journal, executor, servers, out):
    servers["a"].fetch_faults["2"] = [failed("output-broken")] * 9
    ended = ends(run(journal, executor, out, servers))["2"]
    assert (ended.state, servers.runs["2"], ended.attempts) == (State.FAILED, 2, 2)


def test_retries_end(journal, executor, servers, out):
    servers["a"].faults["2"] = [lost("post-unanswered")] * 9
    ended = ends(run(journal, executor, out, servers, Rules(retries=1)))["2"]
    assert (ended.state, ended.attempts) == (State.LOST, 2)


def test_what_no_server_can_do_is_said_before_anything_is_queued(journal, executor, servers, out):
    servers["a"].facts = Facts("0.3.75", frozenset(), {"loras": frozenset({"ink.safetensors"})})
    needs = {"3": Needs(models=(Model("loras", "oil.safetensors"),))}
    with pytest.raises(WorkflowError, match=r"nothing is queued: no server can do job 3: a: no file oil.safetensors"):
        run(journal, executor, out, servers, needs=needs)
    assert (servers.posts, journal.counts()) == ([], {WAITING: 3})


def test_without_any_server_nothing_is_lost(journal, executor, servers, out):
    servers["a"].up = False
    with pytest.raises(ServerUnavailable, match=r"no answer from a .3 jobs are left"):
        run(journal, executor, out, servers)
    servers["a"].up = True
    run(journal, executor, out, servers)
    assert results(out) == expected(3)


def test_a_server_that_dies_gives_its_jobs_to_the_others(tmp_path, out):
    servers = Servers("a", "b")
    executor = SimulatedExecutor(servers, tmp_path / "spool")
    with new_journal(None, 6) as journal:
        servers["a"].faults = {str(number): [lost("server-unavailable")] for number in range(1, 7)}
        tasks = tasks_of(journal)
        scheduler = Scheduler({task.key: task.needs for task in tasks})
        for event in drive(tasks, executor, scheduler, journal, Saving(out), list(servers), Rules(patience=0.0)):
            if isinstance(event, JobAgain) and servers["a"].up:
                executor.take_down("a")
    assert results(out) == expected(6)
    assert set(servers.runs.values()) == {1}


def test_leaving_early_takes_back_and_can_be_resumed(journal, executor, servers, out):
    tasks = tasks_of(journal)
    scheduler = Scheduler({task.key: task.needs for task in tasks})
    driven = drive(tasks, executor, scheduler, journal, Saving(out), ["a"])
    next(event for event in driven if isinstance(event, JobEnded))
    driven.close()
    assert executor.closed and executor.took_back
    assert [attempt.counts for attempt in journal.in_flight().values()] == [False, False]
    run(journal, executor, out, servers)
    assert results(out) == expected(3)


def test_jobs_left_at_a_server_are_taken_up_there(journal, executor, servers, out, tmp_path):
    """One of them was done, the other one never arrived."""
    journal.post("1", "a", "first")
    journal.post("2", "a", "second")
    journal.commit()
    servers["a"].finished.append("first")
    told = run(journal, executor, out, servers)
    assert [one.key for one in told if isinstance(one, Adopted)] == ["1", "2"]
    assert results(out) == expected(3)
    assert servers.runs == {"2": 1, "3": 1}


def test_jobs_left_at_a_server_that_is_gone_are_done_elsewhere(tmp_path, out):
    servers = Servers("a", "b")
    servers["a"].up = False
    with new_journal(None, 3) as journal:
        journal.post("1", "a", "first")
        journal.post("2", "unknown", "second")
        run(journal, SimulatedExecutor(servers, tmp_path / "spool"), out, servers)
    assert results(out) == expected(3)


def test_being_asked_to_stop_takes_back_and_can_be_resumed(journal, executor, servers, out):
    asked = []
    rules = Rules(patience=0.0, stopped=lambda: len(asked.append(1) or asked) > 3)
    with pytest.raises(Cancelled, match="stopped; nothing of it runs on"):
        run(journal, executor, out, servers, rules)
    assert executor.closed
    run(journal, executor, out, servers)
    assert results(out) == expected(3)
    assert set(servers.runs.values()) == {1}


def test_a_full_disk_ends_the_run_and_loses_nothing(journal, executor, servers, out, monkeypatch):
    """What could not be saved is fetched again, not run again."""

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(saving.folders, "settle_file", full)
        with pytest.raises(SaveError, match="No space left on device; free some space"):
            run(journal, executor, out, servers)
    assert (results(out), journal.counts().get("done")) == ({}, None)
    run(journal, executor, out, servers)
    assert results(out) == expected(3)
    assert set(servers.runs.values()) == {1}


def test_two_jobs_of_one_name_get_two_files(tmp_path, out):
    """They end in one turn, and neither has its file when the other's name is decided."""
    servers = Servers("a", "b")
    with new_journal(None, 4) as journal:
        tasks = tasks_of(journal)
        scheduler = Scheduler({task.key: task.needs for task in tasks})
        executor = SimulatedExecutor(servers, tmp_path / "spool")
        template = read_template("same")
        told = ends(drive(tasks, executor, scheduler, journal, Saving(out, template), list(servers)))
    names = {one.files[0].name: key for key, one in told.items()}
    assert results(out) == {name: f"what {key} made" for name, key in names.items()}
    assert len(names) == 4


def test_events_of_an_attempt_that_is_over_change_nothing(journal, executor, servers, out):
    told = run(journal, executor, out, servers)
    late = next(one for one in told if isinstance(one, JobEnded))
    again = Ended("a", late.key, Outcome("another id", State.FAILED))
    flights = Flights(tasks_of(journal), journal, Scheduler({}))
    assert list(Endings(flights, journal, Scheduler({}), Saving(out), 3).ended(again)) == []
    assert journal.counts() == {"done": 3}
