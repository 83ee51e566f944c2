"""The fault server's HTTP routes, with the answers that ComfyUI gives."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from .sockets import Socket

if TYPE_CHECKING:
    from .server import FaultServer

Answer = tuple[int, str, bytes]
NOT_FOUND: Answer = (404, "text/plain", b"404: Not Found")
EMPTY: Answer = (200, "application/octet-stream", b"")
CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def as_json(value: Any, status: int = 200) -> Answer:
    """Return an answer in JSON."""
    return status, "application/json", json.dumps(value).encode()


class Listening(ThreadingHTTPServer):
    """An HTTP server whose open connections can be broken off."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: list[socket.socket] = []

    def get_request(self) -> Any:
        """Take a connection, and remember it."""
        request, address = super().get_request()
        self._open.append(request)
        return request, address

    def break_off(self) -> None:
        """Close all connections, as the end of a process does."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that left."""


def serving(server: FaultServer, port: int) -> Listening:
    """Return an HTTP server for a fault server; it listens already."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _reply(self) -> None:
            server.thawed.wait()
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            path = parts.path
            server.asked.append(f"{self.command} {path}")
            if any(self.headers.get(name) != value for name, value in server.requires.items()):
                return self._send((401, "text/html", b"<html>who are you?"))
            route = path.removeprefix("/api") if path.startswith("/api/") and "/jobs" not in path else path
            if route == "/ws":
                return self._websocket(parse_qs(parts.query).get("clientId", [uuid.uuid4().hex])[0])
            special = server.answers.get(f"{self.command} {route}")
            answer = special(server, body) if callable(special) else special
            if answer is None:
                answer = _usual(server, self.command, route, parse_qs(parts.query), body)
            server.thawed.wait()
            return self._send(answer)

        do_GET = do_POST = _reply  # noqa: N815 the names that http.server wants

        def _send(self, answer: Any) -> None:
            if answer == "drop":  # no answer at all
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, kind, body, *headers = answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            given = dict(headers[0]) if headers else {}
            for name, value in {"Content-Length": str(len(body)), **given}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _websocket(self, client_id: str) -> None:
            special = server.answers.get("GET /ws")
            special = special(server, b"") if callable(special) else special
            if special is not None:
                return self._send(special)
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Accept", Socket.accept_key(self.headers["Sec-WebSocket-Key"]))
            self.end_headers()
            opened = Socket(self.connection, self.rfile, client_id)
            server.sockets.append(opened)
            opened.send("status", {**server.status(), "sid": client_id})
            opened.listen()
            with contextlib.suppress(ValueError):
                server.sockets.remove(opened)
            self.close_connection = True
            return None

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    return Listening(("127.0.0.1", port), Handler)


def _usual(server: FaultServer, method: str, route: str, query: dict[str, list[str]], body: bytes) -> Answer:
    """Return what ComfyUI answers."""
    parts = [unquote(part) for part in route.strip("/").split("/")]
    given = json.loads(body) if method == "POST" and body[:1] == b"{" else {}
    if method == "POST":
        return _post(server, parts, given, body)
    if parts[0] == "system_stats":
        return as_json({"system": {"comfyui_version": server.generation, "argv": ["main.py"]}, "devices": []})
    if parts[0] == "prompt":
        return as_json(server.status()["status"])
    if parts[0] == "queue":
        return as_json(_queue(server))
    if parts[0] == "history":
        return as_json({name: server.history[name] for name in parts[1:] if name in server.history})
    if parts[0] == "object_info":
        names = parts[1:] or list(server.object_info)
        return as_json({name: server.object_info[name] for name in names if name in server.object_info})
    if parts[0] == "models":
        names = server.models.get(parts[1]) if len(parts) > 1 else list(server.models)
        return NOT_FOUND if names is None else as_json(names)
    if parts[0] == "view":
        wanted = tuple(query.get(key, [""])[0] for key in ("type", "subfolder", "filename"))
        found = server.files.get(wanted)  # type: ignore[arg-type]
        return NOT_FOUND if found is None else (200, "image/png", found)
    return NOT_FOUND


def _queue(server: FaultServer) -> dict[str, Any]:
    with server._changed:
        running = [server.running] if server.running else []
        rows = [
            [[i, job.id, job.graph, job.extra, []] for i, job in enumerate(jobs)] for jobs in (running, server.pending)
        ]
    return {"queue_running": rows[0], "queue_pending": rows[1]}


def _post(server: FaultServer, parts: list[str], given: dict[str, Any], body: bytes) -> Answer:
    new = server.generation == "0.33.0"
    if parts == ["prompt"]:
        return _prompt(server, given)
    if parts == ["queue"]:
        for job_id in given.get("delete", []):
            server.delete(job_id)
        return EMPTY
    if parts == ["interrupt"]:
        server.interrupt(given.get("prompt_id"))
        return EMPTY
    if parts == ["upload", "image"]:
        server.uploads.append(body)
        name = re.search(rb'filename="([^"]*)"', body)
        return as_json({"name": name[1].decode() if name else "x.png", "subfolder": "", "type": "input"})
    if new and parts[:2] == ["api", "jobs"] and parts[3:] == ["cancel"]:
        return as_json({"cancelled": server.delete(parts[2]) or server.interrupt(parts[2])})
    return (405, "text/plain", b"405: Method Not Allowed")


def _prompt(server: FaultServer, given: dict[str, Any]) -> Answer:
    from .server import Posted

    job_id = str(given.get("prompt_id") or uuid.uuid4())
    if server.generation == "0.33.0":
        if not CANONICAL.fullmatch(job_id):
            error = {"type": "invalid_prompt_id", "message": "prompt_id is no UUID", "details": "", "extra_info": {}}
            return as_json({"error": error, "node_errors": {}}, 400)
        if job_id in server.posted:
            error = {"type": "duplicate_prompt_id", "message": "it is known", "details": "", "extra_info": {}}
            return as_json({"error": error, "node_errors": {}}, 409)
    extra = {**given.get("extra_data", {}), "client_id": given.get("client_id", "")}
    server.queue(Posted(job_id, given["prompt"], given.get("client_id", ""), extra))
    return as_json({"prompt_id": job_id, "number": len(server.posted), "node_errors": {}})
