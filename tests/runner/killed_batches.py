"""Batches whose process is killed with `kill -9` again and again, and what must be there at their end."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tagloom.runner.batch.journal import NAME, Journal

from .plain_workflow import plain_workflow

START = 1.0
"""Seconds in which a process starts; some of the kills come in that time."""


def write_batch(folder: Path, jobs: int, size: int = 8) -> None:
    """Write a workflow for pictures of a size, and a table of so many colours for it."""
    (folder / "w.json").write_text(plain_workflow(size))
    (folder / "jobs.csv").write_text("\n".join(["color", *map(str, range(1, jobs + 1))]))


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Run the batch of a folder, or resume it where it was begun."""
    kind = ["resume", "batch"] if (folder / "batch" / NAME).exists() else ["run", "jobs.csv", "--workflow", "w.json"]
    command = [sys.executable, "-m", "tagloom.runner", "batch", *kind, *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def kill(process: subprocess.Popen[bytes], progress: Callable[[], int], moments: random.Random) -> bool:
    """Kill a process while it starts, or some steps of progress later; return whether it was not done before."""
    first, steps = progress(), moments.choice([0, 1, 2, 3, 5, 8])
    deadline = time.monotonic() + 60
    while progress() < first + steps and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(moments.uniform(0, 0.02 if steps else START))
    process.kill()
    process.communicate()
    return process.returncode < 0


def finish(folder: Path, *arguments: str) -> None:
    """Resume the batch and let it come to its end."""
    process = start(folder, *arguments)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said


def assert_whole(folder: Path, jobs: int) -> None:
    """Each job has one picture, as the journal says; nothing else is there but what a batch has at its end."""
    with Journal.read(folder / NAME) as journal:
        assert journal.counts() == {"done": jobs}
        files = journal.files()
    names = [file.name for (file,) in files.values()]
    assert len(set(names)) == len(names) == jobs
    pages = {path.name for path in folder.glob("contact-sheet*.png")}
    others = {NAME, f".{NAME}.lock", "gallery.html", *pages}
    assert {path.name for path in folder.iterdir()} - others == set(names)
    for name in names:
        with Image.open(folder / name) as image:
            image.load()
