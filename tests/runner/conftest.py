"""What the runner's tests share: an empty home, node schemas, pictures, a small HTTP server, servers that are faked."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from tagloom.prompt.families import catalog
from tagloom.prompt.tags import use_names
from tagloom.runner.cli import main
from tagloom.runner.embedded import processes
from tagloom.runner.embedded.installations import Installation
from tagloom.runner.graph import workflows
from tagloom.runner.places import PACKAGE

from .fault_server import FaultServer, Run

EVENTS = Draft202012Validator(json.loads((PACKAGE / "runner" / "data" / "events.schema.json").read_text("utf-8")))
"""What every event must be."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep every test away from the user's own cache, server and settings; names that it imports are forgotten."""
    for name in ("SERVER", "IDLE", "FAMILIES", "TAGS", "WALLET", "PLANS", "USER"):
        monkeypatch.delenv(f"TAGLOOM_{name}", raising=False)
    monkeypatch.setattr(catalog, "_registered", {})  # the command line adds the folder of each test's home
    monkeypatch.setenv("TAGLOOM_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    monkeypatch.delenv("TAGLOOM_TAGS", raising=False)
    use_names(tmp_path / "no lists")


@pytest.fixture(scope="session")
def core_schemas() -> dict[str, Any]:
    """The `/object_info` entries of the core nodes in the shipped workflows, without tooltips."""
    return json.loads((Path(__file__).parent / "schemas.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def schemas(core_schemas: dict[str, Any]) -> dict[str, Any]:
    """The core entries and the pack's own."""
    return core_schemas | json.loads(workflows.SNAPSHOT.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def conversion_schemas(schemas: dict[str, Any]) -> dict[str, Any]:
    """The same, and those of the classes in the small workflows for the conversion."""
    return schemas | json.loads((Path(__file__).parent / "conversion_schemas.json").read_text(encoding="utf-8"))


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


FAKE_COMFYUI = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
with open("starts.txt", "a") as file:
    print(json.dumps({"pid": os.getpid(), "argv": sys.argv, "idle": os.environ["TAGLOOM_IDLE_SECONDS"]}), file=file)
print("fake ComfyUI, start", sum(1 for line in open("starts.txt")), flush=True)
BEFORE
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"system": {"comfyui_version": "0", "argv": sys.argv}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


@dataclass
class FakeComfyUI:
    """A folder that looks like ComfyUI's and holds a server of a few lines, which notes down each of its starts."""

    folder: Path

    def make(self, before: str = "", embedded: bool = False) -> Installation:
        """Write the server, which runs the lines `before` it answers, and return it as an installation."""
        tree = self.folder / "ComfyUI"
        (tree / "input").mkdir(parents=True, exist_ok=True)
        (tree / "main.py").write_text(FAKE_COMFYUI.replace("BEFORE", before), encoding="utf-8")
        for name in ("folder_paths.py", "input/example.png"):
            (tree / name).touch()
        return Installation(tree, Path(sys.executable), self.folder / "home" / "server", embedded)

    def starts(self, folder: Path) -> list[dict[str, Any]]:
        """Return the process, the arguments and the idle seconds of each start in this folder."""
        notes = folder / "starts.txt"
        return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    def end(self) -> None:
        """Kill what was started and has not ended."""
        for notes in self.folder.rglob("starts.txt"):
            for start in self.starts(notes.parent):
                with suppress(ProcessLookupError, ChildProcessError):
                    os.kill(start["pid"], signal.SIGKILL)
                    os.waitpid(start["pid"], 0)


@pytest.fixture
def comfyui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeComfyUI]:
    """A ComfyUI that starts at once, without torch; it is ended after the test."""
    monkeypatch.setattr(processes, "device_options", lambda installation: [])
    fake = FakeComfyUI(tmp_path)
    yield fake
    fake.end()


class Told(NamedTuple):
    """What a command said: its exit code, its result, what is told besides, and the event that is all of it."""

    code: int
    text: str
    notes: str
    event: dict[str, Any]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    """Return a function that runs a command in words and with `--json`, which must be one line and end alike."""

    def run(*arguments: str, stdin: str = "") -> Told:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = main(arguments)
        told = capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        assert main([*arguments[:2], "--json", *arguments[2:]]) == code
        printed = capsys.readouterr()
        assert printed.err == ""
        (line,) = printed.out.splitlines()
        event = json.loads(line)
        EVENTS.validate(event)
        del event["schema"]
        if event["type"] == "error":
            assert (told.out, told.err) == ("", f"tagloom: error: {event['message']}\n")
            assert "\n" not in event["message"]
        return Told(code, told.out, told.err, event)

    return run


class Painter(FaultServer):
    """A server without Tagloom's nodes whose jobs are done at once, each with one picture.

    Attributes:
        png: each picture that it makes.
        interrupted_at: the number of the job at which the command gets a Ctrl-C, once there is a file.
        waits_for: that file.
        graphs: what its jobs were, once they are done.
    """

    def __init__(self, schemas: dict[str, Any], png: bytes) -> None:
        super().__init__(behave=self._paint)
        self.object_info = schemas
        self.models = {"checkpoints": ["tagloom-tiny.safetensors"], "loras": []}
        self.png = png
        self.interrupted_at = -1
        self.waits_for: Path | None = None
        self.graphs: list[dict[str, Any]] = []

    def _paint(self, run: Run) -> None:
        run.begin()
        if len(self.graphs) == self.interrupted_at:
            while self.waits_for and not self.waits_for.exists():
                self.pause(0.01)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            self.pause(30)
        run.step(1, 1)
        outputs = run.make()
        self.files = dict.fromkeys(self.files, self.png)
        self.graphs.append(run.job.graph)
        run.end(outputs)


@pytest.fixture
def fake_server(monkeypatch: pytest.MonkeyPatch, core_schemas: dict[str, Any], make_png: Any) -> Iterator[Painter]:
    """The user's usual server, which makes the pictures."""
    with Painter(core_schemas, make_png(64, 64)) as server:
        monkeypatch.setenv("TAGLOOM_SERVER", server.url)
        yield server


@pytest.fixture
def fault_server() -> Iterator[Callable[..., FaultServer]]:
    """Return a function that starts a small ComfyUI which can be told what to do wrong; see `FaultServer`."""
    with ExitStack() as running:
        yield lambda *arguments, **options: running.enter_context(FaultServer(*arguments, **options))


def _answer(value: Any) -> tuple[int, str, bytes]:
    return value if isinstance(value, tuple) else (200, "application/json", json.dumps(value).encode())
