"""Runs jobs on one server and follows them: websocket events are hints, the server's history is the truth."""

from __future__ import annotations

import contextlib
import json
import ssl
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import websocket

from ..errors import JobFailed, ServerUnavailable
from ..server.client import Client

AHEAD = 2
"""Jobs at the server at a time: one runs, and one waits so that the server never does."""
SILENCE = 2.0
"""Seconds without an event after which the history is asked."""
CONNECT_TIMEOUT = 10.0
"""Seconds that the websocket may take to open."""
WITHOUT_PROXY: dict[str, Any] = {"http_proxy_host": "none", "http_no_proxy": ["*"]}
"""Keeps the library from asking the environment for a proxy: it heeds the second option only beside the first."""
WITHOUT_WEBSOCKET = 0.5
"""Seconds between questions once the websocket is gone."""
CANCEL_TIMEOUT = 10.0
"""Seconds for which a job that was taken back may still run."""
HISTORY_DELAY = 10.0
"""Seconds for which a finished job may be missing in the history."""


@dataclass(frozen=True)
class Job:
    """A graph in API format, the workflow that goes into its files, and an id of our own."""

    graph: dict[str, Any]
    workflow: dict[str, Any]
    id: str


class Progress(NamedTuple):
    """A job's sampler made a step."""

    job: Job
    value: int
    of: int


class Finished(NamedTuple):
    """A job is done; `outputs` are the history's, by node id."""

    job: Job
    outputs: dict[str, Any]


def new_id() -> str:
    """Return a fresh job id, in the form that every ComfyUI accepts."""
    return str(uuid.uuid4())


class JobStream:
    """A connection that submits jobs and yields what becomes of them. Use it in a `with` statement.

    Leaving the `with` block early, by an error or Ctrl-C, takes back the jobs that are not done.
    """

    def __init__(self, client: Client) -> None:
        """Take the server to work on; entering the block connects."""
        self._client = client
        self._client_id = uuid.uuid4().hex
        self._socket: websocket.WebSocket | None = None
        self._open: dict[str, Job] = {}

    def __enter__(self) -> JobStream:
        """Connect the websocket before anything is submitted, so that no event is missed."""
        address = f"{self._client.websocket_url}?clientId={self._client_id}"
        try:
            # Validating every frame's UTF-8 in Python costs more than all the rest of the client.
            self._socket = websocket.create_connection(
                address,
                timeout=CONNECT_TIMEOUT,
                skip_utf8_validation=True,
                suppress_origin=True,
                **(WITHOUT_PROXY if self._client.is_local else {}),
            )
            self._socket.settimeout(SILENCE)
        except (OSError, websocket.WebSocketException) as error:
            raise ServerUnavailable(
                f"no websocket at {address.split('?')[0]} ({error}); let it through any proxy"
            ) from error
        return self

    def __exit__(self, *error: object) -> None:
        """Close the connection and cancel what is unfinished."""
        if self._open:
            with contextlib.suppress(ServerUnavailable):  # a server that is gone runs nothing
                self._cancel()
        if self._socket is not None:
            with contextlib.suppress(OSError, websocket.WebSocketException, ssl.SSLError):
                self._socket.close()

    def _cancel(self) -> None:
        """Take the open jobs back, and wait for the one that runs to leave: it is interrupted between two steps."""
        self._client.cancel(list(self._open))
        deadline = time.monotonic() + CANCEL_TIMEOUT
        while self._client.queued()[0].intersection(self._open) and time.monotonic() < deadline:
            time.sleep(0.05)

    def run(self, jobs: Sequence[Job]) -> Iterator[Progress | Finished]:
        """Submit the jobs, a few at a time and in their order, and yield their events until all are done.

        Raises:
            JobFailed: if one is refused, fails, is interrupted or gets lost.
            ServerUnavailable: if the server goes away.
        """
        waiting = deque(jobs)
        while waiting or self._open:
            while waiting and len(self._open) < AHEAD:
                self._submit(waiting.popleft())
            message = self._receive()
            data = message.get("data") or {}
            concerned = self._open.get(str(data.get("prompt_id")))
            if concerned is not None and message.get("type") == "progress":
                if isinstance(data.get("value"), int | float) and isinstance(data.get("max"), int | float):
                    yield Progress(concerned, int(data["value"]), int(data["max"]))
            elif concerned is not None and _ends(message):
                yield self._finish(concerned)
            elif not message:
                yield from self._reconcile()

    def _submit(self, job: Job) -> None:
        self._open[job.id] = job
        self._client.submit(job.graph, job.id, self._client_id, job.workflow)

    def _receive(self) -> dict[str, Any]:
        """Return the next event; empty after a silence, and for what is no event."""
        if self._socket is None:
            time.sleep(WITHOUT_WEBSOCKET)
            return {}
        try:
            frame = self._socket.recv()
        except websocket.WebSocketTimeoutException:
            return {}
        except UnicodeDecodeError:
            return {"type": "unreadable"}
        except (OSError, websocket.WebSocketException):
            self._socket = None
            return {}
        if not isinstance(frame, str):  # a preview picture
            return {"type": "binary"}
        try:
            message = json.loads(frame)
        except ValueError:
            return {"type": "unreadable"}
        good = isinstance(message, dict) and message and isinstance(message.get("data") or {}, dict)
        return message if good else {"type": "unreadable"}

    def _finish(self, job: Job) -> Finished:
        """Wait for the history entry, which is written after the event that announces it."""
        deadline = time.monotonic() + HISTORY_DELAY
        pause = 0.005
        while time.monotonic() < deadline:
            entry = self._client.history(job.id)
            if entry is not None:
                return self._close(job, entry)
            time.sleep(pause)
            pause = min(0.2, pause * 2)
        del self._open[job.id]
        raise JobFailed(f"{self._client.url} finished a job but shows no result for it; look into the server's log")

    def _reconcile(self) -> Iterator[Finished]:
        """Ask the server about the open jobs: no event is ever repeated after a gap."""
        running, waiting = self._client.queued()
        for job in list(self._open.values()):
            if job.id in running | waiting:
                continue
            entry = self._client.history(job.id) or self._asked_again(job)
            if entry is None:
                del self._open[job.id]
                raise JobFailed(f"{self._client.url} lost a job, as after a restart; run the command again")
            yield self._close(job, entry)

    def _asked_again(self, job: Job) -> dict[str, Any] | None:
        """Ask once more for a job that has just left the queue."""
        time.sleep(WITHOUT_WEBSOCKET)
        return self._client.history(job.id)

    def _close(self, job: Job, entry: dict[str, Any]) -> Finished:
        del self._open[job.id]
        status = entry.get("status") or {}
        if status.get("status_str") != "success":
            raise JobFailed(_failure(self._client.url, status.get("messages") or []))
        return Finished(job, entry.get("outputs") or {})


def _ends(message: dict[str, Any]) -> bool:
    kind = message.get("type")
    left_the_worker = kind == "executing" and message["data"].get("node") is None
    return left_the_worker or kind in ("execution_success", "execution_error", "execution_interrupted")


def _failure(url: str, messages: list[Any]) -> str:
    for kind, data in messages:
        if kind == "execution_error":
            text = " ".join(str(data.get("exception_message", "")).split())
            return f"node {data.get('node_id')} ({data.get('node_type')}) failed on {url}: {text}"
        if kind == "execution_interrupted":
            return f"the job was interrupted on {url}"
    return f"the job failed on {url}; look into the server's log"
