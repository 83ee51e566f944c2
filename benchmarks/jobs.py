"""What the runner costs beside the server's own work, on one embedded server and graphs without models.

1. Small jobs, one picture each, against a bare loop over websocket-client that posts, waits, reads the history,
   downloads and writes the same. Nothing may be lost or doubled; at most 1.05 times the bare loop's time.
2. CPU of the client for a job of 300 nodes with all its progress frames, against comfy-cli's, interpreter start and
   imports excluded; at most a quarter. comfy-cli is measured where its own interpreter is given.

Run it with: python benchmarks/jobs.py [JOBS] [PYTHON_WITH_COMFY_CLI]
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import requests
import websocket

from tagloom.runner.batch.journal import Journal
from tagloom.runner.batch.rows import Row
from tagloom.runner.batch.told import JobEnded
from tagloom.runner.embedded import installations, processes
from tagloom.runner.fleet.servers import from_options
from tagloom.runner.fleet.tasks import Needs, Prepared
from tagloom.runner.jobs.job import Job, State, new_id
from tagloom.runner.outputs.saving import Saving
from tagloom.runner.running import run_tasks
from tagloom.runner.server.client import Client

ROUNDS = 3
NODES = 300
BIG_JOBS = 8
COMFY_CLI = """
import json, sys, time
from comfy_cli.command import run
host, port, *files = sys.argv[1:]
spent = []
for file in files:
    before = time.process_time()
    run.execute(file, host, int(port), wait=True, verbose=False)
    spent.append(time.process_time() - before)
print("SPENT", json.dumps(spent))
"""


def small_graph(name: str) -> dict:
    """Return a graph of two nodes that the server's cache does not know."""
    color = int(uuid.uuid4().hex[:6], 16)
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": color}},
        "2": {
            "class_type": "SaveImage",
            "inputs": {"images": ["1", 0], "filename_prefix": f"benchmark/{name[:3]}/{name}"},
        },
    }


def big_graph(name: str) -> dict:
    """Return a chain of 300 nodes, none of which the cache knows."""
    graph = small_graph(name)
    for number in range(3, NODES + 1):
        source = "1" if number == 3 else str(number - 1)
        graph[str(number)] = {"class_type": "ImageInvert", "inputs": {"image": [source, 0]}}
    graph["2"]["inputs"]["images"] = [str(NODES), 0]
    return graph


def bare(url: str, jobs: list[Job], out: Path) -> float:
    """Do the jobs one by one, as short as can be; return the seconds."""
    name = str(uuid.uuid4())
    session = requests.Session()
    started = time.perf_counter()
    socket = websocket.create_connection(f"ws{url.removeprefix('http')}/ws?clientId={name}", suppress_origin=True)
    for job in jobs:
        body = {"prompt": job.graph, "prompt_id": job.id, "client_id": name}
        session.post(f"{url}/prompt", json=body).raise_for_status()
        while True:
            message = json.loads(socket.recv())
            if message["type"] == "executing" and message["data"] == {"node": None, "prompt_id": job.id}:
                break
        entry = session.get(f"{url}/history/{job.id}").json()[job.id]
        for output in entry["outputs"].values():
            for image in output["images"]:
                (out / uuid.uuid4().hex).write_bytes(session.get(f"{url}/view", params=image).content)
    socket.close()
    return time.perf_counter() - started


@dataclass(frozen=True)
class GraphTask:
    """A job whose graph is made out already."""

    key: str
    job: Job
    needs: Needs = field(default_factory=Needs)

    def prepare(self, client: Client, job_id: str) -> Prepared:
        """Give the graph the name by which the runner knows the job."""
        graph = json.loads(json.dumps(self.job.graph).replace(self.job.id, job_id))
        return Prepared(Job(graph, None, job_id))


