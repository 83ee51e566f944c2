"""What is known of a server that Tagloom started: the file that notes it down, and whether it lives and answers."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import requests

from .installations import Installation
from .preparation import paths_file


@dataclass(frozen=True)
class RunningServer:
    """A server of ours: its process, its loopback port, and after how many idle seconds it stops (0: never)."""

    pid: int
    port: int
    idle_seconds: float

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


def noted(installation: Installation) -> RunningServer | None:
    """Return the server that was noted down last if its process lives, whether or not it answers."""
    try:
        server = RunningServer(**json.loads(_state_file(installation).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return server if process_of(installation, server) else None


def process_of(installation: Installation, server: RunningServer) -> psutil.Process | None:
    """Return a server's process; None if it has ended, or its number now belongs to another program."""
    with contextlib.suppress(psutil.Error, ValueError, OverflowError):
        process = psutil.Process(server.pid)
        if process.status() != psutil.STATUS_ZOMBIE and str(paths_file(installation)) in process.cmdline():
            return process
    return None


def answers(installation: Installation, port: int) -> bool:
    """Return whether the server on this port is the installation's own, by its command line."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy has no business on the loopback
            stats = session.get(f"http://127.0.0.1:{port}/system_stats", timeout=5).json()
        return str(paths_file(installation)) in stats["system"]["argv"]
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return False


def note(installation: Installation, server: RunningServer) -> None:
    """Note a server down, in one step."""
    half = installation.folder / "server.json.part"
    half.write_text(json.dumps(asdict(server)), encoding="utf-8")
    half.replace(_state_file(installation))


def forget(installation: Installation) -> None:
    """Strike the note out."""
    _state_file(installation).unlink(missing_ok=True)


def last_lines(installation: Installation, count: int) -> list[str]:
    """Return the end of the server's log."""
    with contextlib.suppress(OSError):
        return installation.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    return []


def _state_file(installation: Installation) -> Path:
    return installation.folder / "server.json"
