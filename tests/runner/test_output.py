from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tagloom.runner.embedded.installations import Installation
from tagloom.runner.embedded.server_state import RunningServer
from tagloom.runner.output import Output

SERVER = RunningServer(4321, 8188, 600)


@pytest.fixture
def installation(tmp_path) -> Installation:
    return Installation(tmp_path / "tree", Path("python"), tmp_path / "server", embedded=True)


@pytest.fixture
def printed(capsys):
    """Return a function that runs `say` on both kinds of output: (standard output, standard error, events)."""

    def collect(say: Any) -> tuple[str, str, list[dict[str, Any]]]:
        say(Output(as_json=False))
        text = capsys.readouterr()
        say(Output(as_json=True))
        events = capsys.readouterr()
        assert events.err == ""
        return text.out, text.err, [json.loads(line) for line in events.out.splitlines()]

    return collect


@pytest.mark.parametrize(
    ("say", "err", "event"),
    [
        (lambda output: output.announce("starting"), "tagloom: starting\n", {"type": "status", "message": "starting"}),
        (
            lambda output: output.warning("steps 4 is low"),
            "tagloom: warning: steps 4 is low\n",
            {"type": "warning", "message": "steps 4 is low"},
        ),
        (
            lambda output: output.error("usage", "the prompt is empty"),
            "tagloom: error: the prompt is empty\n",
            {"type": "error", "code": "usage", "message": "the prompt is empty"},
        ),
    ],
)
def test_what_is_said_about_the_work_goes_to_standard_error(printed, say, err, event):
    assert printed(say) == ("", err, [{"schema": "tagloom/1", **event}])


def test_a_running_server(printed, installation):
    out, err, (event,) = printed(lambda output: output.server(installation, SERVER))
    assert err == ""
    assert out.splitlines()[0] == "running at http://127.0.0.1:8188 (process 4321; stops after 10 idle minutes)"
    folders = {"models": str(installation.models), "log": str(installation.folder / "server.log")}
    assert all(folder in out for folder in folders.values())
    server = {"state": "running", "url": "http://127.0.0.1:8188", "pid": 4321}
    assert event == {"schema": "tagloom/1", "type": "server", **server, **folders}


def test_a_server_without_an_end(printed, installation):
    out, _, _ = printed(lambda output: output.server(installation, replace(SERVER, idle_seconds=0)))
    assert "stops never by itself" in out


def test_no_server(printed, installation):
    out, _, (event,) = printed(lambda output: output.server(installation, None))
    assert out.startswith("not running\n")
    assert (event["url"], event["pid"]) == (None, None)


def test_a_checkout_s_own_models_are_told(printed, installation):
    out, _, (event,) = printed(lambda output: output.server(replace(installation, embedded=False), SERVER))
    assert str(installation.tree / "models") in out
    assert event["models"] == str(installation.tree / "models")


@pytest.mark.parametrize(("ran", "text"), [(True, "stopped\n"), (False, "it was not running\n")])
def test_a_stop(printed, ran, text):
    expected = {"schema": "tagloom/1", "type": "stopped", "ran": ran}
    assert printed(lambda output: output.stopped(ran)) == (text, "", [expected])


def test_a_log(printed):
    out, _, events = printed(lambda output: output.log(["a", "b ✓"]))
    assert out == "a\nb ✓\n"
    assert events == [{"schema": "tagloom/1", "type": "log", "lines": ["a", "b ✓"]}]


def test_a_reader_that_has_gone_ends_the_command_quietly():
    """As in `tagloom … | head -0`: no traceback, and no talk of full disks."""
    command = [sys.executable, "-m", "tagloom.runner", "--help"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert "Traceback" not in done.stderr
    assert "space" not in done.stderr
