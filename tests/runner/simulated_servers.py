"""Servers that exist in memory alone and outlive the process that uses them, and the executor that works with them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tagloom.runner.batch.driver import Rules, drive
from tagloom.runner.batch.journal import Journal
from tagloom.runner.batch.rows import Row
from tagloom.runner.batch.told import Told
from tagloom.runner.fleet.executor import Changed, Ended, Event, Facts, Fetched, ServerDown, ServerUp
from tagloom.runner.fleet.scheduler import Scheduler
from tagloom.runner.fleet.tasks import Needs, Prepared
from tagloom.runner.jobs.job import Outcome, Problem, State
from tagloom.runner.outputs.names import NameTemplate
from tagloom.runner.outputs.saving import Saving

FACTS = Facts("0.3.75", frozenset(), {})
AT_ONCE = Rules(patience=0.0)
"""Servers that are gone are not waited for."""


@dataclass(frozen=True)
class PlainTask:
    """A task of which nothing is asked."""

    key: str
    needs: Needs = field(default_factory=Needs)

    def prepare(self, client: Any, job_id: str) -> Prepared:
        raise AssertionError("these servers prepare nothing")


def lost(code: str = "job-lost") -> Outcome:
    return Outcome("", State.LOST, problem=Problem(code, "gone"))


def failed(code: str = "job-failed") -> Outcome:
    return Outcome("", State.FAILED, problem=Problem(code, "node 3 (KSampler) failed: no"))


@dataclass
class Machine:
    """One server: the jobs that it knows by id, what it finished, and what is to go wrong.

    Attributes:
        jobs: key of each job that it accepted, by id.
        finished: ids in the order in which they ended.
        faults: by key, the outcomes of its next runs instead of success.
        up: whether it answers.
    """

    jobs: dict[str, str] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    faults: dict[str, list[Outcome]] = field(default_factory=dict)
    fetch_faults: dict[str, list[Outcome]] = field(default_factory=dict)
    up: bool = True
    facts: Facts = FACTS

    def restart(self) -> None:
        """Forget every job."""
        self.jobs.clear()
        self.finished.clear()


class Servers(dict[str, Machine]):
    """Some machines, and how often each task was run to its end."""

    def __init__(self, *names: str) -> None:
        super().__init__({name: Machine() for name in names or ("a",)})
        self.runs: Counter[str] = Counter()
        self.posts: list[tuple[str, str]] = []


class SimulatedExecutor:
    """Runs a job at once when it is posted; `gate` is called around all that a crash can come between."""

    def __init__(self, servers: Servers, spool: Path, gate: Callable[[], None] = lambda: None) -> None:
        self._servers, self._spool, self._gate = servers, spool, gate
        self._events: deque[Event] = deque()
        self.closed = False
        self.took_back = False
        self.cancelled: list[str] = []
        self.adopted: list[str] = []

    def open(self) -> None:
        for name, machine in self._servers.items():
            down = ServerDown(name, Problem("server-unavailable", f"no answer from {name}"))
            self._events.append(ServerUp(name, machine.facts) if machine.up else down)

    def submit(self, server: str, task: PlainTask, job_id: str) -> None:
        self._gate()
        machine = self._servers[server]
        self._servers.posts.append((server, task.key))
        machine.jobs[job_id] = task.key
        self._gate()
        self._events.append(Changed(server, task.key, State.RUNNING))
        faults = machine.faults.get(task.key)
        if faults:
            outcome = replace(faults.pop(0), job_id=job_id)
            self._end(server, task.key, outcome)
            return
        self._servers.runs[task.key] += 1
        machine.finished.append(job_id)
        self._fetch(server, task.key, job_id)

    def adopt(self, server: str, task: PlainTask, job_id: str) -> None:
        self._gate()
        self.adopted.append(task.key)
        if job_id in self._servers[server].finished:
            self._fetch(server, task.key, job_id)
        else:
            self._end(server, task.key, replace(lost(), job_id=job_id))

    def cancel(self, server: str, job_id: str) -> None:
        self._gate()
        self.cancelled.append(job_id)

    def next_event(self, timeout: float) -> Event | None:
        self._gate()
        return self._events.popleft() if self._events else None

    def close(self, take_back: bool = True) -> None:
        self.closed, self.took_back = True, take_back

    def take_down(self, server: str, *keys: str) -> None:
        """Let a server die, with all that it has."""
        self._servers[server].up = False
        self._events.append(ServerDown(server, Problem("server-unavailable", f"{server} is gone")))

    def _fetch(self, server: str, key: str, job_id: str) -> None:
        faults = self._servers[server].fetch_faults.get(key)
        if faults:
            self._end(server, key, replace(faults.pop(0), job_id=job_id))
            return
        self._spool.mkdir(exist_ok=True)
        path = self._spool / f"{job_id}.part"
        path.write_bytes(f"what {key} made\nas {job_id}".encode())
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        file = Fetched("9", "text_files", f"{job_id}.txt", True, path, sha256)
        self._end(server, key, Outcome(job_id, State.DONE, seconds=1.0), (file,))

    def _end(self, server: str, key: str, outcome: Outcome, files: tuple[Fetched, ...] = ()) -> None:
        self._events.append(Ended(server, key, outcome, files, values={"seed": int(key)}))


def new_journal(path: Path | None, count: int) -> Journal:
    return Journal.new(path, [(str(n), Row({"seed": n}, f"line {n}")) for n in range(1, count + 1)], {"kind": "plain"})


def tasks_of(journal: Journal, needs: Mapping[str, Needs] = {}) -> list[PlainTask]:
    return [PlainTask(entry.key, needs.get(entry.key, Needs())) for entry in journal.entries()]


def run(
    journal: Journal,
    executor: SimulatedExecutor,
    out: Path,
    servers: Servers,
    rules: Rules = AT_ONCE,
    needs: Mapping[str, Needs] = {},
    template: NameTemplate | None = None,
) -> list[Told]:
    """Drive all that the journal holds; return what was told."""
    tasks = tasks_of(journal, needs)
    scheduler = Scheduler({task.key: task.needs for task in tasks})
    return list(drive(tasks, executor, scheduler, journal, Saving(out, template), list(servers), rules))


def results(out: Path) -> dict[str, str]:
    """Return the first line of what lies in a folder, by name; the second one tells under which id it was made."""
    return {path.name: path.read_text().splitlines()[0] for path in sorted(out.iterdir()) if path.suffix == ".txt"}


def expected(count: int) -> dict[str, str]:
    """Return what must lie there when each of so many jobs is done once."""
    return {f"{n:05}-{n}.txt": f"what {n} made" for n in range(1, count + 1)}


def dumped(told: list[Told]) -> str:
    """Return what was told in one text, for searching."""
    return json.dumps([str(one) for one in told])
