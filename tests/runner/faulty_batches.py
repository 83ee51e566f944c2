"""Batches against servers with faults, through the command line: what is left of one, in the journal and the folder."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from tagloom.runner import running
from tagloom.runner.batch.driver import Rules
from tagloom.runner.batch.journal import NAME, Journal
from tagloom.runner.batch.records import Attempt, Entry
from tagloom.runner.cli import main
from tagloom.runner.fleet import carrying, lane
from tagloom.runner.fleet.lane import Settings
from tagloom.runner.jobs import link
from tagloom.runner.jobs.options import Options
from tagloom.runner.outputs.kinds import PICTURES

from .conftest import EVENTS
from .fault_server import FaultServer
from .following import QUICK
from .plain_workflow import plain_workflow

PAGES = ("gallery.html", "contact-sheet")
"""What begins the names of the files that a batch has besides its results."""


class Left(NamedTuple):
    """What a command left.

    Attributes:
        code: its exit code.
        events: what it told.
        lines: of each job a line: its state and code, and after a colon the same of each of its postings.
        attempts: the postings themselves, in the same order.
        files: the paths of the results, all of them whole.
    """

    code: int
    events: list[dict[str, Any]]
    lines: list[str]
    attempts: list[list[Attempt]]
    files: list[Path]

    @property
    def message(self) -> str:
        """What the last event says."""
        return str(self.events[-1].get("message", ""))


class FaultyBatch:
    """A batch in a folder, whose results are in `o`; its workflow has no models, its jobs are colours: 1, 2, 3 ..."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Take the current folder."""
        (folder / "w.json").write_text(plain_workflow())
        self.journal = folder / "o" / NAME
        self._capsys = capsys

    def run(self, *servers: FaultServer, jobs: int = 1, more: tuple[str, ...] = ()) -> Left:
        """Run so many jobs on servers."""
        colors = ",".join(map(str, range(1, jobs + 1)))
        return self.command("run", "--workflow", "w.json", "--grid", f"color={colors}", "--out", "o", *more, at=servers)

    def resume(self, *servers: FaultServer) -> Left:
        """Go on with it."""
        return self.command("resume", "o", at=servers)

    def command(self, name: str, *arguments: str, at: tuple[FaultServer, ...]) -> Left:
        """Run a command; each of its events is valid."""
        where = [part for server in at for part in ("--server", server.url)]
        code = main(["batch", name, "--json", *arguments, *where])
        printed = self._capsys.readouterr()
        assert printed.err == ""
        events = [json.loads(line) for line in printed.out.splitlines()]
        for event in events:
            EVENTS.validate(event)
        return self._left(code, events)

    def look(self) -> Left:
        """Return what another process left."""
        return self._left(0, [])

    def stands(self) -> dict[str, int]:
        """Return how many jobs are in each state, as another process sees it."""
        if not self.journal.exists():
            return {}
        with Journal.read(self.journal) as journal:
            return journal.counts()

    def _left(self, code: int, events: list[dict[str, Any]]) -> Left:
        if not self.journal.exists():
            assert not self.journal.parent.exists()
            return Left(code, events, [], [], [])
        with Journal.read(self.journal) as journal:
            entries, saved = journal.entries(), journal.files()
            attempts = [journal.attempts(entry.key) for entry in entries]
        files = [file for entry in entries for file in saved.get(entry.key, [])]
        assert set(saved) <= {entry.key for entry in entries if entry.state in ("done", "partial")}
        for file in files:
            assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256
            if file.path.suffix in PICTURES:
                with Image.open(file.path) as image:
                    image.load()
        there = {path.name for path in self.journal.parent.iterdir() if not path.name.startswith(PAGES)}
        assert there - {NAME, f".{NAME}.lock"} == {file.name for file in files}
        ids = [attempt.job_id for tried in attempts for attempt in tried]
        assert len(set(ids)) == len(ids)
        return Left(code, events, list(map(_line, entries, attempts)), attempts, [file.path for file in files])


def _line(entry: Entry, attempts: list[Attempt]) -> str:
    told = f"{entry.state} {entry.problem.code if entry.problem else ''}".strip()
    tried = [
        " ".join(filter(None, (one.state, one.code, "" if one.counts else "(does not count)"))) for one in attempts
    ]
    return f"{told}: {', '.join(tried)}".strip()


def hasten(monkeypatch: pytest.MonkeyPatch, giving_up: float = 10.0, **waits: Any) -> None:
    """Let commands wait less: a session as it is given, what is down for a moment, all jobs until `giving_up`."""
    quick = {name: getattr(QUICK, name) for name in ("silence", "idle", "patience", "look", "blind", "settle", "waits")}
    monkeypatch.setattr(running, "Options", lambda **given: Options(**{**given, **quick, **waits}))
    monkeypatch.setattr(running, "Settings", partial(Settings, first=0.05, most=0.2))
    monkeypatch.setattr(running, "Rules", partial(Rules, patience=giving_up))
    monkeypatch.setattr(carrying, "PAUSE", 0.02)
    monkeypatch.setattr(link, "AGAIN", 0.05)
    monkeypatch.setattr(lane, "LOOK", 0.05)


def wait_for(condition: Callable[[], Any], pause: Callable[[float], None] = time.sleep) -> None:
    """Return once something is so."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        pause(0.01)
