"""The tables of a batch's journal, and how its file is opened.

It is in SQLite's WAL mode, which wants a file system of this machine: a network's locks are not to be relied on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import JournalError, UsageError

VERSION = 1
APPLICATION = 0x7461676C
"""Says in the file's header whose it is: `tagl`."""
BUSY = 10.0
"""Seconds to wait for a reader, such as `batch status`."""
TABLES = """
CREATE TABLE batch (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,             -- tells it from every other one
    made TEXT NOT NULL,             -- how rows become tasks, as JSON
    created TEXT NOT NULL           -- UTC, ISO 8601
);
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,     -- from 1 on, in the batch's order
    key TEXT NOT NULL UNIQUE,
    row TEXT NOT NULL,              -- its values, as JSON
    origin TEXT NOT NULL,
    state TEXT NOT NULL,            -- waiting, or a state of a job
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    node TEXT NOT NULL DEFAULT '',
    seconds REAL,                   -- what the server needed
    shown TEXT NOT NULL DEFAULT '{}',  -- the settings it was made with, as JSON
    ended TEXT
);
CREATE TABLE attempts (
    job_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL REFERENCES jobs,
    server TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    blamed INTEGER NOT NULL DEFAULT 0,  -- whether the server went down while it ran this
    fetches INTEGER NOT NULL DEFAULT 0,
    counts INTEGER NOT NULL DEFAULT 1,  -- whether it is one of the tries that are allowed
    posted TEXT NOT NULL
);
CREATE INDEX attempts_of ON attempts (number);
CREATE TABLE files (
    number INTEGER NOT NULL REFERENCES jobs,
    place INTEGER NOT NULL,         -- among the job's files
    name TEXT NOT NULL,             -- below the folder, with / between parts
    sha256 TEXT NOT NULL,
    saved INTEGER NOT NULL DEFAULT 0,  -- whether it is written; until then it is about to be
    kind TEXT NOT NULL DEFAULT '',
    node TEXT NOT NULL DEFAULT '',
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (number, place)
);
"""


def check_new(path: Path) -> None:
    """Make sure that a folder holds no batch.

    Raises:
        UsageError: if it does.
    """
    if path.exists():
        raise UsageError(
            f"{path.parent} holds a batch already; go on with: tagloom batch resume {path.parent}, or choose another "
            "folder with --out"
        )


def create(path: Path | None) -> sqlite3.Connection:
    """Return a new journal with its tables, in a transaction; without a path one that lives as long as this process.

    Raises:
        JournalError: if it can't be written.
    """
    try:
        if path is not None:
            path.touch(mode=0o600)  # the rows are in it as they were given, keys of services among them
        with _closed_on_error(_connected(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        return connection
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from error


def open_file(path: Path, to_read: bool = False) -> sqlite3.Connection:
    """Return a journal that is there.

    Raises:
        JournalError: if it is missing, not one, damaged, of a newer Tagloom, or can't be written.
    """
    if not path.is_file():
        raise JournalError(f"{path} is missing; is {path.parent} a batch's folder? Start one with tagloom batch run")
    try:
        with _closed_on_error(_connected(path, to_read)) as connection:
            _check(connection, path)
            if not to_read:
                connection.execute("PRAGMA journal_mode = WAL")  # one sync a commit, and readers never wait
                connection.execute("BEGIN IMMEDIATE")  # a file that can't be written shows before anything is queued
                connection.execute("UPDATE batch SET id = id")
                connection.execute("COMMIT")
        return connection
    except sqlite3.Error as error:
        raise unusable(path, error) from error


def lock(path: Path) -> FileLock:
    """Take a batch for this process; it is free again when the process ends, however it ends.

    Raises:
        JournalError: if another process works on it.
    """
    taken = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        taken.acquire(timeout=0)
    except Timeout:
        raise JournalError(f"another process works on {path}; wait for it, or end it") from None
    except OSError as error:
        raise unusable(path, error) from error
    return taken


def delete(path: Path) -> None:
    """Delete a journal that is closed and still taken, and what lies beside it; its folder goes too, if it is empty."""
    files = [path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal")]
    with suppress(OSError):  # what can't be deleted is what there was before
        for file in (*files, path, path.with_name(f".{path.name}.lock")):
            file.unlink(missing_ok=True)
        path.parent.rmdir()


def unusable(path: Path | None, error: Exception) -> JournalError:
    """Return the error of a journal that SQLite can't work with."""
    what = str(error) or type(error).__name__
    return JournalError(f"the journal {path or 'in memory'} can't be used ({what}); mend its folder, or start anew")


def _connected(path: Path | None, to_read: bool = False) -> sqlite3.Connection:
    if path is None:
        return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    mode = "ro" if to_read else "rwc" if not path.exists() else "rw"
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY, isolation_level=None, check_same_thread=False)
    with _closed_on_error(connection):
        connection.execute("PRAGMA foreign_keys = ON")
        if not to_read:
            connection.execute("PRAGMA synchronous = FULL")  # an id that got lost would be posted twice
    return connection


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Read what the file is before anything is written into it."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise JournalError(f"{path} is no journal of a batch; choose another folder")
    if version > VERSION:
        raise JournalError(
            f"{path} is of a newer Tagloom (journal {version}, this one reads {VERSION}); update Tagloom"
        )
    (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise JournalError(f"{path} is damaged ({state}); take a copy from a backup, or start anew in another folder")
