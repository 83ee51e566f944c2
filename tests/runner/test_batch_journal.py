"""The journal: what it keeps, whom it keeps out, and what it says of files that it can't use, without changing them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tagloom.runner.batch import schema
from tagloom.runner.batch.journal import NAME, Journal
from tagloom.runner.batch.leftovers import remove_leftovers, remove_parts
from tagloom.runner.batch.records import WAITING, Attempt
from tagloom.runner.batch.retries import Verdict, verdict
from tagloom.runner.batch.rows import Row
from tagloom.runner.errors import JournalError, UsageError
from tagloom.runner.jobs.job import Outcome, Problem, State
from tagloom.runner.outputs.saving import Intended, Saved

from .simulated_servers import new_journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / NAME


def test_it_keeps_rows_with_their_types_and_order(path):
    values = {"positive": '猫, "x"', "seed": 2**64 - 1, "cfg": 4.5, "easy": True, "size": None}
    Journal.new(path, [("1", Row(values, "t.csv line 2")), ("2", Row({}, "t.csv line 3"))], {"kind": "x"}).close()
    with Journal.open(path) as journal:
        first, second = journal.entries()
        assert (list(first.row.values.items()), first.row.origin) == (list(values.items()), "t.csv line 2")
        assert (first.row.values["easy"], second.number, second.key, second.state) == (True, 2, "2", WAITING)
        assert journal.made == {"kind": "x"}


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
def test_nobody_else_may_read_it(path):
    """Rows may hold keys of services."""
    with Journal.new(path, [("1", Row({"X.api_key": "k"}, ""))], {}):
        assert path.stat().st_mode & 0o077 == 0


def test_what_is_not_committed_is_gone_and_the_rest_is_not(path):
    journal = new_journal(path, 2)
    journal.post("1", "a", "first")
    journal.commit()
    journal.post("2", "a", "second")
    journal._connection.close()
    journal._lock.release()
    with Journal.open(path) as again:
        assert {key: attempt.job_id for key, attempt in again.in_flight().items()} == {"1": "first"}


def test_files_are_intended_and_then_saved(path):
    with new_journal(path, 1) as journal:
        journal.intend("1", [Intended("sub/a.png", "aa"), Intended("b.txt", "bb")])
        assert (journal.intended("1"), journal.files()) == ([("sub/a.png", "aa"), ("b.txt", "bb")], {})
        saved = [Saved(path.parent / "sub/a-2.png", "sub/a-2.png", "aa", "images", "9", 1, 8, 4)]
        journal.saved("1", saved)
        assert journal.files() == {"1": saved}
        assert journal.names() == ["sub/a-2.png", "b.txt"]


def test_a_second_process_is_kept_out_and_may_read(path):
    with new_journal(path, 1) as journal:
        journal.commit()
        command = "import sys; from pathlib import Path; from tagloom.runner.batch.journal import Journal\n"
        command += f"print(Journal.read(Path({str(path)!r})).counts())\nJournal.open(Path({str(path)!r}))"
        done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
        assert done.stdout == "{'waiting': 1}\n"
        assert f"another process works on {path}" in done.stderr
    Journal.open(path).close()


def test_a_killed_process_leaves_no_lock(path):
    command = "import os; from pathlib import Path; from tagloom.runner.batch.journal import Journal\n"
    command += f"Journal.new(Path({str(path)!r}), [], {{}})\nos.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", command]).returncode == -9
    Journal.open(path).close()


def test_a_folder_holds_one_batch(path):
    new_journal(path, 1).close()
    with pytest.raises(UsageError, match="holds a batch already; go on with: tagloom batch resume"):
        new_journal(path, 1)


def newer(path: Path) -> None:
    new_journal(path, 1).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()


def truncated(path: Path) -> None:
    new_journal(path, 500).close()
    os.truncate(path, path.stat().st_size - 4096)


def scribbled(path: Path) -> None:
    new_journal(path, 500).close()
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 4] = os.urandom(4096)
    path.write_bytes(content)


def another(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: None, "is missing; is .* a batch's folder"),
        (lambda path: path.write_bytes(b""), "is no journal of a batch"),
        (lambda path: path.write_text("positive,seed\n" * 200), "can't be used .file is not a database."),
        (another, "is no journal of a batch"),
        (newer, r"is of a newer Tagloom \(journal 2, this one reads 1\)"),
        (truncated, "is damaged|can't be used"),
        (scribbled, "is damaged|can't be used"),
    ],
    ids=["missing", "empty", "text", "another database", "newer", "truncated", "scribbled"],
)
@pytest.mark.parametrize("opened", [Journal.open, Journal.read])
def test_what_can_not_be_used_is_said_and_left_alone(path, damage, message, opened):
    damage(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(JournalError, match=message):
        opened(path)
    assert (path.read_bytes() if path.exists() else None) == before
    damaged = path.exists()
    if damaged:
        path.unlink()
    new_journal(path, 1).close()  # no lock is left


def test_what_can_not_be_written_is_said(path, monkeypatch):
    """As root, who may write everything, a file is read-only only where SQLite is told so."""
    new_journal(path, 1).close()
    connected = schema._connected

    def read_only(*arguments):
        connection = connected(*arguments)
        connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr(schema, "_connected", read_only)
    with pytest.raises(JournalError, match=r"can't be used .attempt to write a readonly database."):
        Journal.open(path)


def test_a_batch_that_can_not_be_made_whole_leaves_none(path):
    with pytest.raises(TypeError):
        Journal.new(path, [("1", Row({"a": object()}, ""))], {})
    assert not path.exists()
    new_journal(path, 1).close()


def test_what_failed_can_wait_again_as_if_never_tried(path):
    with new_journal(path, 2) as journal:
        for key in "12":
            journal.post(key, "a", f"id {key}")
        journal.attempt_ended("id 1", State.FAILED, "job-failed", blamed=False, counts=True)
        journal.ended("1", State.FAILED, Problem("job-failed", "no"), None, {})
        journal.attempt_ended("id 2", State.DONE, "", blamed=False, counts=True)
        journal.ended("2", State.DONE, None, 1.0, {})
        assert journal.revive([State.FAILED, State.LOST]) == 1
        assert journal.counts() == {WAITING: 1, "done": 1}
        assert [attempt.counts for attempt in journal.attempts("1")] == [False]


def tried(*codes: str, blamed: bool = False, fetches: int = 0) -> list[Attempt]:
    return [Attempt(str(n), "a", "failed", code, blamed, fetches) for n, code in enumerate(codes)]


@pytest.mark.parametrize(
    ("state", "attempts", "expected"),
    [
        (State.FAILED, tried("job-failed"), Verdict.END),
        (State.FAILED, tried("job-refused"), Verdict.END),
        (State.PARTIAL, tried("partly-refused"), Verdict.END),
        (State.CANCELLED, tried("interrupted"), Verdict.END),
        (State.FAILED, tried("out-of-memory"), Verdict.ELSEWHERE),
        (State.FAILED, tried("out-of-memory", "out-of-memory"), Verdict.END),
        (State.FAILED, tried("job-lost", "out-of-memory"), Verdict.ELSEWHERE),
        (State.FAILED, tried("workflow", "not-runnable"), Verdict.ELSEWHERE),
        (State.FAILED, tried("output-missing"), Verdict.AGAIN),
        (State.FAILED, tried("output-missing", "output-missing"), Verdict.END),
        (State.FAILED, tried("no-result", "output-missing"), Verdict.END),
        (State.LOST, tried("no-result"), Verdict.AGAIN),
        (State.LOST, tried("no-result", "no-result"), Verdict.END),
        (State.FAILED, tried("output-broken"), Verdict.FETCH),
        (State.FAILED, tried("output-broken", fetches=2), Verdict.AGAIN),
        (State.FAILED, tried("output-broken", "output-broken", fetches=2), Verdict.END),
        (State.LOST, tried("job-lost"), Verdict.AGAIN),
        (State.LOST, tried("server-stuck", blamed=True), Verdict.AGAIN),
        (State.LOST, tried("server-stuck", "job-lost", blamed=True), Verdict.PARK),
        (State.LOST, tried(*["job-lost"] * 3), Verdict.AGAIN),
        (State.LOST, tried(*["job-lost"] * 4), Verdict.END),
    ],
)
def test_what_is_done_after_a_failure(state, attempts, expected):
    outcome = Outcome("", state, problem=Problem(attempts[-1].code, ""))
    assert verdict(outcome, attempts) is expected


def test_leftovers_are_removed_and_nothing_else(tmp_path):
    for name in ("mine.txt", "changed.txt", "kept.txt", "sub/.tagloom-" + "0" * 32 + ".part", ".tagloom-x.part"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"a")
    sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    noted = [Intended("mine.txt", sha256), Intended("kept.txt", sha256), Intended("changed.txt", "0" * 64)]
    remove_leftovers(tmp_path, [*noted, Intended("gone.txt", sha256)], {"kept.txt"})
    remove_parts(tmp_path, ["sub/a.png", "nowhere/b.png"])
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == [".tagloom-x.part", "changed.txt", "kept.txt"]
