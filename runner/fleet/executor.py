"""What carries tasks to servers: the interface, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..jobs.job import Outcome, Problem, State
from .tasks import Task


@dataclass(frozen=True)
class Facts:
    """What is known of a server once it answers: its version, node classes, and models by folder."""

    version: str
    classes: frozenset[str]
    models: Mapping[str, frozenset[str]]


class Fetched(NamedTuple):
    """A file that a job made, on this machine: `node`, `kind` and `name` as the history says, and where it lies.

    Attributes:
        node: the output node's id.
        kind: the history's key: `images`, `gifs`, `audio`, ...
        name: the file's name on the server, without folders.
        kept: whether the server keeps it as an output (type `output`) or as a preview (`temp`).
        path: where it was written, whole, in the folder given to the executor.
        sha256: the hash of its bytes, hexadecimal.
    """

    node: str
    kind: str
    name: str
    kept: bool
    path: Path
    sha256: str


class ServerUp(NamedTuple):
    """A server answers and takes tasks."""

    server: str
    facts: Facts


class ServerDown(NamedTuple):
    """A server is gone or does not work any more; each of its tasks ends as `lost` besides."""

    server: str
    problem: Problem


class Changed(NamedTuple):
    """A task's job is queued or runs."""

    server: str
    key: str
    state: State


class Stepped(NamedTuple):
    """A sampler made a step; `node` is the node's id."""

    server: str
    key: str
    value: int
    of: int
    node: str


class Previewed(NamedTuple):
    """A picture of how far a task has come: a whole JPEG, PNG or WebP file."""

    server: str
    key: str
    image: bytes


class Fetching(NamedTuple):
    """A task's job is done at its server, which has room for another; its files are on their way here.

    `seconds` is what the server needed, if it says so.
    """

    server: str
    key: str
    seconds: float | None


@dataclass(frozen=True)
class Ended:
    """A task's job came to an end; its files are here already, and `values` and `parameters` as it was prepared."""

    server: str
    key: str
    outcome: Outcome
    files: tuple[Fetched, ...] = ()
    texts: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    parameters: str = ""
    graph: Mapping[str, Any] = field(default_factory=dict)
    workflow: Mapping[str, Any] | None = None


Event = ServerUp | ServerDown | Changed | Stepped | Previewed | Fetching | Ended


class Executor(Protocol):
    """Carries tasks to servers and tells what becomes of them. It has no queue and no policy of its own."""

    def open(self) -> None:
        """Begin to connect to all servers; `ServerUp` or `ServerDown` tells of each."""

    def submit(self, server: str, task: Task, job_id: str) -> None:
        """Prepare a task for a server and post it under an id that the caller has noted down."""

    def adopt(self, server: str, task: Task, job_id: str) -> None:
        """Take up a job that was posted before; it ends as `lost` if the server does not know it."""

    def cancel(self, server: str, job_id: str) -> None:
        """Take a job back, wherever it stands; nobody else's is touched. It ends as `cancelled`."""

    def next_event(self, timeout: float) -> Event | None:
        """Return what happened next on any server; None if nothing did for so many seconds."""

    def close(self, take_back: bool = True) -> None:
        """Take back what is unfinished, disconnect, and return when nothing runs any more.

        Args:
            take_back: False leaves what was posted at its server, to be adopted later; nothing is told of it.
        """
