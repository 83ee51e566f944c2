"""Whole batches on fleets that exist on paper: idle servers, loads of checkpoints, servers that die."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.runner.fleet.executor import Facts
from tagloom.runner.fleet.tasks import Model, Needs

from .simulation import Fleet, Machine, can, shuffled

GROUPS = {"A": 100, "B": 100, "C": 100}


def least_loads(groups: dict[str, int], units: float, machines: list[Machine]) -> int:
    """Return how many loads no scheduler can go below while it lets no machine idle beside a waiting task.

    Every group is loaded at least once. Exactly once each would mean that every group is done whole, on one machine. So
    all ways to deal out whole groups are tried: where in each of them some machine is done while another still has a
    task to begin, one group at least is loaded twice.
    """
    for dealt in itertools.product(machines, repeat=len(groups)):
        ends, begins = [], []
        for machine in machines:
            jobs = [groups[name] for name, owner in zip(groups, dealt, strict=True) if owner is machine]
            ends.append(sum(machine.load + count * units / machine.speed for count in jobs))
            begins.append(ends[-1] - units / machine.speed if jobs else 0.0)
        if max(begins) <= min(ends):
            return len(groups)
    return len(groups) + 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("load", [0.5, 5.0, 30.0])
def test_three_checkpoints_on_two_servers_one_four_times_slower(load, seed, figure):
    """300 shuffled jobs: no server idle while a job waits that it can do, and hardly a load more than there must be."""
    machines = [Machine("fast", 4.0, load), Machine("slow", 1.0, load)]
    least = least_loads(GROUPS, 10.0, machines)
    fleet = Fleet(shuffled(GROUPS, 10.0, seed), machines).run()
    assert len(fleet.done) == 300 and set(fleet.done.values()) == {1}
    assert (fleet.idle, fleet.behind) == (0, 0)
    assert fleet.loads.total() <= 1.5 * least
    if (seed, load) == (0, 5.0):
        figure(f"scheduling, 3 checkpoints, 300 jobs, 2 servers: {fleet.loads.total()} loads, at least {least} needed")


def test_the_least_is_three_where_whole_groups_fit():
    """Two to one, and one server twice as fast: the bound itself tells the cases apart, and is reached in both."""
    machines = [Machine("fast", 2.0), Machine("slow", 1.0)]
    assert least_loads(GROUPS, 10.0, machines) == 3
    assert Fleet(shuffled(GROUPS, 10.0), machines).run().loads.total() <= 4
    assert least_loads(GROUPS, 10.0, [Machine("fast", 4.0), Machine("slow", 1.0)]) == 4


@pytest.mark.parametrize("seed", range(5))
def test_jobs_that_take_unequal_times(seed):
    """A fifth more or less: estimates are never right, and still nobody is idle behind another."""
    machines = [Machine("fast", 4.0, 5.0, noise=0.2), Machine("slow", 1.0, 5.0, noise=0.2)]
    fleet = Fleet(shuffled(GROUPS, 10.0, seed), machines, seed=seed).run()
    assert (len(fleet.done), fleet.idle, fleet.behind) == (300, 0, 0)
    assert fleet.loads.total() <= 6


@pytest.mark.parametrize("seed", range(40))
def test_nobody_idles_behind_what_was_sent_ahead(seed):
    """Any few servers, loads and speeds, and jobs that take up to half more or less than expected."""
    chance = random.Random(seed)
    machines = [
        Machine(
            f"{number}", chance.choice([0.5, 1, 2, 4, 10]), chance.choice([0, 2, 10]), noise=chance.choice([0, 0.5])
        )
        for number in range(chance.randint(2, 5))
    ]
    jobs = shuffled(dict.fromkeys("ABC", chance.choice([3, 13, 50])), chance.choice([1, 10]), seed)
    fleet = Fleet(jobs, machines, seed=seed).run()
    assert (len(fleet.done), fleet.idle, fleet.behind) == (len(jobs), 0, 0)


@pytest.mark.parametrize("speeds", [(1,), (1, 1), (4, 1), (10, 1), (1, 1, 1, 1)])
def test_nearly_all_is_sent_ahead(speeds):
    """While much waits, a server has its next task before it is done with the one that it runs."""
    machines = [Machine(f"{number}", speed, 2.0) for number, speed in enumerate(speeds)]
    fleet = Fleet(shuffled(GROUPS, 10.0), machines).run()
    assert fleet.ahead > 0.8 * 300


@pytest.mark.parametrize("jobs", [2, 5, 11, 12, 30, 200])
@pytest.mark.parametrize("tells", [True, False], ids=["starts told", "starts not told"])
def test_a_server_ten_times_slower(jobs, tells):
    """Both are done within one job of the slow one, however many jobs there are; nothing waits behind it."""
    machines = [Machine("slow", 1.0, tells=tells), Machine("fast", 10.0, tells=tells)]
    fleet = Fleet(shuffled({"": jobs}, 10.0), machines).run()
    assert (len(fleet.done), fleet.idle, fleet.behind) == (jobs, 0, 0)
    assert fleet.now <= jobs * 10.0 / 11 + 10.0


def test_a_server_alone_loads_each_checkpoint_once():
    fleet = Fleet(shuffled(GROUPS), [Machine("one", load=3.0)]).run()
    assert fleet.loads.total() == 3
    assert [fleet.needs[key].group for key in fleet.by["one"]] == sorted(
        (fleet.needs[key].group for key in fleet.by["one"]),
        key=[*dict.fromkeys(map(group_of(fleet), fleet.by["one"]))].index,
    )


def group_of(fleet: Fleet):
    return lambda key: fleet.needs[key].group


@pytest.mark.parametrize("servers", [3, 5, 8])
def test_many_servers_share_few_checkpoints(servers):
    machines = [Machine(f"server {number}", 1.0 + number, 2.0) for number in range(servers)]
    fleet = Fleet(shuffled(GROUPS, 10.0), machines).run()
    assert (len(fleet.done), fleet.idle, fleet.behind) == (300, 0, 0)
    assert fleet.loads.total() <= 2 * (servers + len(GROUPS))


def test_servers_that_die_and_come_back():
    """What they had is done by the others, or by themselves later; nothing is lost and nothing is done twice."""
    machines = [Machine("one", 2.0, 3.0), Machine("two", 1.0, 3.0)]
    fleet = Fleet(shuffled(GROUPS, 10.0), machines)
    for number in range(1, 40):
        machine = machines[number % 2]
        fleet.at(20.0 * number, "down", machine)
        fleet.at(20.0 * number + 7, "up", machine)
    fleet.run()
    assert set(fleet.done.values()) == {1} and len(fleet.done) == 300
    assert fleet.idle == 0


MODELS = st.sampled_from("abcd")
NEEDS = st.builds(
    lambda name, group, units: Needs((Model("checkpoints", name),), group=name if group else "", units=units),
    MODELS,
    st.booleans(),
    st.sampled_from([0.0, 1.0, 3.5, 40.0]),
)
MACHINES = st.builds(
    lambda speed, load, models, noise, tells: Machine(
        "", speed, load, Facts("0.3.75", frozenset(), {"checkpoints": frozenset(models)}), noise, tells
    ),
    st.sampled_from([0.1, 1.0, 4.0]),
    st.sampled_from([0.0, 2.0, 20.0]),
    st.sets(MODELS),
    st.sampled_from([0.0, 0.4]),
    st.booleans(),
)
FALLS = st.lists(st.tuples(st.floats(0.1, 300), st.integers(0, 3), st.floats(0.1, 60)), max_size=8)


@settings(max_examples=150)
@given(st.lists(NEEDS, max_size=40), st.lists(MACHINES, min_size=1, max_size=4), FALLS, st.integers(1, 3))
def test_any_fleet_does_what_it_can_exactly_once(needs, machines, falls, slots):
    """Whatever dies when: nothing is bound where it can't be done, nowhere are too many, and nobody idles in vain."""
    for number, machine in enumerate(machines):
        machine.name = f"server {number}"
    fleet = Fleet({f"{number}": need for number, need in enumerate(needs)}, machines, slots)
    for time, number, pause in falls:
        machine = machines[number % len(machines)]
        fleet.at(time, "down", machine)
        fleet.at(time + pause, "up", machine)
    fleet.run()
    possible = {key for key, need in fleet.needs.items() if any(can(machine, need) for machine in machines)}
    assert dict(fleet.done) == dict.fromkeys(possible, 1)
    assert set(fleet.scheduler.impossible()) == set(fleet.needs) - possible
    assert fleet.idle == 0
