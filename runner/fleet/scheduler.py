"""Decides which task goes to which server, and when. Pure: no input or output, and no clock of its own.

Its rules: no server is idle while a task waits that it can do; what is loaded somewhere is used there; what nobody
works on comes before what another server works on already; within a group the tasks keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .choosing import choice
from .eligibility import lacks
from .executor import Facts
from .horizon import may_wait_at
from .state import Fleet, Server
from .tasks import Needs
from .waiting import Kind


class Scheduler:
    """Binds waiting tasks to servers with free slots, never before a slot is free.

    Every time is in seconds, on one clock of the caller's, who tells what happens and asks `next` after it. No task
    starves: those that are there from the start are finitely many, and of what is added later, a group that nobody
    served for an hour comes first.
    """

    def __init__(self, needs: Mapping[str, Needs], slots: int = 2, expected: Iterable[str] = ()) -> None:
        """Take the tasks by their keys, in their order, and how many a server has at a time: one runs, others wait.

        Of servers that are `expected` it will be told later that they are up or down; until then, nothing is sent ahead
        to another one that they might do at once.
        """
        self._fleet = Fleet(servers={name: Server(name, None, up=False, expected=True) for name in expected})
        self._numbers: dict[str, int] = {}
        self._barred: dict[str, frozenset[str]] = {}
        self._slots = slots
        for key, need in needs.items():
            self.add(key, need)

    def add(self, key: str, needs: Needs) -> None:
        """Take one more task, behind those that are there."""
        self._fleet.needs[key] = needs
        self._numbers[key] = len(self._numbers)
        self._fleet.waiting.put(key, needs, self._numbers[key])

    def server_up(self, name: str, facts: Facts) -> None:
        """Take a server in, or note that it is back: it has nothing loaded, but what was bound to it still is."""
        before = self._fleet.servers.get(name)
        self._fleet.servers[name] = Server(name, facts, bound=before.bound if before else [])

    def server_down(self, name: str) -> None:
        """Give a server nothing more. What is bound to it stays so until it is given back, finished or forgotten."""
        server = self._fleet.servers.get(name)
        if server is not None:
            server.up, server.expected, server.running, server.loaded = False, False, "", ""

    def adopt(self, name: str, key: str, now: float) -> None:
        """Note that a server has a task that this scheduler did not give to it, as after a restart of ours."""
        server = self._fleet.servers.setdefault(name, Server(name, None, up=False))
        if key not in server.bound:
            self._bind(server, key, now)

    def started(self, name: str, key: str, now: float) -> None:
        """Note that a task runs."""
        self.adopt(name, key, now)
        server, group = self._fleet.servers[name], self._fleet.needs[key].group
        server.loads = group not in ("", server.loaded)
        server.running, server.began, server.loaded = key, now, group or server.loaded

    def finished(self, name: str, key: str, now: float, seconds: float | None = None) -> None:
        """Note that a task is done; `seconds` is what the server itself needed for it, load included."""
        told = name in self._fleet.servers and self._fleet.servers[name].running == key
        if not told:
            self.started(name, key, now)
        server = self._fleet.servers[name]
        taken = seconds or (now - server.began if told else 0.0)
        if taken > 0:
            self._fleet.speeds.measured(name, self._fleet.needs[key].units, taken, server.loads)
        self.forget(key)

    def give_back(self, key: str, excluding: str | None = None) -> None:
        """Let a lost task wait again, as the first of its group; maybe never again on a server."""
        self.forget(key)
        barred = self._barred.get(key, frozenset()) | ({excluding} if excluding else frozenset())
        self._barred[key] = barred
        self._fleet.waiting.put(key, self._fleet.needs[key], self._numbers[key], barred, again=True)

    def forget(self, key: str) -> None:
        """Take a task out, wherever it stands."""
        self._fleet.waiting.remove(key)
        for server in self._fleet.servers.values():
            server.drop(key)

    def next(self, now: float) -> list[tuple[str, str]]:
        """Bind what can be bound now; return pairs of server and task, in the order in which they shall be posted."""
        since = self._fleet.since
        self._fleet.since = {kind.group: since.get(kind.group, now) for kind in self._fleet.waiting.kinds()}
        bound = []
        while (offer := min(self._offers(now), default=None)) is not None:
            bound.append(self._take(offer.server, offer.kind, now))
        return bound + [pair for server in self._fastest_first() for pair in self._ahead(server, now)]

    def impossible(self) -> Mapping[str, str]:
        """Return the waiting tasks that no known server can do, each with the reason; servers may be down."""
        known = [server for server in self._fleet.servers.values() if server.facts is not None]
        found: dict[str, str] = {}
        for kind in self._fleet.waiting.kinds():
            if known and not any(server.can(kind) for server in known):
                reason = "; ".join(f"{server.name}: {_refusal(server.facts, kind)}" for server in known)
                found.update(dict.fromkeys(self._fleet.waiting.keys(kind), reason))
        return found

    def _offers(self, now: float) -> Iterator[_Offer]:
        """Yield for each idle server what it would do next."""
        for turn, server in enumerate(self._fleet.up()):
            kind = None if server.bound else choice(self._fleet, server, now)
            if kind is not None:
                place = self._fleet.waiting.first(kind)
                load = self._fleet.load_seconds(server, kind.group, server.loaded)
                work = self._fleet.needs[place.key].units / self._fleet.speeds.speed(server.name)
                yield _Offer(load + work, load, place.number, turn, server.name, kind)

    def _ahead(self, server: Server, now: float) -> Iterator[tuple[str, str]]:
        """Bind tasks to a server that is busy, while it has room and no other one would be idle for that."""
        while 0 < len(server.bound) < self._slots:
            kind = choice(self._fleet, server, now)
            if kind is None or not may_wait_at(self._fleet, server, kind, now):
                return
            yield self._take(server.name, kind, now)

    def _fastest_first(self) -> list[Server]:
        return sorted(self._fleet.up(), key=lambda server: -self._fleet.speeds.speed(server.name))

    def _take(self, name: str, kind: Kind, now: float) -> tuple[str, str]:
        key = self._fleet.waiting.first(kind).key
        self._bind(self._fleet.servers[name], key, now)
        return name, key

    def _bind(self, server: Server, key: str, now: float) -> None:
        group = self._fleet.needs[key].group
        if group not in ("", self._fleet.tail(server)):
            server.switched = now
        self._fleet.since[group] = now
        self.forget(key)
        server.bound.append(key)


class _Offer(NamedTuple):
    """What an idle server would do next, and how soon it would be done: the least of several is the best."""

    seconds: float
    load: float
    number: int
    turn: int
    server: str
    kind: Kind


def _refusal(facts: Facts | None, kind: Kind) -> str:
    missing = lacks(facts, kind.needs) if facts else ()
    return ", ".join(missing) or "it failed there before"
