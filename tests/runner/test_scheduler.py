"""The scheduler's decisions, one by one."""

from __future__ import annotations

import pytest

from tagloom.runner.fleet import choosing
from tagloom.runner.fleet.executor import Facts
from tagloom.runner.fleet.scheduler import Scheduler
from tagloom.runner.fleet.tasks import Model, Needs

ANY = Facts("0.3.75", frozenset(), {})
SD = Needs(models=(Model("checkpoints", "sd.safetensors"),), classes=frozenset({"KSampler"}), group="sd")


def has(*names: str, classes: tuple[str, ...] = ("KSampler",)) -> Facts:
    return Facts("0.3.75", frozenset(classes), {"checkpoints": frozenset(names)})


def scheduler(groups: str, *servers: str, slots: int = 2) -> Scheduler:
    """Return a scheduler with a task for each letter, numbered from 0 and of that group, and some servers."""
    made = Scheduler({str(number): Needs(group=group.strip()) for number, group in enumerate(groups)}, slots)
    for name in servers:
        made.server_up(name, ANY)
    return made


def work(made: Scheduler, server: str, key: str, start: float, seconds: float) -> None:
    made.started(server, key, start)
    made.finished(server, key, start + seconds, seconds)


def test_one_server_gets_all_in_order_with_one_ahead():
    made = scheduler("ABAB", "one")
    assert made.next(0) == [("one", "0"), ("one", "2")]
    assert made.next(0) == []
    work(made, "one", "0", 0, 1)
    assert made.next(1) == [("one", "1")]
    work(made, "one", "2", 1, 1)
    work(made, "one", "1", 2, 1)
    assert made.next(3) == [("one", "3")]
    work(made, "one", "3", 3, 1)
    assert made.next(4) == []


def test_slots_say_how_many_are_bound():
    assert len(scheduler("A" * 9, "one", slots=1).next(0)) == 1
    assert len(scheduler("A" * 9, "one", slots=4).next(0)) == 4


def test_the_server_that_has_the_group_loaded_comes_first():
    made = scheduler("ABAB", "one", "two", slots=1)
    assert made.next(0) == [("one", "0"), ("two", "1")]
    work(made, "two", "1", 0, 1)
    assert made.next(1) == [("two", "3")]
    work(made, "one", "0", 0, 2)
    assert made.next(2) == [("one", "2")]


def test_of_two_idle_servers_the_last_task_goes_to_the_faster_one():
    made = scheduler("    ", "slow", "fast", slots=1)
    assert made.next(0) == [("slow", "0"), ("fast", "1")]
    work(made, "slow", "0", 0, 10)
    work(made, "fast", "1", 0, 1)
    made.forget("2")
    assert made.next(10) == [("fast", "3")]


@pytest.mark.parametrize(("load", "chosen"), [(1, "fast"), (100, "loaded")])
def test_a_load_counts_as_long_as_it_was_measured(load, chosen):
    """Four times slower, with the group in memory: worth it where loading takes longer than the job."""
    made = scheduler("AABB" + "A", "loaded", "fast", slots=1)
    assert dict(made.next(0)) == {"loaded": "0", "fast": "2"}
    work(made, "loaded", "0", 0, load + 4)
    work(made, "fast", "2", 0, load + 1)
    assert dict(made.next(load + 4)) == {"loaded": "1", "fast": "3"}
    work(made, "loaded", "1", load + 4, 4)
    work(made, "fast", "3", load + 4, 1)
    assert made.next(load + 8) == [(chosen, "4")]


def test_nothing_is_sent_ahead_to_a_slow_server_at_the_end():
    """Three tasks are left: the fast server does them all before the slow one comes to a second."""
    made = scheduler(" " * 9, "slow", "fast")
    assert made.next(0) == [("slow", "0"), ("fast", "1")]
    work(made, "fast", "1", 0, 1)
    work(made, "slow", "0", 0, 10)
    for key in "23456":
        made.forget(key)
    assert made.next(10) == [("fast", "7"), ("slow", "8")]


def test_a_slow_server_is_sent_ahead_what_the_fast_one_would_not_come_to():
    made = scheduler(" " * 99, "slow", "fast")
    assert sorted(server for server, _ in made.next(0)) == ["fast", "fast", "slow", "slow"]
    work(made, "fast", "1", 0, 1)
    work(made, "slow", "0", 0, 10)
    assert sorted(server for server, _ in made.next(10)) == ["fast", "slow"]


