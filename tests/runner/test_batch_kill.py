"""A batch of 200 whose process is killed with `kill -9` at 20 random moments, and resumed each time."""

from __future__ import annotations

import random
from collections import Counter

from .fault_server.server import FaultServer, Run
from .killed_batches import assert_whole, finish, kill, start, write_batch
from .plain_workflow import OBJECT_INFO

JOBS, KILLS = 200, 20


def steadily(run: Run) -> None:
    """Do a job in a few milliseconds, so that some are always on their way when the process dies."""
    run.begin()
    run.server.pause(0.004)
    run.end()


def test_kill_9_at_20_moments_loses_and_doubles_nothing(tmp_path):
    """Every job has one result, the server was given each one once, and no file is broken or left over."""
    moments = random.Random(200)
    write_batch(tmp_path, JOBS)
    with FaultServer(behave=steadily) as server:
        server.object_info = OBJECT_INFO
        where = ("--server", server.url)
        killed = [kill(start(tmp_path, *where), lambda: len(server.posted), moments) for _ in range(KILLS)]
        finish(tmp_path, *where)
        made = Counter(entry["prompt"][2]["1"]["inputs"]["color"] for entry in server.history.values())
        posted = list(server.posted)
    assert killed == [True] * KILLS
    assert made == dict.fromkeys(range(1, JOBS + 1), 1)
    assert len(posted) == JOBS
    assert_whole(tmp_path / "batch", JOBS)
