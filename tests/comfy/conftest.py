"""One real ComfyUI for the whole suite: the embedded one, in a folder of its own."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tagloom.runner import generate
from tagloom.runner.embedded import installations, processes
from tagloom.runner.jobs.session import Finished, Job, JobStream, new_id
from tagloom.runner.places import models
from tagloom.runner.request import Request, check
from tagloom.runner.server.client import Client
from tagloom.runner.targets import Target

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
    """The embedded ComfyUI, with the extension that lets it load the stand-ins."""
    installation = installations.embedded()
    link = installation.folder / "custom_nodes" / "stand_ins"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(EXTENSION, target_is_directory=True)
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
        with JobStream(target.client) as stream:
            (done,) = [event for event in stream.run([Job(graph, {}, new_id())]) if isinstance(event, Finished)]
        return done.outputs

    return given


Pictures = Callable[..., np.ndarray]


@pytest.fixture
def pictures(target, tmp_path) -> Pictures:
    """A function that generates pictures as the command line would.

    `pictures(tags, count=4, **settings)` returns an array (count, height, width, 3) of 0 to 1.
    """

    def make(tags: str, *, on: Target = target, **settings) -> np.ndarray:
        plan = generate.plan(check(Request(positive=tags, **{"seed": 100, **settings})), on)
        events = generate.run(plan, on, tmp_path / "pictures")
        saved = [event for event in events if isinstance(event, generate.Picture)]
        return np.stack([as_array(picture.path) for picture in sorted(saved, key=lambda picture: picture.seed)])

    return make


def as_array(path: Path) -> np.ndarray:
    """Return a picture as an array (height, width, 3) of 0 to 1."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float32) / 255
