"""One real ComfyUI for the whole suite: the embedded one, in a folder of its own."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from tagloom import runner
from tagloom.runner.embedded import installations, processes
from tagloom.runner.errors import JobFailed
from tagloom.runner.jobs.events import JobEnded
from tagloom.runner.jobs.job import Job, State, new_id
from tagloom.runner.jobs.session import Session
from tagloom.runner.places import models
from tagloom.runner.request import Request
from tagloom.runner.server.client import Client
from tagloom.runner.targets import Target
from tagloom.wallet.ledger import Wallet

from .paid_graphs import PLANS, USER, Queue
from .stand_ins.files import EXTENSION, FILES, write_files

IDLE_SECONDS = 900.0
"""A suite that is killed leaves its server behind for no longer than this."""


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """The folder of everything that the runner keeps, empty at first."""
    folder = tmp_path_factory.mktemp("home")
    os.environ["TAGLOOM_HOME"] = str(folder)
    yield folder
    del os.environ["TAGLOOM_HOME"]


@pytest.fixture(scope="session")
def installation(home) -> installations.Installation:
    """The embedded ComfyUI, with the tests' own extensions, and with its API nodes (1 s more)."""
    installation = replace(installations.embedded(), api_nodes=True)
    links = installation.folder / "custom_nodes"
    links.mkdir(parents=True, exist_ok=True)
    (links / "stand_ins").symlink_to(EXTENSION, target_is_directory=True)
    (links / "paying").symlink_to(Path(__file__).parent / "paying", target_is_directory=True)
    return installation


@pytest.fixture(scope="session")
def server(installation) -> processes.RunningServer:
    """The embedded ComfyUI's server, running."""
    yield processes.ensure(installation, IDLE_SECONDS)
    processes.stop(installation)


@pytest.fixture(scope="session")
def target(server, installation) -> Target:
    """The server as the runner works with it."""
    return Target(Client(server.url), installation)


@pytest.fixture(scope="session")
def stand_in_files(tmp_path_factory) -> Path:
    """A folder of models, with the stand-ins' files in its folders; no server knows it."""
    folder = tmp_path_factory.mktemp("stand_ins")
    write_files(folder)
    return folder


@pytest.fixture(scope="module")
def stand_ins(server, stand_in_files) -> tuple[str, ...]:
    """The stand-ins among the server's models while a module's tests run: other modules count what is there."""
    links = [models() / name for name in FILES]
    for link, name in zip(links, FILES, strict=True):
        link.hardlink_to(stand_in_files / name)
    yield tuple(FILES)
    for link in links:
        link.unlink()


@pytest.fixture(scope="session")
def outputs(target) -> Callable[[dict], dict]:
    """A function that runs a graph on the server and returns what its output nodes give, by their ids."""

    def given(graph: dict) -> dict:
        with Session(target.client) as session:
            session.submit(Job(graph, {}, new_id()))
            ended = []
            while not ended:
                ended = [event.outcome for event in session.poll(10) if isinstance(event, JobEnded)]
        if ended[0].state is not State.DONE:
            raise JobFailed(ended[0].problem.message)
        return dict(ended[0].outputs)

    return given


Pictures = Callable[..., np.ndarray]


@pytest.fixture
def pictures(server, tmp_path) -> Pictures:
    """A function that generates pictures as the command line would.

    `pictures(tags, count=4, **settings)` returns an array (count, height, width, 3) of 0 to 1. `on` is the address of
    a server whose files can't be seen, or the folder of a checkout.
    """

    def make(tags: str, *, on: str | Path | None = None, **settings) -> np.ndarray:
        where = {"comfyui": on} if isinstance(on, Path) else {}
        client = runner.Client(*([on] if isinstance(on, str) else []), **where, out=tmp_path / "pictures")
        jobs = client.run(Request(positive=tags, **{"seed": 100, **settings}))
        return np.stack([as_array(file.path) for job in jobs for file in job.files])

    return make


def as_array(path: Path) -> np.ndarray:
    """Return a picture as an array (height, width, 3) of 0 to 1."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float32) / 255


@pytest.fixture
def queue(server) -> Queue:
    return Queue(server.url)


@pytest.fixture
def environment(server) -> Iterator[Callable[..., None]]:
    """A function that sets the server's environment, until the test ends."""
    names: set[str] = set()

    def change(**values: str | None) -> None:
        names.update(values)
        requests.post(f"{server.url}/tests/environment", json=values, timeout=10).raise_for_status()

    yield change
    change(**dict.fromkeys(names))


@pytest.fixture
def wallet(environment, tmp_path, monkeypatch) -> Iterator[Wallet]:
    """A wallet of which the server's user has 5 image tokens; whatever happens, its ledger has no fault."""
    plans, file = tmp_path / "plans.yaml", tmp_path / "wallet.sqlite3"
    plans.write_text(PLANS, encoding="utf-8")
    monkeypatch.setenv("TAGLOOM_PLANS", str(plans))
    environment(TAGLOOM_USER=USER, TAGLOOM_WALLET=str(file), TAGLOOM_PLANS=str(plans))
    with Wallet.open(str(file), create=True) as opened:
        opened.create_user(USER, "counted")
        opened.grant(USER, 5)
        yield opened
        assert opened.check() == []
