"""What it saves to order jobs by checkpoint: the same shuffled batch on two servers, by checkpoint and as it comes.

Run it with: python benchmarks/fleet.py [JOBS [ROUNDS]]

The checkpoints are copies of the tiny one, which loads in a fraction of a second; real ones take 2 to 60 times as long.
"""

import random
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from tagloom.runner.batch.told import JobEnded
from tagloom.runner.embedded import processes
from tagloom.runner.fleet.servers import ServerEntry
from tagloom.runner.fleet.tasks import Needs, Prepared
from tagloom.runner.jobs.job import Job
from tagloom.runner.outputs.saving import Saving
from tagloom.runner.places import PACKAGE, models
from tagloom.runner.running import run_tasks
from tagloom.runner.server.client import Client

CHECKPOINTS = [f"tagloom-fleet-{letter}.safetensors" for letter in "abc"]


@dataclass(frozen=True)
class Decoding:
    """A job that needs a checkpoint and hardly anything else: an empty latent image, decoded and saved."""

    key: str
    needs: Needs
    checkpoint: str

    def prepare(self, client: Client, job_id: str) -> Prepared:
        """Make the graph out."""
        graph = {
            "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": self.checkpoint}},
            "2": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
            "3": {"class_type": "VAEDecode", "inputs": {"samples": ["2", 0], "vae": ["1", 2]}},
            "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": f"tagloom/{job_id}"}},
        }
        return Prepared(Job(graph, None, job_id), {"seed": int(self.key)})


def loads(urls: list[str]) -> int:
    """Return how many of the jobs in the servers' histories ran the node that loads a checkpoint."""
    entries = [entry for url in urls for entry in requests.get(f"{url}/history", timeout=30).json().values()]
    cached = [dict(entry["status"]["messages"]).get("execution_cached", {"nodes": []})["nodes"] for entry in entries]
    return sum("1" not in nodes for nodes in cached)


def batch(order: list[str], servers: list[ServerEntry], grouped: bool) -> tuple[float, int]:
    """Return the seconds that a batch takes, and how often a checkpoint is loaded; nothing is loaded at first."""
    urls = [server.open().url for server in servers]
    for url in urls:
        requests.post(f"{url}/history", json={"clear": True}, timeout=10)
        requests.post(f"{url}/free", json={"unload_models": True, "free_memory": True}, timeout=10)
    time.sleep(1)
    tasks = [Decoding(str(n), Needs(group=name if grouped else ""), name) for n, name in enumerate(order, 1)]
    with tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        ended = [told for told in run_tasks(tasks, servers, Saving(Path(out))) if isinstance(told, JobEnded)]
        seconds = time.perf_counter() - started
    assert [told.state.value for told in ended] == ["done"] * len(order)
    return seconds, loads(urls)


def main(jobs: int, rounds: int) -> None:
    """Print medians of some rounds, each with an order of its own."""
    folder = models() / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    servers = [ServerEntry("first"), ServerEntry("second", apart=True)]
    try:
        for name in CHECKPOINTS:
            shutil.copyfile(PACKAGE / "tiny" / "tagloom-tiny.safetensors", folder / name)
        rows = {False: [], True: []}
        for number in range(rounds):
            order = [CHECKPOINTS[job % len(CHECKPOINTS)] for job in range(jobs)]
            random.Random(number).shuffle(order)
            for grouped, row in rows.items():
                row.append(batch(order, servers, grouped))
    finally:
        for name in CHECKPOINTS:
            (folder / name).unlink(missing_ok=True)
        processes.stop(servers[1].installation)
    first, by_group = ([statistics.median(column) for column in zip(*row, strict=True)] for row in rows.values())
    print(
        f"{jobs} shuffled jobs, {len(CHECKPOINTS)} checkpoints, two servers on one machine, median of {rounds} rounds:"
    )
    print(f"  first come, first served  {first[0]:.2f} s, {first[1]:g} loads")
    print(f"  by checkpoint             {by_group[0]:.2f} s, {by_group[1]:g} loads")
    print(f"  times as fast             {first[0] / by_group[0]:.1f}")


if __name__ == "__main__":
    main(*(int(given) if given else usual for given, usual in zip([*sys.argv[1:], "", ""], (60, 5), strict=False)))
