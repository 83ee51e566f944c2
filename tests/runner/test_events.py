"""The events of commands that run something: each is as the schema says, and the exit code fits how it ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagloom.runner.cli import main
from tagloom.runner.errors import CODES
from tagloom.runner.places import PACKAGE

from .conftest import EVENTS, Painter
from .plain_graph import plain

SECRET = "sk-0123456789abcdef0123456789"


@pytest.fixture
def told(capsys, tmp_path, monkeypatch, fake_server: Painter):
    """Return a function that runs a command and gives its exit code and its events, each of them valid."""
    monkeypatch.chdir(tmp_path)
    Path("graph.json").write_text(json.dumps(plain()))
    Path("table.csv").write_text("positive,seed\n1girl,1\n1boy,2\n")

    def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        code = main([*arguments, "--json"])
        printed = capsys.readouterr()
        assert printed.err == ""
        events = [json.loads(line) for line in printed.out.splitlines()]
        for event in events:
            EVENTS.validate(event)
            assert event.get("code", "usage") in CODES
        return code, events

    return run


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


@pytest.mark.parametrize(
    ("command", "jobs"),
    [
        (["generate", "1girl", "--count", "2"], 2),
        (["run", "graph.json", "--set", "steps=3"], 1),
        (["run", "graph.json", "--seed", "5", "--count", "3"], 3),
        (["batch", "run", "--table", "table.csv", "--out", "b"], 2),
        (["batch", "run", "--workflow", "graph.json", "--grid", "cfg=4,6", "steps=2,3", "--out", "b"], 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_everything_that_runs_tells_its_plan_its_files_and_its_end(told, command, jobs):
    code, events = told(*command)
    assert code == 0
    (plan,) = [event for event in events if event["type"] == "plan"]
    images = [event for event in events if event["type"] == "image"]
    ends = [event for event in events if event["type"] == "job" and event["state"] == "done"]
    assert (plan["jobs"], len(images), len(ends)) == (jobs, jobs, jobs)
    assert all(Path(image["path"]).is_file() for image in images)
    done = events[-1]
    assert (done["type"], done["jobs"], done["done"], done["failed"], done["images"]) == ("done", jobs, jobs, 0, jobs)


def test_a_failure_among_others_has_its_event_and_exit_code_3(told, fake_server):
    paint = fake_server.behave
    fake_server.behave = lambda run: run.fail() if run.job.graph["13"]["inputs"]["seed"] == 8 else paint(run)
    code, events = told("generate", "1girl", "--count", "3", "--seed", "7")
    assert code == 3
    (failed,) = [event for event in events if event["type"] == "job" and event["state"] == "failed"]
    assert failed["code"] == "job-failed"
    assert failed["node"]
    assert (events[-1]["done"], events[-1]["failed"]) == (2, 1)


@pytest.mark.parametrize(
    ("command", "exit_code", "code"),
    [
        (["run", "graph.json", "--set", "steps=many"], 5, "not-runnable"),
        (["run", "nothing.json"], 2, "usage"),
        (["run", "table.csv"], 5, "workflow"),
        (["run", "graph.json", "--set", "checkpoint=nope.safetensors"], 5, "not-runnable"),
        (["run", "graph.json", "--server", "http://127.0.0.1:9"], 4, "server-unavailable"),
        (["batch", "run", "table.csv", "--server", "http://127.0.0.1:9", "--out", "b"], 4, "server-unavailable"),
        (["batch", "resume", "nothing"], 1, "journal"),
        (["workflow", "show", "nothing"], 2, "usage"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_keeps_it_from_running_is_one_event(told, command, exit_code, code):
    found, events = told(*command)
    assert found == exit_code
    assert (kinds(events)[-1], events[-1]["code"]) == ("error", code)


@pytest.mark.parametrize("command", [["workflow", "list"], ["workflow", "show", "graph.json"],
                                     ["workflow", "check", "graph.json"], ["workflow", "convert", "graph.json"],
                                     ["run", "graph.json", "--dry-run"], ["generate", "1girl", "--dry-run"],
                                     ["batch", "run", "table.csv", "--dry-run"],
                                     ["batch", "run", "--workflow", "graph.json", "--grid", "cfg=4,6", "--dry-run"],
                                     ["models"]], ids=" ".join)  # fmt: skip
def test_what_only_looks_is_one_event(told, fake_server, tmp_path, command):
    before = {path.name for path in tmp_path.iterdir()}
    code, events = told(*command)
    assert (code, len(events)) == (0, 1)
    assert (fake_server.posted, {path.name for path in tmp_path.iterdir()} - before - {"home"}) == ([], set())


def test_secrets_reach_no_event_and_no_picture(told, fake_server):
    graph = plain()
    graph["6"]["inputs"]["api_key"] = SECRET
    Path("secret.json").write_text(json.dumps(graph))
    _, events = told("run", "secret.json", "--set", f"Wanted.text=1girl, {SECRET}", "--unchecked")
    assert SECRET not in json.dumps(events)
    (image,) = [event for event in events if event["type"] == "image"]
    assert SECRET.encode() not in Path(image["path"]).read_bytes()


def test_each_type_and_each_code_stands_in_the_manual():
    manual = (PACKAGE / "runner" / "README.md").read_text(encoding="utf-8")
    assert [kind for kind in EVENTS.schema["$defs"] if f"`{kind}`" not in manual] == []
    assert [code for code in CODES if f"`{code}`" not in manual] == []