def test_what_comes_back_goes_first_and_not_to_the_server_that_lost_it():
    made = scheduler("    ", "one", "two", slots=1)
    assert made.next(0) == [("one", "0"), ("two", "1")]
    made.server_down("one")
    made.give_back("0", excluding="one")
    made.server_up("one", ANY)
    assert made.next(1) == [("one", "2")]
    work(made, "two", "1", 0, 2)
    assert made.next(2) == [("two", "0")]


def test_a_server_that_is_back_has_nothing_loaded():
    made = scheduler("AABBB", "one", slots=1)
    assert made.next(0) == [("one", "2")]  # B is more work
    for key in "34":
        made.forget(key)
    made.server_down("one")
    made.give_back("2")
    assert made.next(1) == []
    made.server_up("one", ANY)
    assert made.next(2) == [("one", "0")]  # now A is, and B is loaded no more


def test_a_job_from_before_a_restart_keeps_its_slot():
    """It is adopted before its server answered; once that is there, nothing more goes to it."""
    made = scheduler("AA")
    made.adopt("one", "0", 0)
    assert made.next(0) == []
    made.server_up("one", ANY)
    assert made.next(1) == [("one", "1")]
    work(made, "one", "0", 1, 1)
    assert made.next(2) == []


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (has("sdxl.safetensors"), "no file sd.safetensors in checkpoints (did you mean sdxl.safetensors?)"),
        (has("sd.safetensors", classes=()), "no node KSampler"),
        (has(classes=()), "no node KSampler, no file sd.safetensors in checkpoints"),
    ],
)
def test_a_server_that_lacks_something_gets_nothing_and_says_why(facts, reason):
    made = Scheduler({"a": SD})
    assert made.impossible() == {}  # nobody was asked yet
    made.server_up("poor", facts)
    assert made.next(0) == []
    assert made.impossible() == {"a": f"poor: {reason}"}
    made.server_up("rich", has("sd.safetensors"))
    assert made.impossible() == {}
    made.server_down("rich")
    assert made.impossible() == {}  # it may come back
    assert made.next(1) == []


@pytest.mark.parametrize(
    ("wanted", "there", "strict", "loose"),
    [
        ("xl/sd.safetensors", "xl\\sd.safetensors", True, True),  # on Windows
        ("xl\\sd.safetensors", "xl/sd.safetensors", True, True),
        ("SD", "xl/sd.safetensors", False, True),  # as users write it
        ("sd.ckpt", "sd.safetensors", False, True),
        ("sd", "sd2.safetensors", False, False),
        ("sd", "sd/other.safetensors", False, False),
    ],
)
def test_a_file_may_be_named_in_several_ways(wanted, there, strict, loose):
    for is_loose, found in {False: strict, True: loose}.items():
        made = Scheduler({"a": Needs(models=(Model("checkpoints", wanted, is_loose),))})
        made.server_up("one", has(there))
        assert bool(made.next(0)) is found
        assert bool(made.impossible()) is not found


def test_a_task_barred_everywhere_is_impossible():
    made = scheduler("A", "one")
    made.next(0)
    made.give_back("0", excluding="one")
    assert made.impossible() == {"0": "one: it failed there before"}


def test_the_server_that_alone_can_do_something_does_that_first():
    common, rare = Needs(group="common"), Needs(models=(Model("checkpoints", "rare"),), group="rare")
    made = Scheduler({"0": common, "1": common, "2": rare}, slots=1)
    made.server_up("both", has("rare"))
    made.server_up("plain", has())
    assert sorted(made.next(0)) == [("both", "2"), ("plain", "0")]


def test_no_group_starves_behind_tasks_that_are_added():
    made = scheduler("AB", "one", slots=1)
    assert made.next(0) == [("one", "0")]
    for number in range(2, 40):
        made.add(str(number), Needs(group="A"))
        work(made, "one", str(number - 1) if number > 2 else "0", 0, 1)
        ((_, key),) = made.next(number * choosing.PATIENCE / 20)
        if key == "1":
            break
        assert key == str(number)
    assert 20 <= number <= 23
