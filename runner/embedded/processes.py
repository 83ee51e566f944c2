"""Starts, finds and stops the ComfyUI servers that Tagloom runs itself: one an installation."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from ..errors import ServerStartError, UsageError
from .environment import inherited
from .installations import Installation, unpack
from .preparation import device_options, paths_file, prepare
from .server_state import RunningServer, answers, forget, last_lines, note, noted, process_of

_started: list[subprocess.Popen[bytes]] = []
"""The servers that this process started. They outlive it; keeping them here says that nobody forgot them."""
START_TIMEOUT = 300.0
"""Seconds; a first start on a slow disk takes a minute."""
STOP_TIMEOUT = 15.0
"""Seconds that a server has to end by itself."""
PORT_TRIES = 3
STOP_IT = "stop it first: tagloom server stop"


def find(installation: Installation) -> RunningServer | None:
    """Return the installation's server if it runs and answers."""
    server = noted(installation)
    return server if server and answers(installation, server.port) else None


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
            server = noted(installation)
            if server is None:
                announce("starting ComfyUI; it stays up for the next command")
                return _start(installation, idle_seconds, port)
            if not _comes_up(installation, server):
                raise ServerStartError(f"the server (process {server.pid}) runs but does not answer; {STOP_IT}")
            if port not in (None, server.port):
                raise UsageError(f"the server runs already, on port {server.port}; {STOP_IT}")
            return server


def stop(installation: Installation) -> bool:
    """End the installation's server, even one that does not answer; return whether there was one."""
    server = noted(installation)
    process = process_of(installation, server) if server else None
    if process is None:
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT)
    forget(installation)
    return True


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


def _comes_up(installation: Installation, server: RunningServer) -> bool:
    """Wait for a server whose start another command left, or which is busy, to answer."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process_of(installation, server):
        if answers(installation, server.port):
            return True
        time.sleep(0.1)
    return False


def _start(installation: Installation, idle_seconds: float, port: int | None) -> RunningServer:
    if port is not None and not _free(port):
        raise UsageError(f"port {port} is taken by another program; leave --port out to take a free one")
    tree = unpack(installation)
    prepare(installation, tree)
    device = device_options(installation)
    problem = ""
    for _ in range(PORT_TRIES if port is None else 1):
        chosen = port or _free_port()
        process = _spawn(installation, tree, chosen, device, idle_seconds)
        try:
            server = RunningServer(process.pid, chosen, idle_seconds)
            note(installation, server)
            problem = _wait(installation, process, chosen)
        except BaseException:  # Ctrl-C as well: nothing may run on that nobody knows of
            _end(installation, process)
            raise
        if not problem:
            _started.append(process)
            return server
        _end(installation, process)
        if not any("address already in use" in line for line in last_lines(installation, 10)):
            break
    lines = "\n".join(f"  {line}" for line in last_lines(installation, 12))
    raise ServerStartError(f"ComfyUI {problem}; its log is {installation.log} and ends:\n{lines}")


def _spawn(
    installation: Installation, tree: Path, port: int, device: list[str], idle_seconds: float
) -> subprocess.Popen[bytes]:
    database = f"sqlite:///{installation.folder / 'user' / 'comfyui.db'}"
    without = () if installation.api_nodes else ("--disable-api-nodes",)
    own = (
        "--preview-method",
        "latent2rgb",
        "--base-directory",
        str(installation.folder),
        "--database-url",
        database,
        *without,
    )
    command = [
        *(str(installation.python), str(tree / "main.py")),
        *("--listen", "127.0.0.1", "--port", str(port), "--disable-auto-launch"),
        *("--extra-model-paths-config", str(paths_file(installation))),
        *(own if installation.embedded else ()),
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
    with installation.log.open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=tree,
            env=os.environ | inherited() | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **detached,
        )


def _wait(installation: Installation, process: subprocess.Popen[bytes], port: int) -> str:
    """Wait until the server answers; return nothing then, else what became of it."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return f"ended with code {process.returncode}"
        if answers(installation, port):
            return ""
        time.sleep(0.1)
    return f"did not answer within {START_TIMEOUT:g} seconds"


def _end(installation: Installation, process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    forget(installation)


@contextlib.contextmanager
def _disk_errors(installation: Installation) -> Iterator[None]:
    try:
        yield
    except (OSError, shutil.Error) as error:
        reason = error.strerror
        if isinstance(error, shutil.Error):  # it lists every file; the first one's reason says it all
            reason = str(error.args[0][0][2]).partition(": '")[0]
        message = f"can't prepare ComfyUI's folder {installation.folder}: {reason or error}"
        raise ServerStartError(f"{message}; free some space there, or set TAGLOOM_HOME to another folder") from error


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
