"""What the runner's tests share: an empty home, node schemas, pictures, and a small HTTP server."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

import tagloom.runner.workflows as workflows


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test away from the user's own cache, server and settings."""
    for name in ("TAGLOOM_SERVER", "TAGLOOM_IDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TAGLOOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def core_schemas() -> dict[str, Any]:
    """The `/object_info` entries of the core nodes in the shipped workflows, without tooltips."""
    return json.loads((Path(__file__).parent / "schemas.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def schemas(core_schemas: dict[str, Any]) -> dict[str, Any]:
    """The core entries and the pack's own."""
    return core_schemas | json.loads(workflows.SNAPSHOT.read_text(encoding="utf-8"))


@pytest.fixture
def make_png() -> Callable[..., bytes]:
    """Return a function that gives the bytes of a small picture of many colours."""

    def make(width: int = 8, height: int = 8, **options: Any) -> bytes:
        picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
        contents = io.BytesIO()
        picture.save(contents, "PNG", **options)
        return contents.getvalue()

    return make


@dataclass
class Answers:
    """A running HTTP server: what it answers by method and path, and what it was asked."""

    url: str
    routes: dict[str, tuple[int, str, bytes]]
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """Return the methods and paths asked for, in their order."""
        return [f"{method} {urlsplit(path).path}" for method, path, _ in self.asked]


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, Any]], Answers]]:
    """Return a function that starts a server on the loopback.

    A route's answer is a JSON value (status 200), or a tuple of status, content type and bytes; others get 404.
    """
    with ExitStack() as running:

        def start(routes: dict[str, Any]) -> Answers:
            answers = Answers("", {name: _answer(value) for name, value in routes.items()})

            class Handler(BaseHTTPRequestHandler):
                def _reply(self) -> None:
                    body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                    answers.asked.append((self.command, self.path, body))
                    name = f"{self.command} {urlsplit(self.path).path}"
                    status, kind, contents = answers.routes.get(name, (404, "text/plain", b"404: Not Found"))
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(contents)))
                    self.end_headers()
                    self.wfile.write(contents)

                do_GET = do_POST = _reply  # noqa: N815 the names that http.server wants

                def log_message(self, *arguments: object) -> None:
                    """Say nothing."""

            server = running.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            running.callback(thread.join)
            running.callback(server.shutdown)
            answers.url = f"http://127.0.0.1:{server.server_port}"
            return answers

        yield start


def _answer(value: Any) -> tuple[int, str, bytes]:
    return value if isinstance(value, tuple) else (200, "application/json", json.dumps(value).encode())
