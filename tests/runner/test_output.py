from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tagloom.prompt import Size, get_family
from tagloom.runner.embedded.installations import Installation
from tagloom.runner.embedded.server_state import RunningServer
from tagloom.runner.generate import Picture, Plan
from tagloom.runner.graph.workflows import Workflow
from tagloom.runner.jobs.session import Job, Progress
from tagloom.runner.output import Output
from tagloom.runner.request import Request, check

JOB = Job({}, {}, "job-1")
PICTURE = Picture(Path("output/00001-7.png"), 7, Size(832, 1216))
SERVER = RunningServer(4321, 8188, 600)


@pytest.fixture
def plan() -> Plan:
    checked = check(Request("1girl", count=2))
    workflow = Workflow({"nodes": [], "links": []}, {}.get)
    family = get_family("illustrious")
    return Plan(checked, "a.safetensors", family, workflow, has_pack=False, seed=7, warnings=("steps 4 is low",))


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


def test_the_plan_is_told_with_its_warnings(printed, plan):
    out, err, events = printed(lambda output: output.begin(plan, "http://test"))
    assert out == ""
    assert err == "tagloom: warning: steps 4 is low\n"
    assert [event["type"] for event in events] == ["warning", "plan"]
    told = {"server": "http://test", "checkpoint": "a.safetensors", "family": "illustrious", "seed": 7}
    assert told.items() <= events[1].items()


def test_the_end_is_told_with_the_price(printed, plan):
    out, err, (event,) = printed(lambda output: output.done(plan))
    assert (out, err) == ("", "")
    assert (event["type"], event["images"], event["image_tokens"]) == ("done", 2, 2)
    assert event["seconds"] >= 0


def show(plan: Plan) -> Any:
    def say(output: Output) -> None:
        with output.progress(plan.checked) as shown:
            shown(Progress(JOB, 1, 2))
            shown(PICTURE)
            shown(Progress(JOB, 2, 2))
            shown(replace(PICTURE, path=Path("output/00002-8.png"), seed=8))

    return say


def test_pictures_are_told_one_a_line_and_no_bar_is_drawn_into_a_file(printed, plan):
    out, err, events = printed(show(plan))
    assert out.splitlines() == [
        f"{PICTURE.path}  832x1216  seed 7",
        f"{Path('output/00002-8.png')}  832x1216  seed 8",
    ]
    assert err == ""
    schema = {"schema": "tagloom/1"}
    size = {"width": 832, "height": 1216}
    assert events == [
        {**schema, "type": "progress", "job": "job-1", "step": 1, "of": 2},
        {**schema, "type": "image", "path": str(PICTURE.path), "seed": 7, **size},
        {**schema, "type": "progress", "job": "job-1", "step": 2, "of": 2},
        {**schema, "type": "image", "path": str(Path("output/00002-8.png")), "seed": 8, **size},
    ]


def test_a_terminal_gets_a_bar_beside_the_lines(capsys, monkeypatch, plan):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    show(plan)(Output(as_json=False))
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert "image 1 of 2, step 1 of 2" in printed.err
    assert "image 2 of 2, step 2 of 2" in printed.err


def test_steps_of_an_unknown_number_break_no_bar(printed, plan):
    """A custom sampler may say that it makes 0 steps."""

    def say(output: Output) -> None:
        with output.progress(plan.checked) as shown:
            shown(Progress(JOB, 0, 0))

    _, _, events = printed(say)
    assert [(event["step"], event["of"]) for event in events] == [(0, 0)]


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
