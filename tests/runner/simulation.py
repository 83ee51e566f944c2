"""A fleet that exists on paper: servers with speeds and loads of their own work off what the scheduler gives them."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tagloom.runner.fleet.executor import Facts
from tagloom.runner.fleet.scheduler import Scheduler
from tagloom.runner.fleet.tasks import Needs

EVERYTHING = Facts("0.3.75", frozenset(), {})


@dataclass
class Machine:
    """A server: `speed` in units a second, `load` in seconds a group, and `noise` as the part that varies."""

    name: str
    speed: float = 1.0
    load: float = 0.0
    facts: Facts = EVERYTHING
    noise: float = 0.0
    tells: bool = True
    up: bool = False
    queue: list[str] = field(default_factory=list)
    loaded: str = ""
    life: int = 0


@dataclass
class Fleet:
    """Runs a scheduler's decisions and counts what came of them.

    Attributes:
        loads: how often each machine loaded a group.
        idle: seconds in which a machine was idle while a task that it could do waited unbound.
        behind: seconds in which one was idle while such a task was sent ahead to another machine.
        ahead: how many tasks were sent ahead, so that their machine had no gap before them.
    """

    needs: Mapping[str, Needs]
    machines: list[Machine]
    slots: int = 2
    seed: int = 0
    now: float = 0.0
    idle: float = 0.0
    behind: float = 0.0
    ahead: int = 0
    done: Counter[str] = field(default_factory=Counter)
    by: dict[str, list[str]] = field(default_factory=dict)
    loads: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.needs, self.slots, [machine.name for machine in self.machines])
        self._random = random.Random(self.seed)
        self._events: list[tuple[float, int, str, Machine, str, int]] = []
        self._number = 0
        self._named = {machine.name: machine for machine in self.machines}
        for machine in self.machines:
            self.at(0.0, "up", machine)
            self.by[machine.name] = []

    def at(self, time: float, what: str, machine: Machine, key: str = "") -> None:
        """Let something happen to a machine: `up`, `down` or `end` (of a task)."""
        self._number += 1
        heapq.heappush(self._events, (time, self._number, what, machine, key, machine.life))

    def run(self) -> Fleet:
        """Work until nothing is left to do."""
        while self._events:
            time, _, what, machine, key, life = heapq.heappop(self._events)
            self._count(time - self.now)
            self.now = time
            if what == "up":
                self._up(machine)
            elif what == "down":
                self._down(machine)
            elif life == machine.life:
                self._end(machine, key)
            for name, bound in self.scheduler.next(self.now):
                self._post(self._named[name], bound)
        return self

    def _up(self, machine: Machine) -> None:
        machine.up, machine.loaded = True, ""
        self.scheduler.server_up(machine.name, machine.facts)

    def _down(self, machine: Machine) -> None:
        lost, machine.queue = machine.queue, []
        machine.up, machine.life = False, machine.life + 1
        self.scheduler.server_down(machine.name)
        for key in lost:
            self.scheduler.give_back(key)

    def _post(self, machine: Machine, key: str) -> None:
        assert machine.up, f"{key} was given to {machine.name}, which is down"
        assert can(machine, self.needs[key]), f"{machine.name} can't do {key}"
        assert not any(key in other.queue for other in self.machines), f"{key} was given away twice"
        assert not self.done[key], f"{key} was given away again"
        self.ahead += bool(machine.queue)
        machine.queue.append(key)
        assert len(machine.queue) <= self.slots
        if len(machine.queue) == 1:
            self._start(machine)

    def _start(self, machine: Machine) -> None:
        key = machine.queue[0]
        needs = self.needs[key]
        seconds = needs.units / machine.speed * self._random.uniform(1 - machine.noise, 1 + machine.noise)
        if needs.group and needs.group != machine.loaded:
            self.loads[machine.name] += 1
            machine.loaded = needs.group
            seconds += machine.load
        self.at(self.now + seconds, "end", machine, key)
        if machine.tells:
            self.scheduler.started(machine.name, key, self.now)

    def _end(self, machine: Machine, key: str) -> None:
        self.done[key] += 1
        self.by[machine.name].append(key)
        machine.queue.remove(key)
        self.scheduler.finished(machine.name, key, self.now)
        if machine.queue:
            self._start(machine)

    def _count(self, seconds: float) -> None:
        ahead = {key for machine in self.machines for key in machine.queue[1:]}
        bound = {key for machine in self.machines for key in machine.queue}
        free = [key for key in self.needs if not self.done[key] and key not in bound]
        for machine in self.machines:
            if machine.up and not machine.queue and seconds > 0:
                self.idle += seconds * any(can(machine, self.needs[key]) for key in free)
                self.behind += seconds * any(can(machine, self.needs[key]) for key in ahead)


def can(machine: Machine, needs: Needs) -> bool:
    """Return whether a machine has all that is needed; written apart from the scheduler's own rule."""
    return needs.classes <= machine.facts.classes and all(
        model.name in machine.facts.models.get(model.folder, ()) for model in needs.models
    )


def shuffled(groups: Mapping[str, int], units: float = 1.0, seed: int = 0) -> dict[str, Needs]:
    """Return so many tasks of each group, in random order."""
    order = [group for group, count in groups.items() for _ in range(count)]
    random.Random(seed).shuffle(order)
    return {f"{number}": Needs(group=group, units=units) for number, group in enumerate(order)}
