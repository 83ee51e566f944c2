"""Servers of the user's own: started from a checkout, with and without the pack, and stopped when idle."""

import contextlib
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import requests
import websocket

from tagloom.runner import cli
from tagloom.runner.embedded import installations, processes
from tagloom.runner.places import PACKAGE
from tagloom.runner.server.client import Client
from tagloom.runner.targets import Target, open_target


@pytest.fixture(scope="module")
def checkout(server, installation, tmp_path_factory) -> Path:
    """A user's own ComfyUI, with the tiny checkpoint and its loader put into it by hand."""
    tree = tmp_path_factory.mktemp("mine") / "ComfyUI"
    shutil.copytree(installations.unpack(installation), tree)
    shutil.copytree(PACKAGE / "tiny" / "loader", tree / "custom_nodes" / "tiny_loader")
    (tree / "models" / "checkpoints").mkdir(exist_ok=True)
    (tree / "models" / "checkpoints" / "my model.safetensors").symlink_to(PACKAGE / "tiny" / "tagloom-tiny.safetensors")
    return tree


@pytest.fixture
def started(checkout, monkeypatch):
    """Start the checkout's server with `--comfyui`, and stop it after the test."""
    monkeypatch.setattr(processes, "device_options", lambda installation: ["--cpu", "--disable-api-nodes"])

    def start(idle_seconds: float = 900) -> Target:
        return open_target(None, checkout, idle_seconds, print)

    yield start
    processes.stop(installations.checkout(checkout))


def test_a_checkout_gets_the_pack_and_stops_when_idle(checkout, started, capsys):
    """Tagloom is loaded beside the checkout's own nodes without being put there; 2 idle seconds end the server."""
    target = started(idle_seconds=2)
    assert target.client.schema("TagloomPromptEnhancer") is not None
    assert not (checkout / "custom_nodes" / "tagloom").exists()
    assert target.detect(target.choose_checkpoint(None)).family == "tagloom_tiny"
    with contextlib.closing(websocket.create_connection(f"{target.client.websocket_url}?clientId=editor")):
        time.sleep(4)  # twice the idle time, with somebody connected
        assert processes.find(target.installation)
    assert cli.main(["server", "status", "--comfyui", str(checkout)]) == 0
    assert "running at http://127.0.0.1:" in capsys.readouterr().out
    deadline = time.monotonic() + 30
    while processes.find(target.installation):
        assert time.monotonic() < deadline, "the idle server still runs"
        time.sleep(0.2)
    assert cli.main(["server", "logs", "--comfyui", str(checkout)]) == 0
    assert "Tagloom: idle for 2 seconds, stopping" in capsys.readouterr().out


def test_a_clone_in_custom_nodes_is_all_it_takes(checkout, started, pictures):
    """Whatever the clone is called: its nodes work, its workflows are listed, and no second pack is loaded."""
    clone = checkout / "custom_nodes" / "my clone.v2"
    ignored = shutil.ignore_patterns(".*", "tests", "__pycache__", "output", "*.egg-info")
    shutil.copytree(PACKAGE, clone, ignore=ignored)
    try:
        mine = started()
        schema = mine.client.schema("TagloomPromptEnhancer")
        assert schema["python_module"] == "custom_nodes.my clone.v2"
        templates = requests.get(f"{mine.client.url}/workflow_templates", timeout=10).json()
        shipped = sorted(path.stem for path in (PACKAGE / "workflows").glob("*.json"))
        assert sorted(templates["my clone.v2"]) == shipped
        assert "tagloom" not in templates
        assert pictures("1girl", on=checkout, steps=2).shape == (1, 256, 256, 3)
    finally:
        shutil.rmtree(clone)


def test_a_server_without_the_pack_gets_core_nodes(checkout, started, pictures, target):
    """The same picture comes out of a real server that has none of Tagloom's nodes."""
    other = checkout / "custom_nodes" / "another"
    other.mkdir()
    (other / "pyproject.toml").write_text('name = "tagloom"')  # it looks as if the pack were there, and it is not
    mine = started()
    assert mine.client.schema("TagloomPromptEnhancer") is None
    tags = "1girl, red hair, (smile:1.2)"
    expected = pictures(tags, seed=9)
    assert np.array_equal(pictures(tags, seed=9, on=checkout), expected)
    assert np.array_equal(pictures(tags, seed=9, on=mine.client.url, family="tagloom_tiny"), expected)
    assert list((checkout / "output").rglob("*.png")), "a user's own server keeps its files"


def test_two_commands_use_one_server(server, installation, capsys):
    """A second start finds the first one's server."""
    running = processes.find(installation)
    assert running is not None and running.port == server.port
    assert cli.main(["server", "start"]) == 0
    assert f"running at {server.url} (process {running.pid};" in capsys.readouterr().out
    assert processes.ensure(installation, 900) == running


def test_a_foreign_server_is_told_apart(server):
    """Something that answers, but is no ComfyUI, is named as such."""
    with pytest.raises(cli.RunnerError, match=r"not as ComfyUI does|answered 404"):
        Client(f"{server.url}/extensions").version()
    assert requests.get(server.url, timeout=10).ok
