"""Starts, finds and stops the ComfyUI servers that Tagloom runs itself: one an installation."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests
from filelock import FileLock, Timeout

from .errors import ServerStartError, UsageError
from .installations import Installation, unpack
from .preparation import device_options, paths_file, prepare

_started: list[subprocess.Popen[bytes]] = []
"""The servers that this process started: they outlive it, and one that ends meanwhile is reaped by `stop`."""
START_TIMEOUT = 300.0
"""Seconds; a first start on a slow disk takes a minute."""
STOP_TIMEOUT = 15.0
"""Seconds that a server has to end by itself."""
PORT_TRIES = 3


@dataclass(frozen=True)
class RunningServer:
    """A server of ours that answers: its process, its port and when it was started (Unix time)."""

    pid: int
    port: int
    started: float
    idle_seconds: float

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


def find(installation: Installation) -> RunningServer | None:
    """Return the installation's server if it runs and answers."""
    try:
        state = json.loads(_state_file(installation).read_text(encoding="utf-8"))
        server = RunningServer(**state)
    except (OSError, ValueError, TypeError):
        return None
    return server if _answers(installation, server.port) else None


def ensure(
    installation: Installation,
    idle_seconds: float,
    port: int | None = None,
    announce: Callable[[str], None] = lambda text: None,
) -> RunningServer:
    """Return the installation's server, starting it if it does not run. Two callers at once start one.

    Args:
        installation: what to run.
        idle_seconds: how long it may be idle before it stops by itself; 0 means for ever.
        port: the loopback port to use; None takes a free one.
        announce: called with what is being done when it takes time.

    Raises:
        ServerStartError: with the last lines of the server's log.
        UsageError: if `port` is taken.
    """
    with _disk_errors(installation):
        installation.folder.mkdir(parents=True, exist_ok=True)
        with _lock(installation, announce):
            running = find(installation)
            if running is None:
                announce("starting ComfyUI; it stays up for the next command")
                return _start(installation, idle_seconds, port)
            if port not in (None, running.port):
                raise UsageError(f"the server runs already, on port {running.port}; stop it first: tagloom server stop")
            return running


@contextlib.contextmanager
def _lock(installation: Installation, announce: Callable[[str], None]) -> Iterator[None]:
    lock = FileLock(installation.folder / "server.lock")
    try:
        lock.acquire(timeout=0.5)
    except Timeout:
        announce("waiting for the ComfyUI that another command is starting")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def stop(installation: Installation) -> bool:
    """End the installation's server; return whether one ran."""
    server = find(installation)
    if server is None:
        return False
    os.kill(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while _answers(installation, server.port):
        if time.monotonic() > deadline:
            os.kill(server.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        time.sleep(0.1)
    _state_file(installation).unlink(missing_ok=True)
    for process in _started:
        if process.pid == server.pid:
            process.wait(STOP_TIMEOUT)
    return True


def log_file(installation: Installation) -> Path:
    """Return the file that holds what the server printed since its last start."""
    return installation.folder / "server.log"


def last_lines(installation: Installation, count: int) -> list[str]:
    """Return the end of the server's log."""
    with contextlib.suppress(OSError):
        return log_file(installation).read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    return []


def _start(installation: Installation, idle_seconds: float, port: int | None) -> RunningServer:
    if port is not None and not _free(port):
        raise UsageError(f"port {port} is taken by another program; leave --port out to take a free one")
    tree = unpack(installation)
    prepare(installation, tree)
    device = device_options(installation)
    for attempt in range(PORT_TRIES):
        chosen = port or _free_port()
        process = _spawn(installation, tree, chosen, device, idle_seconds)
        if _wait(installation, process, chosen):
            _started.append(process)
            server = RunningServer(process.pid, chosen, time.time(), idle_seconds)
            _write_state(installation, server)
            return server
        port_lost = any("address already in use" in line for line in last_lines(installation, 10))
        if port is not None or not port_lost or attempt == PORT_TRIES - 1:
            break
    raise ServerStartError(_explain(installation, process))


def _spawn(
    installation: Installation, tree: Path, port: int, device: list[str], idle_seconds: float
) -> subprocess.Popen[bytes]:
    own = ["--base-directory", str(installation.folder)] if installation.embedded else []
    own += (
        ["--database-url", f"sqlite:///{installation.folder / 'user' / 'comfyui.db'}"] if installation.embedded else []
    )
    own += ["--disable-api-nodes"] if installation.embedded else []
    command = [
        *(str(installation.python), str(tree / "main.py")),
        *("--listen", "127.0.0.1", "--port", str(port), "--disable-auto-launch"),
        *("--extra-model-paths-config", str(paths_file(installation))),
        *own,
        *device,
    ]
    settings = {
        "TAGLOOM_IDLE_SECONDS": str(idle_seconds),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    with log_file(installation).open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=tree,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **detached,
        )


def _wait(installation: Installation, process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server answers (True), or has ended or hung (False)."""
    deadline = time.monotonic() + START_TIMEOUT
    try:
        while process.poll() is None and time.monotonic() < deadline:
            if _answers(installation, port):
                return True
            time.sleep(0.1)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.poll() is None:
        process.kill()
        process.wait()
    return False


def _answers(installation: Installation, port: int) -> bool:
    """Return whether the server on this port is the installation's own, by its command line."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy has no business on the loopback
            stats = session.get(f"http://127.0.0.1:{port}/system_stats", timeout=5).json()
        return str(paths_file(installation)) in stats["system"]["argv"]
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return False


def _explain(installation: Installation, process: subprocess.Popen[bytes]) -> str:
    how = "did not answer in time" if process.returncode in (-9, None) else f"ended with code {process.returncode}"
    lines = "\n".join(f"  {line}" for line in last_lines(installation, 12))
    return f"ComfyUI {how}; its log is {log_file(installation)} and ends:\n{lines}"


@contextlib.contextmanager
def _disk_errors(installation: Installation) -> Iterator[None]:
    try:
        yield
    except (OSError, shutil.Error) as error:
        message = f"can't prepare ComfyUI's folder {installation.folder}: {error.strerror or error}"
        raise ServerStartError(f"{message}; free some space there, or set TAGLOOM_HOME to another folder") from error


def _write_state(installation: Installation, server: RunningServer) -> None:
    half = installation.folder / "server.json.part"
    half.write_text(json.dumps(asdict(server)), encoding="utf-8")
    half.replace(_state_file(installation))


def _state_file(installation: Installation) -> Path:
    return installation.folder / "server.json"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":  # elsewhere the option would let two programs share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
