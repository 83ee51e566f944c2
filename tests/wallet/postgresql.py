"""A PostgreSQL server for the tests: Debian's, or the machine's own, run by a user of its own in a new folder."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

OWNER = "tagloom"
PASSWORD = "correct horse battery"
"""What the server asks of the user `guarded`, and of nobody else."""


def programs() -> Path:
    """Return the folder of PostgreSQL's programs; as root they are installed by apt-get where there are none."""
    found = _installed()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "postgresql"], check=False, env=quiet)
        found = _installed()
    if found is None:
        pytest.fail("these tests need PostgreSQL; install it (apt install postgresql) and run them again")
    return found


def _installed() -> Path | None:
    """Return the folder of the newest one; Debian keeps it off the PATH."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(re.sub(r"\D", "", str(path)))
    )
    on_path = shutil.which("initdb")
    return debian[-1].parent if debian else Path(on_path).parent if on_path else None


class Server:
    """A running server that listens on a socket in its own folder only, and forces commits to the disk, as ever.

    Attributes:
        folder: where its data and its socket lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self._templates: dict[str, str] = {}

    def url(self, name: str, user: str = OWNER) -> str:
        """Return the address of a database, as a wallet takes it."""
        return f"postgresql+psycopg://{user}@/{name}?host={self.folder}"

    def database(self, template: str = "template1") -> str:
        """Make a database like another one; return its name."""
        name = f"wallet{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def sql(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement outside any transaction; return its rows."""
        import psycopg

        with psycopg.connect(host=str(self.folder), user=OWNER, dbname=name, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Start a server; stop it and remove its folder in the end, also if this process is killed."""
    found, folder = programs(), Path(tempfile.mkdtemp(prefix="tagloom-pg-"))
    user = _user()
    process = None
    try:
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        _run(user, found / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        rules = data / "pg_hba.conf"
        rules.write_text(f"local all guarded scram-sha-256\n{rules.read_text()}")
        options = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "max_connections=120")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*_dying_with_us(), found / "postgres", "-D", data, *options], stdout=log, stderr=log, **_as(user)
            )
        _wait(process, found, folder)
        server = Server(folder)
        server.sql(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'")
        yield server
    finally:
        if process:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> pwd.struct_passwd | None:
    """Return whom to run it as: initdb refuses root."""
    if os.geteuid() != 0:
        return None
    names = {found.pw_name: found for found in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _as(user: pwd.struct_passwd | None) -> dict[str, object]:
    whose = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    return {**whose, "cwd": "/", "stdin": subprocess.DEVNULL}


def _dying_with_us() -> list[str]:
    """Return what lets Linux end the server if the tests are killed."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "INT"] if found else []


def _run(user: pwd.struct_passwd | None, *command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **_as(user))
    if done.returncode:
        pytest.fail(f"PostgreSQL can't be set up: {done.stdout}\n{done.stderr}")


def _wait(process: subprocess.Popen[bytes], found: Path, folder: Path) -> None:
    """Return once it answers."""
    ready = [found / "pg_isready", "-q", "-h", folder, "-t", "1"]
    for _ in range(600):
        if subprocess.run(ready, check=False).returncode == 0:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            break
    pytest.fail(f"PostgreSQL does not start: {(folder / 'log').read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it with all its connections; its own quick way first."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return