def ours(url: str, jobs: list[Job], out: Path) -> float:
    """Do the jobs as a batch does, with one sent ahead and a journal on the disk; return the seconds."""
    started = time.perf_counter()
    tasks = [GraphTask(job.id, job) for job in jobs]
    rows = [(task.key, Row({}, "")) for task in tasks]
    with Journal.new(out.parent / f"{uuid.uuid4().hex}.sqlite3", rows, {}) as journal:
        events = run_tasks(tasks, from_options([url]), Saving(out).going_on(), journal=journal)
        ended = [event for event in events if isinstance(event, JobEnded)]
    assert all(job.state is State.DONE for job in ended), ended
    return time.perf_counter() - started


def check(url: str, before: set[str], out: Path, count: int) -> set[str]:
    """Make sure that each job was done once and gave its one file; return all jobs that the server has done."""
    history = requests.get(f"{url}/history", timeout=60).json()
    done = [entry for job_id, entry in history.items() if job_id not in before]
    assert len(done) == count, "jobs are lost or doubled"
    assert {entry["status"]["status_str"] for entry in done} == {"success"}
    names = [image["filename"] for entry in done for image in entry["outputs"]["2"]["images"]]
    assert len(names) == len(set(names)) == count
    assert len(list(out.iterdir())) == count
    return set(history)


def compare_small(url: str, count: int) -> None:
    """Print how the small jobs went, in rounds of both kinds by turns."""
    times: dict = {bare: [], ours: []}
    done = set(requests.get(f"{url}/history", timeout=60).json())
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            for way in (bare, ours) if number % 2 else (ours, bare):
                jobs = [Job(small_graph(job_id), None, job_id) for job_id in (new_id() for _ in range(count))]
                out = Path(folder) / f"{way.__name__}-{number}"
                out.mkdir()
                times[way].append(way(url, jobs, out))
                done = check(url, done, out, len(jobs))
    per_job = {way: 1000 * sum(spent) / count / ROUNDS for way, spent in times.items()}
    ratio = statistics.median(mine / theirs for mine, theirs in zip(times[ours], times[bare], strict=True))
    print(f"{count} small jobs, {ROUNDS} times by turns, nothing lost or doubled:")
    print(f"  bare loop {per_job[bare]:.2f} ms a job, ours {per_job[ours]:.2f} ms; {ratio:.2f} times (limit 1.05)")


def our_cpu(url: str) -> list[float]:
    """Return our CPU seconds for each job of 300 nodes, from connecting to the file."""
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "out").mkdir()
        for _ in range(BIG_JOBS):
            job = Job(big_graph(new_id()), None, new_id())
            before = time.process_time()
            ours(url, [job], Path(folder) / "out")
            spent.append(time.process_time() - before)
    return spent


def comfy_cli_cpu(url: str, python: str) -> list[float]:
    """Return comfy-cli's CPU seconds for each job of 300 nodes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.json" for number in range(BIG_JOBS)]
        for file in files:
            file.write_text(json.dumps(big_graph(new_id())))
        command = [python, "-c", COMFY_CLI, host, port, *map(str, files)]
        told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout
    return json.loads(next(line for line in told.splitlines() if line.startswith("SPENT")).removeprefix("SPENT"))


def main(count: int, python: str | None) -> None:
    """Print all of it."""
    server = processes.ensure(installations.embedded(), 600)
    ours(server.url, [Job(small_graph("first"), None, new_id())], Path(tempfile.mkdtemp(dir=tempfile.mkdtemp())))
    compare_small(server.url, count)
    mine = statistics.median(our_cpu(server.url))
    print(f"client CPU for a job of {NODES} nodes, median of {BIG_JOBS}: ours {1000 * mine:.0f} ms")
    if python:
        theirs = statistics.median(comfy_cli_cpu(server.url, python))
        print(f"  comfy-cli {1000 * theirs:.0f} ms; ours is {mine / theirs:.3f} of it (limit 0.25)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2] if len(sys.argv) > 2 else None)
