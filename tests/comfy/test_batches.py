"""Batches on the real server, with a workflow that needs no model: a thousand jobs, and `kill -9` while they run."""

import random
from collections import Counter

import requests

from tagloom.runner.cli import main

from ..runner.killed_batches import assert_whole, finish, kill, start, write_batch

MANY = 1000
JOBS, KILLS = 100, 10


def made(server, size: int) -> Counter[int]:
    """Return how often the server finished each job of a batch, under whatever id, by its colour.

    No other test makes pictures of this size.
    """
    history = requests.get(f"{server.url}/history", timeout=60).json().values()
    done = [entry["prompt"][2] for entry in history if entry["status"]["completed"]]
    pictures = [node["inputs"] for graph in done for node in graph.values() if node["class_type"] == "EmptyImage"]
    return Counter(inputs["color"] for inputs in pictures if inputs["width"] == size)


def test_of_a_thousand_jobs_none_is_lost_or_doubled(server, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_batch(tmp_path, MANY, size=9)
    assert main(["batch", "run", "jobs.csv", "--workflow", "w.json"]) == 0
    assert made(server, 9) == dict.fromkeys(range(1, MANY + 1), 1)
    assert_whole(tmp_path / "batch", MANY)


def test_a_killed_batch_is_finished_with_each_job_once(server, tmp_path):
    """A job that the server finished is not run again, although the process that asked for it is dead."""
    moments = random.Random(100)
    write_batch(tmp_path, JOBS, size=10)

    def progress() -> int:
        return len(list((tmp_path / "batch").glob("0*.png")))

    killed = [kill(start(tmp_path), progress, moments) for _ in range(KILLS)]
    finish(tmp_path)
    assert killed == [True] * KILLS
    assert made(server, 10) == dict.fromkeys(range(1, JOBS + 1), 1)
    assert_whole(tmp_path / "batch", JOBS)
