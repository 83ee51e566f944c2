"""A batch's journal: which job stands where, under which ids it was posted, and which files are its own.

What must not get lost is committed before it happens: an id before it is posted, a file's name before it is written.
All else may be lost with the process, and is found out again from the server.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from filelock import FileLock

from ..jobs.job import Problem, State
from ..outputs.folders import settle
from ..outputs.saving import Intended, Saved
from . import schema
from .records import OPEN, WAITING, Attempt, Entry, attempt, entry
from .rows import Row

NAME = "batch.sqlite3"
"""The journal's file in a batch's folder."""


class Journal:
    """Notes down what happens to jobs. Nothing is sure before `commit`; use it in a `with` statement, or `close` it."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None, lock: FileLock | None) -> None:
        self._connection = connection
        self._path = path
        self._lock = lock
        self._is_kept = True

    @classmethod
    def new(cls, path: Path | None, rows: Iterable[tuple[str, Row]], made: Mapping[str, Any]) -> Journal:
        """Write the journal of a new batch, whole or not at all; without a path, one that is gone with the process.

        Args:
            path: the file.
            rows: the jobs' keys and rows, in their order.
            made: how rows become tasks.

        Raises:
            UsageError: if there is one already.
            JournalError: if it can't be written.
        """
        if path is None:
            journal = cls(schema.create(None), None, None)
            journal._fill(rows, made)
            return journal
        schema.check_new(path)
        lock = schema.lock(path)
        part = path.with_name(f".{path.name}.part")
        try:
            for left in (part, part.with_name(f"{part.name}-journal")):
                left.unlink(missing_ok=True)
            with cls(schema.create(part), part, None) as journal:
                journal._fill(rows, made)
            part.replace(path)
            settle([path.parent])
            return cls(schema.open_file(path), path, lock)
        except BaseException:
            part.unlink(missing_ok=True)
            lock.release()
            raise

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Go on with a journal that is there, and keep other processes from it until it is closed.

        Raises:
            JournalError: if it is missing, damaged, of a newer Tagloom, in use, or can't be written.
        """
        if not path.is_file():
            return cls(schema.open_file(path), path, None)  # says that it is missing, and makes no lock file
        lock = schema.lock(path)
        try:
            return cls(schema.open_file(path), path, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def read(cls, path: Path) -> Journal:
        """Look into a journal that another process may work with.

        Raises:
            JournalError: if it is missing, damaged or of a newer Tagloom.
        """
        return cls(schema.open_file(path, to_read=True), path, None)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is noted, and let others work with it."""
        try:
            self.commit()
        finally:
            with suppress(sqlite3.Error):
                if self._lock is not None:  # one file again, which readers need no others beside; not while one reads
                    self._connection.execute("PRAGMA journal_mode = DELETE")
            with suppress(sqlite3.Error):
                self._connection.close()
            if self._path is not None and not self._is_kept:
                schema.delete(self._path)
            if self._lock is not None:
                self._lock.release()

    def drop_untouched(self) -> bool:
        """Let `close` delete it if nothing was ever posted and no job has ended; return whether it will."""
        query = "SELECT 1 FROM attempts UNION ALL SELECT 1 FROM jobs WHERE state != ? LIMIT 1"
        self._is_kept = bool(self._ask(query, WAITING))
        return not self._is_kept

    def commit(self) -> None:
        """Make sure of what was noted: it survives the process and the machine.

        Raises:
            JournalError: if it can't be written.
        """
        try:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise schema.unusable(self._path, error) from error

    def undo(self) -> None:
        """Forget what was noted since the last `commit`: it may be half of what belongs together."""
        with suppress(sqlite3.Error):  # then there is nothing to forget
            self._connection.execute("ROLLBACK")

    def _fill(self, rows: Iterable[tuple[str, Row]], made: Mapping[str, Any]) -> None:
        values: tuple[Any, ...] = (uuid.uuid4().hex, json.dumps(made), _now())
        self._do("INSERT INTO batch (id, name, made, created) VALUES (1, ?, ?, ?)", *values)
        for number, (key, row) in enumerate(rows, 1):
            values = (number, key, json.dumps(dict(row.values)), row.origin, WAITING)
            self._do("INSERT INTO jobs (number, key, row, origin, state) VALUES (?, ?, ?, ?, ?)", *values)
        self.commit()

    @property
    def made(self) -> dict[str, Any]:
        """How rows become tasks."""
        found: dict[str, Any] = json.loads(self._ask("SELECT made FROM batch")[0][0])
        return found

    @property
    def name(self) -> str:
        """What tells this batch from every other one."""
        return str(self._ask("SELECT name FROM batch")[0][0])

    def entries(self) -> list[Entry]:
        """Return all jobs in their order."""
        columns = "number, key, row, origin, state, code, message, node, seconds, shown"
        return [entry(found) for found in self._ask(f"SELECT {columns} FROM jobs ORDER BY number")]

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        return dict(self._ask("SELECT state, count(*) FROM jobs GROUP BY state ORDER BY min(number)"))

    def attempts(self, key: str) -> list[Attempt]:
        """Return the postings of a job, the first one first."""
        columns = "job_id, server, attempts.state, attempts.code, blamed, fetches, counts"
        order = "WHERE key = ? ORDER BY attempts.rowid"
        return list(map(attempt, self._ask(f"SELECT {columns} FROM attempts JOIN jobs USING (number) {order}", key)))

    def in_flight(self) -> dict[str, Attempt]:
        """Return by their keys the jobs that may be at a server: posted, or about to be when the process ended."""
        columns = "key, job_id, server, attempts.state, attempts.code, blamed, fetches, counts"
        where = f"WHERE attempts.state IN {OPEN} ORDER BY number"
        found = self._ask(f"SELECT {columns} FROM attempts JOIN jobs USING (number) {where}")
        return {key: attempt(rest) for key, *rest in found}

    def files(self) -> dict[str, list[Saved]]:
        """Return the saved files of each job that has some, in the jobs' order."""
        columns = "key, name, sha256, kind, files.node, place, width, height"
        query = f"SELECT {columns} FROM files JOIN jobs USING (number) WHERE saved ORDER BY number, place"
        result: dict[str, list[Saved]] = {}
        for key, name, *rest in self._ask(query):
            result.setdefault(key, []).append(Saved(self.folder.joinpath(*name.split("/")), name, *rest))
        return result

    def intended(self, key: str) -> list[Intended]:
        """Return what was noted for a job's files, whether or not they are written."""
        query = "SELECT name, sha256 FROM files JOIN jobs USING (number) WHERE key = ? ORDER BY place"
        return [Intended(*found) for found in self._ask(query, key)]

    def names(self) -> list[str]:
        """Return all names that are noted for files, in their order."""
        return [name for (name,) in self._ask("SELECT name FROM files ORDER BY number, place")]

    @property
    def folder(self) -> Path:
        """Where it lies, beside the batch's files."""
        return self._path.parent if self._path else Path()

    def post(self, key: str, server: str, job_id: str) -> None:
        """Note that a job is about to be posted under an id; commit before it is."""
        self._set_state(key, State.SUBMITTED.value)
        self._do(
            "INSERT INTO attempts (job_id, number, server, state, posted) "
            "SELECT ?, number, ?, ?, ? FROM jobs WHERE key = ?",
            *(job_id, server, State.SUBMITTED.value, _now(), key),
        )

    def moved(self, key: str, job_id: str, state: State) -> None:
        """Note that a job is queued or runs."""
        self._set_state(key, state.value)
        self._do("UPDATE attempts SET state = ? WHERE job_id = ?", state.value, job_id)

    def fetched_again(self, key: str, job_id: str) -> None:
        """Note that a finished job's files are asked for once more."""
        self.moved(key, job_id, State.SUBMITTED)
        self._do("UPDATE attempts SET fetches = fetches + 1 WHERE job_id = ?", job_id)

    def taken_back(self, job_ids: Iterable[str]) -> None:
        """Note that jobs are about to be cancelled by us: however they end, they are to be done again."""
        for job_id in job_ids:
            self._do("UPDATE attempts SET counts = 0 WHERE job_id = ?", job_id)

    def attempt_ended(self, job_id: str, state: State, code: str, blamed: bool, counts: bool) -> None:
        """Note how one posting of a job ended."""
        values = (state.value, code, blamed, counts, job_id)
        self._do("UPDATE attempts SET state = ?, code = ?, blamed = ?, counts = ? WHERE job_id = ?", *values)

    def again(self, key: str) -> None:
        """Note that a job is to be done once more."""
        self._set_state(key, WAITING)

    def intend(self, key: str, files: Iterable[Intended]) -> None:
        """Note which files a job is about to have, and nothing else; commit before they are written."""
        self._do("DELETE FROM files WHERE number = (SELECT number FROM jobs WHERE key = ?)", key)
        for place, file in enumerate(files, 1):
            self._do(
                "INSERT INTO files (number, place, name, sha256) SELECT number, ?, ?, ? FROM jobs WHERE key = ?",
                *(place, file.name, file.sha256, key),
            )

    def saved(self, key: str, files: Iterable[Saved]) -> None:
        """Note that a job's files are written whole."""
        for place, file in enumerate(files, 1):
            columns = "name = ?, sha256 = ?, saved = 1, kind = ?, node = ?, width = ?, height = ?"
            where = "WHERE place = ? AND number = (SELECT number FROM jobs WHERE key = ?)"
            values = (file.name, file.sha256, file.kind, file.node, file.width, file.height, place, key)
            self._do(f"UPDATE files SET {columns} {where}", *values)

    def ended(
        self, key: str, state: State, problem: Problem | None, seconds: float | None, shown: Mapping[str, Any]
    ) -> None:
        """Note a job's end."""
        said = (problem.code, problem.message, problem.node) if problem else ("", "", "")
        values = (state.value, *said, seconds, json.dumps(dict(shown), default=str), _now(), key)
        columns = "state = ?, code = ?, message = ?, node = ?, seconds = ?, shown = ?, ended = ?"
        self._do(f"UPDATE jobs SET {columns} WHERE key = ?", *values)

    def revive(self, states: Iterable[State]) -> int:
        """Let jobs that ended so wait again, as if they had never been tried; return how many."""
        count = sum(self._do("UPDATE jobs SET state = ? WHERE state = ?", WAITING, state.value) for state in states)
        self._do("UPDATE attempts SET counts = 0 WHERE number IN (SELECT number FROM jobs WHERE state = ?)", WAITING)
        self.commit()
        return count

    def _set_state(self, key: str, state: str) -> None:
        self._do("UPDATE jobs SET state = ? WHERE key = ?", state, key)

    def _do(self, statement: str, *values: Any) -> int:
        try:
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            return self._connection.execute(statement, values).rowcount
        except sqlite3.Error as error:
            raise schema.unusable(self._path, error) from error

    def _ask(self, query: str, *values: Any) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise schema.unusable(self._path, error) from error


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
