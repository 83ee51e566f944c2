"""Tasks for two real servers, and how often they loaded a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tagloom.runner.batch.driver import drive
from tagloom.runner.batch.journal import Journal
from tagloom.runner.batch.rows import Row
from tagloom.runner.batch.told import JobEnded
from tagloom.runner.fleet.executor import Executor
from tagloom.runner.fleet.lane import Settings
from tagloom.runner.fleet.scheduler import Scheduler
from tagloom.runner.fleet.servers import ServerEntry
from tagloom.runner.fleet.tasks import Needs, Prepared
from tagloom.runner.fleet.threads import ThreadExecutor
from tagloom.runner.jobs.job import Job
from tagloom.runner.jobs.options import Options
from tagloom.runner.outputs.saving import Saving
from tagloom.runner.server.address import Address
from tagloom.runner.server.client import Client

LOADER = "loader"
"""The id of the node that loads a checkpoint."""


@dataclass(frozen=True)
class Task:
    """Saves a picture, after `steps` of some 0.2 s each, or with the VAE of a checkpoint."""

    key: str
    needs: Needs
    steps: int = 0
    checkpoint: str = ""

    def prepare(self, client: Client, job_id: str) -> Prepared:
        graph = self._decoded() if self.checkpoint else self._scaled()
        saved = {"images": ["last", 0], "filename_prefix": f"tagloom/{job_id}"}
        graph["save"] = {"class_type": "SaveImage", "inputs": saved}
        return Prepared(Job(graph, None, job_id), {"seed": int(self.key)})

    def _decoded(self) -> dict[str, Any]:
        return {
            LOADER: {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": self.checkpoint}},
            "empty": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
            "last": {"class_type": "VAEDecode", "inputs": {"samples": ["empty", 0], "vae": [LOADER, 2]}},
        }

    def _scaled(self) -> dict[str, Any]:
        nodes: dict[str, Any] = {
            "0": {
                "class_type": "EmptyImage",
                "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": int(self.key)},
            }
        }
        for step in range(self.steps):
            size = {"upscale_method": "lanczos", "width": 2500 - step, "height": 2500, "crop": "disabled"}
            nodes[str(step + 1)] = {"class_type": "ImageScale", "inputs": {"image": [str(step), 0], **size}}
        small = {"upscale_method": "area", "width": 32, "height": 32, "crop": "disabled"}
        return nodes | {"last": {"class_type": "ImageScale", "inputs": {"image": [str(self.steps), 0], **small}}}


@dataclass(frozen=True)
class Done:
    """What a batch came to: the ends by key, the seconds from the first server's answer on, and what was posted."""

    ends: Mapping[str, JobEnded]
    seconds: float
    ids: Mapping[str, Sequence[str]]

    def loads(self, servers: Mapping[str, str]) -> int:
        """Return how often the servers (addresses by name) ran the node that loads, by their histories."""
        return sum(_loaded(Client(url), job_id) for name, url in servers.items() for job_id in self.ids[name])


def run(
    tasks: Sequence[Task],
    servers: Mapping[str, str | ServerEntry],
    out: Path,
    on_event: Callable[[Any], None] = lambda told: None,
    executes: Callable[..., Executor] = ThreadExecutor,
) -> Done:
    """Bring tasks to their ends on servers, with a journal on the disk."""
    places = {name: Address.from_url(at) if isinstance(at, str) else at for name, at in servers.items()}
    journal_file = out.with_suffix(".sqlite3")
    rows = [(task.key, Row({"seed": int(task.key)}, f"line {task.key}")) for task in tasks]
    ends: dict[str, JobEnded] = {}
    with Journal.new(journal_file, rows, {"kind": "test"}) as journal:
        executor = executes(places, out.with_suffix(".spool"), settings=Settings(Options(patience=2.0)))
        scheduler = Scheduler({task.key: task.needs for task in tasks})
        began = time.monotonic()
        for told in drive(tasks, executor, scheduler, journal, Saving(out), list(servers)):
            on_event(told)
            if isinstance(told, JobEnded):
                assert told.key not in ends
                ends[told.key] = told
        seconds = time.monotonic() - began
        attempts = [attempt for task in tasks for attempt in journal.attempts(task.key)]
    ids = {name: [attempt.job_id for attempt in attempts if attempt.server == name] for name in servers}
    return Done(ends, seconds, ids)


def unload(servers: Mapping[str, str]) -> None:
    """Let the servers forget what they have loaded and made."""
    for url in servers.values():
        requests.post(f"{url}/free", json={"unload_models": True, "free_memory": True}, timeout=10).raise_for_status()
    time.sleep(0.5)  # it is done by the worker, between two jobs


def with_checkpoints(checkpoints: Iterable[str], grouped: bool) -> list[Task]:
    """Return a task for each checkpoint named; without groups they are done in their order, first come first served."""
    return [
        Task(str(number), Needs(group=name if grouped else ""), checkpoint=name)
        for number, name in enumerate(checkpoints, 1)
    ]


def _loaded(client: Client, job_id: str) -> bool:
    messages = (client.history(job_id) or {"status": {"messages": []}})["status"]["messages"]
    cached = [node for kind, data in messages if kind == "execution_cached" for node in data["nodes"]]
    return bool(messages) and LOADER not in cached
