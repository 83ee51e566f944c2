"""The fault server itself: ComfyUI's queue, history and events, in the order that was recorded from a real one."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .pictures import picture
from .routes import serving
from .sockets import Socket

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
"""What ComfyUI 0.3.75 sent and kept for small jobs; `record.py` makes it anew."""
TLS = Path(__file__).parent / "tls"
"""Certificates for these tests alone: `ca.pem` signed `server.pem`, for the loopback, and `client.pem`."""
GENERATIONS = ("0.3.45", "0.3.64", "0.3.75", "0.33.0")
"""Kinds of ComfyUI that this can be. Only 0.3.75 was recorded; the others follow what is known of their source:
0.3.45 stands for those that interrupt whatever runs, whatever id they are told; 0.33 wants canonical UUIDs, refuses an
id that it knows (409), and has the jobs API."""


@dataclass
class Posted:
    """A job as it was posted."""

    id: str
    graph: dict[str, Any]
    client_id: str
    extra: dict[str, Any]


class Interrupted(Exception):
    """The job that runs was interrupted."""


class Stopped(Exception):
    """The server ends."""


class FaultServer:
    """A ComfyUI on the loopback; use it in a `with` statement. Jobs are done in order, by one worker thread.

    `behave(run)` does one job; without it each is done at once, with the recorded events. A test's own uses what `Run`
    offers, so that a fault is a few lines:

        def dropped(run):
            run.begin()
            run.server.drop()
            run.end(tell=False)

        with FaultServer("0.3.75", behave=dropped) as server:
            ...

    With `tls="server"` it has a certificate that `TLS / "ca.pem"` vouches for; with "both" it wants its clients' too.

    Attributes:
        url: where it listens; the same after `restart`.
        answers: by method and path, as "POST /prompt", what is answered in place of the usual: a tuple of status,
            content type and bytes, or a function of server and body that returns one, or None for the usual.
        requires: headers without which everything is answered 401.
        object_info, models: what it says of nodes, and of models by folder.
        files: the bytes that `/view` gives by (type, subfolder, name).
        asked: methods and paths that were asked for; posted, done: ids of jobs; interrupts: ids that were cut off.
    """

    def __init__(
        self,
        generation: str = "0.3.75",
        behave: Callable[[Run], None] | None = None,
        tls: str = "",
    ) -> None:
        assert generation in GENERATIONS
        self.generation, self.behave, self._tls = generation, behave or Run.succeed, tls
        self.answers: dict[str, Any] = {}
        self.requires: dict[str, str] = {}
        self.object_info: dict[str, Any] = {}
        self.models: dict[str, list[str]] = {"checkpoints": ["tiny.safetensors"], "loras": []}
        self.files: dict[tuple[str, str, str], bytes] = {}
        self.uploads: list[bytes] = []
        self.asked: list[str] = []
        self.posted: list[str] = []
        self.done: list[str] = []
        self.interrupts: list[str] = []
        self.thawed = threading.Event()
        self.thawed.set()
        self._changed = threading.Condition(threading.RLock())
        self._forget()
        self.sockets: list[Socket] = []
        self._interrupt = threading.Event()
        self._ending = threading.Event()
        self._port = 0

    def _forget(self) -> None:
        self.pending: list[Posted] = []
        self.running: Posted | None = None
        self.history: dict[str, dict[str, Any]] = {}
        self._cache: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> FaultServer:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen and work."""
        self._ending.clear()
        self._http = serving(self, self._port)
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
            if self._tls == "both":
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(TLS / "ca.pem")
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._port = self._http.server_address[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"
        self._threads = [
            threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}),
            threading.Thread(target=self._work),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End as a killed process does: connections break, and queue and history are gone."""
        self._ending.set()
        self.thawed.set()
        with self._changed:
            self._changed.notify_all()
        self._http.shutdown()
        self._http.break_off()
        self._http.server_close()
        for thread in self._threads:
            thread.join()
        self.sockets.clear()
        self._forget()

    def restart(self, after: float = 0.0) -> None:
        """Stop, and start again at the same port."""
        self.stop()
        time.sleep(after)
        self.start()

    def freeze(self) -> None:
        """Answer nothing more, as a stopped process; `thawed.set()` goes on."""
        self.thawed.clear()

    def drop(self) -> None:
        """Break all websockets off."""
        for socket in list(self.sockets):
            socket.drop()

    def broadcast(self) -> None:
        """Tell all clients how long the queue is, as ComfyUI does whenever it changes."""
        for socket in list(self.sockets):
            socket.send("status", self.status())

    def status(self) -> dict[str, Any]:
        """Return the queue's length as the `status` event says it."""
        with self._changed:
            remaining = len(self.pending) + (self.running is not None)
        return {"status": {"exec_info": {"queue_remaining": remaining}}}

    def queue(self, job: Posted) -> None:
        """Put a job into the queue."""
        with self._changed:
            self.pending.append(job)
            self.posted.append(job.id)
            self._changed.notify_all()
        self.broadcast()

    def delete(self, job_id: str) -> bool:
        """Take a job out of the queue that waits there."""
        with self._changed:
            before = len(self.pending)
            self.pending = [job for job in self.pending if job.id != job_id]
            found = len(self.pending) != before
        if found:
            self.broadcast()
        return found

    def interrupt(self, job_id: str | None) -> bool:
        """Interrupt the job that runs, if it is that one; old servers don't look."""
        heeds = self.generation != "0.3.45"
        running = self.running
        if running is None or (heeds and job_id is not None and running.id != job_id):
            return False
        self.interrupts.append(running.id)
        self._interrupt.set()
        return True

    def pause(self, seconds: float) -> None:
        """Let the worker work for so long.

        Raises:
            Interrupted: if it is interrupted meanwhile.
            Stopped: if the server ends.
        """
        deadline = time.monotonic() + seconds
        while True:
            self.thawed.wait()
            if self._ending.is_set():
                raise Stopped
            if self._interrupt.is_set():
                raise Interrupted
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(0.005, left))

    def send(self, client_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Send an event to a client; of two with one name, to the newest."""
        for socket in [socket for socket in self.sockets if socket.client_id == client_id][-1:]:
            socket.send(kind, data)

    def _work(self) -> None:
        while not self._ending.is_set():
            with self._changed:
                while not self.pending and not self._ending.is_set():
                    self._changed.wait()
                if self._ending.is_set():
                    return
                self.running = self.pending.pop(0)
                self._interrupt.clear()
            self.broadcast()
            run = Run(self, self.running)
            try:
                self.behave(run)
            except Interrupted:
                run.interrupted()
            except Stopped:
                return
            with self._changed:
                if self.running is run.job:
                    self.running = None

    def remembered(self, graph: dict[str, Any]) -> dict[str, Any] | None:
        """Return what a graph made before, as ComfyUI's cache does."""
        return self._cache.get(json.dumps(graph, sort_keys=True))

    def remember(self, graph: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Keep what a graph made."""
        self._cache[json.dumps(graph, sort_keys=True)] = outputs


@dataclass
class Run:
    """One job while it is done: what the recording says, step by step."""

    server: FaultServer
    job: Posted
    _told: list[list[Any]] = field(default_factory=list)

    def succeed(self) -> None:
        """Do the job as a server without faults; a graph that was done before gives its old files."""
        outputs = self.server.remembered(self.job.graph)
        self.begin("success" if outputs is None else "cached")
        self.server.pause(0)
        self.end(self.make() if outputs is None else outputs)

    def begin(self, kind: str = "success") -> None:
        """Send the recorded events up to the first node's."""
        for frame in RECORDED[kind]["frames"]:
            if frame["type"] in ("executed", "execution_success"):
                return
            if frame["type"] != "status":
                self.tell(frame["type"], frame["data"])
            if frame["type"] == "executing":
                return

    def step(self, value: int, of: int, node: str = "1") -> None:
        """Send a step of a node."""
        self.tell("progress", {"value": value, "max": of, "prompt_id": "JOB", "node": node})

    def make(self, kind: str = "images", node: str = "2", ending: str = "png") -> dict[str, Any]:
        """Make a file and return the outputs that name it; the cache remembers them."""
        prefix = next((str(n["inputs"]["filename_prefix"]) for n in self.job.graph.values() if _saves(n)), "ComfyUI")
        folder, _, name = prefix.rpartition("/")
        file = {"filename": f"{name}_{len(self.server.files) + 1:05}_.{ending}", "subfolder": folder, "type": "output"}
        self.server.files["output", folder, file["filename"]] = picture(self.job.id)
        outputs = {node: {kind: [file]}}
        self.server.remember(self.job.graph, outputs)
        return outputs

    def end(self, outputs: dict[str, Any] | None = None, late: float = 0.0, tell: bool = True) -> None:
        """End well, in the recorded order: outputs, success, the history, the queue's length, and the last event.

        Args:
            outputs: what was made; a picture if it is None.
            late: seconds after the last event at which the history is written.
            tell: whether events are sent.
        """
        outputs = self.make() if outputs is None else outputs
        for node, output in outputs.items() if tell else ():
            data = {"node": node, "display_node": node, "output": output, "prompt_id": "JOB"}
            self.tell("executed", data)
        self._finish("execution_success", {"prompt_id": "JOB"}, "success", outputs, late, tell)

    def fail(self, **error: Any) -> None:
        """End with the recorded error of a node, some of whose fields may be others."""
        recorded = next(f["data"] for f in RECORDED["failure"]["frames"] if f["type"] == "execution_error")
        self._finish("execution_error", {**recorded, **error}, "error", {}, 0.0, True)

    def interrupted(self) -> None:
        """End as a job that was interrupted."""
        data = next(f["data"] for f in RECORDED["interrupted"]["frames"] if f["type"] == "execution_interrupted")
        self._finish("execution_interrupted", data, "error", {}, 0.0, True)

    def tell(self, kind: str, data: Mapping[str, Any]) -> None:
        """Send an event of this job to whom it belongs; `JOB` in it becomes the job's id."""
        known = json.loads(json.dumps(data).replace('"JOB"', json.dumps(self.job.id)))
        if kind.startswith("execution_"):
            known["timestamp"] = int(time.time() * 1000)
            self._told.append([kind, known])
        self.server.send(self.job.client_id, kind, known)

    def _finish(
        self, kind: str, data: dict[str, Any], status: str, outputs: dict[str, Any], late: float, tell: bool
    ) -> None:
        if tell:
            self.tell(kind, data)
        else:
            self._told.append([kind, {**data, "prompt_id": self.job.id, "timestamp": int(time.time() * 1000)}])
        entry = {
            "prompt": [1, self.job.id, self.job.graph, self.job.extra, list(outputs)],
            "outputs": outputs,
            "status": {"status_str": status, "completed": status == "success", "messages": self._told},
        }
        if not late:
            self.record(entry)
        else:
            with self.server._changed:
                self.server.running = None
        if tell:
            self.server.broadcast()
            self.tell("executing", {"node": None, "prompt_id": "JOB"})
        if late:
            self.server.pause(late)
            self.record(entry)

    def record(self, entry: dict[str, Any]) -> None:
        """Move the job from the queue to the history."""
        with self.server._changed:
            self.server.running = None
            self.server.history[self.job.id] = entry
            self.server.done.append(self.job.id)


def _saves(node: Any) -> bool:
    return isinstance(node, dict) and isinstance(node.get("inputs"), dict) and "filename_prefix" in node["inputs"]
