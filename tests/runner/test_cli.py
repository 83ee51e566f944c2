from __future__ import annotations

import errno
import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tagloom.runner import targets
from tagloom.runner.cli import main
from tagloom.runner.embedded import installations, processes
from tagloom.runner.errors import JobFailed, RunnerError

NOBODY = ["--server", "http://127.0.0.1:9"]
TAGS = "1girl, orange hair"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run from a folder of its own, where a stray output would be seen; start no server."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(processes, "ensure", lambda *arguments, **options: pytest.fail("a server was started"))
    (tmp_path / "text.png").write_text("no picture")
    return folder


@pytest.fixture
def refused(capsys, in_an_empty_folder):
    """Return a function that runs a command that must fail, both ways, and gives its exit code, text and event."""

    def run(*arguments: str) -> tuple[int, str, dict[str, Any]]:
        code = main(arguments)
        text = capsys.readouterr()
        assert text.out == ""
        assert text.err.startswith("tagloom: error: ")
        assert text.err.count("\n") == 1
        assert text.err.endswith("\n")
        assert main([*arguments, "--json"]) == code
        printed = capsys.readouterr()
        assert printed.err == ""
        (line,) = printed.out.splitlines()
        event = json.loads(line)
        assert (event["schema"], event["type"]) == ("tagloom/1", "error")
        assert list(in_an_empty_folder.iterdir()) == []
        return code, text.err, event

    return run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["COMMAND", "tagloom --help"]),
        (["paint"], ["paint"]),
        (["generate"], ["TAGS", "tagloom generate --help"]),
        (["generate", TAGS, "--nope"], ["--nope", "--help"]),
        (["generate", TAGS, "--steps", "many"], ["--steps", "many"]),
        (["generate", TAGS, "--steps"], ["--steps"]),
        (["generate", TAGS, "--server", "x", "--comfyui", "y"], ["--comfyui", "--server"]),
        (["generate", "-_-"], ["TAGS", "tagloom generate -- -_-"]),
        (["generate", TAGS, "--negative", "-_-"], ["--negative=-_-"]),
        (["generate", ""], ["prompt is empty"]),
        (["generate", " , "[:1]], ["prompt is empty"]),
        (["generate", TAGS, "--steps", "0"], ["steps 0"]),
        (["generate", TAGS, "--cfg", "nan"], ["CFG scale"]),
        (["generate", TAGS, "--seed", "-1"], ["seed -1"]),
        (["generate", TAGS, "--count", "0"], ["count 0"]),
        (["generate", TAGS, "--clip-skip", "0"], ["clip skip 0"]),
        (["generate", TAGS, "--size", "250x256"], ["248x256"]),
        (["generate", TAGS, "--size", "big"], ["832x1216"]),
        (["generate", TAGS, "--size", ""], ["832x1216"]),
        (["generate", TAGS, "--sampler", "Euler b"], ["'Euler b'", "did you mean Euler"]),
        (["generate", TAGS, "--scheduler", "karras"], ["--sampler"]),
        (["generate", TAGS, "--family", "ilustrious"], ["did you mean illustrious"]),
        (["generate", TAGS, "--image", "missing.png"], ["missing.png", "does not exist"]),
        (["generate", TAGS, "--image", "../text.png"], ["text.png", "can't be read"]),
        (["generate", TAGS, "--denoise", "0.5"], ["--image"]),
        (["generate", TAGS, "--out", "../text.png"], ["text.png is a file", "--out"]),
        (["generate", TAGS, "--server", "ftp://x"], ["ftp://x", "http://127.0.0.1:8188"]),
        (["generate", TAGS, "--server", "http://[::1"], ["http://[::1", "http://127.0.0.1:8188"]),
        (["generate", TAGS, "--comfyui", "."], ["holds no ComfyUI", "main.py"]),
        (["server"], ["COMMAND"]),
        (["server", "restart"], ["restart"]),
        (["server", "start", "--port", "0"], ["1 and 65535"]),
        (["server", "start", "--port", "65536"], ["1 and 65535"]),
        (["server", "start", "--idle", "-1"], ["idle minutes"]),
        (["server", "start", "--idle", "nan"], ["idle minutes"]),
        (["server", "status", "--comfyui", "."], ["holds no ComfyUI"]),
        (["server", "logs", "--lines", "few"], ["--lines"]),
    ],
    ids=" ".join,
)
def test_bad_usage_ends_in_one_line_and_exit_code_2(refused, arguments, words):
    code, line, event = refused(*arguments)
    assert code == 2
    assert event["code"] == "usage"
    for word in words:
        assert word in line
        assert word in event["message"]


@pytest.mark.parametrize("minutes", ["soon", "10m", "-1", "nan"])
def test_a_setting_that_is_no_number_of_minutes_is_bad_usage(refused, monkeypatch, minutes):
    monkeypatch.setenv("TAGLOOM_IDLE", minutes)
    code, line, _ = refused("server", "start")
    assert code == 2
    assert minutes in line or "idle minutes" in line


def test_an_unreachable_server_ends_in_one_line_and_exit_code_4(refused):
    code, line, event = refused("generate", TAGS, *NOBODY, "--out", "out")
    assert (code, event["code"]) == (4, "server-unavailable")
    assert all(word in line for word in ("http://127.0.0.1:9", "--server", "TAGLOOM_SERVER"))


def test_the_server_may_stand_in_the_environment(refused, monkeypatch):
    monkeypatch.setenv("TAGLOOM_SERVER", "http://127.0.0.1:9")
    code, line, _ = refused("generate", TAGS)
    assert code == 4
    assert "http://127.0.0.1:9" in line


def test_the_request_is_checked_before_any_server_is_asked(refused):
    code, line, _ = refused("generate", TAGS, *NOBODY, "--sampler", "Euler b")
    assert code == 2
    assert "127.0.0.1:9" not in line


@pytest.mark.parametrize(("names", "wanted"), [(["a.ckpt", "b.ckpt"], []), (["a.ckpt"], ["--checkpoint", "zzz"])])
def test_an_unclear_checkpoint_lists_those_there(refused, serve, names, wanted):
    schema = {"CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [names, {}]}}}}
    routes = {"GET /system_stats": {"system": {"comfyui_version": "0"}}}
    server = serve({**routes, "GET /object_info/CheckpointLoaderSimple": schema})
    code, line, _ = refused("generate", TAGS, "--server", server.url, *wanted)
    assert code == 2
    assert all(word in line for word in names)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["generate", "server"]),
        (["generate", "--help"], ["20 to 40", "3 to 10", "Euler a", "DPM++2M SDE Karras", "tagloom_tiny"]),
        (["server", "--help"], ["start", "status", "stop", "logs"]),
        (["server", "start", "--help"], ["--port", "--idle"]),
        (["--version"], ["0.1.0"]),
    ],
)
def test_help(capsys, arguments, words):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    printed = capsys.readouterr()
    assert all(word in " ".join(printed.out.split()) for word in words)
    assert printed.err == ""


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("command", "words"), [("status", "not running"), ("stop", "it was not running"), ("logs", "")]
)
def test_without_a_server_there_is_nothing_to_stop_and_nothing_to_read(capsys, home, command, words):
    assert main(["server", command]) == 0
    printed = capsys.readouterr()
    assert words in printed.out
    assert printed.err == ""
    assert not home.exists()


@pytest.mark.embedded
def test_a_log_s_last_lines_are_printed(capsys):
    log = installations.embedded().log
    log.parent.mkdir(parents=True)
    log.write_text("a\nb\nc\n")
    assert main(["server", "logs", "--lines", "2"]) == 0
    assert capsys.readouterr().out == "b\nc\n"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/out/a.png"), 1, ["/out/a.png: No space left"]),
        (JobFailed("node 10 (KSampler) failed"), 1, ["node 10 (KSampler) failed"]),
        (RunnerError("no"), 1, ["no"]),
        (KeyboardInterrupt(), 130, ["cancelled"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_failures_have_exit_codes(refused, monkeypatch, error, code, words):
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(targets, "open_entry", fail)
    before = signal.getsignal(signal.SIGINT)
    try:
        found, line, _ = refused("generate", TAGS)
    finally:
        signal.signal(signal.SIGINT, before)
    assert found == code
    assert all(word in line for word in words)


COMMAND = ["generate", TAGS, "--out", "out", "--count", "2", "--seed", "7"]


def test_pictures_are_saved_with_all_that_made_them(capsys, fake_server):
    assert main([*COMMAND, "--size", "64x64", "--sampler", "DPM++2M SDE Karras", "--negative", "hat"]) == 0
    printed = capsys.readouterr()
    paths = [Path("out/00001-7.png"), Path("out/00002-8.png")]
    assert printed.out.splitlines() == [f"{path}  64x64  seed {seed}" for path, seed in zip(paths, (7, 8), strict=True)]
    (warning,) = printed.err.splitlines()
    assert warning.startswith("tagloom: warning: size 64x64 is unusual for Tagloom Tiny")
    with Image.open(paths[1]) as picture:
        texts = picture.text
    positive, negative, settings = texts["parameters"].split("\n")
    assert positive == f"masterpiece, best quality, very aesthetic, absurdres, {TAGS}"
    assert negative.startswith("Negative prompt: hat, ")
    assert settings.startswith("Steps: 20, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 4, Seed: 8, ")
    assert all(part in settings for part in ("Size: 64x64", "Model: tagloom-tiny", "Clip skip: 2"))
    graph, workflow = json.loads(texts["prompt"]), json.loads(texts["workflow"])
    assert not [node for node in graph.values() if node["class_type"].startswith("Tagloom")]
    assert [node["inputs"]["seed"] for node in graph.values() if node["class_type"] == "KSampler"] == [8]
    assert [node for node in workflow["nodes"] if node["type"] == "TagloomPromptEnhancer"]


def test_events_tell_the_same_as_the_lines(capsys, fake_server):
    assert main([*COMMAND, "--json", "--steps", "5"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    events = [json.loads(line) for line in printed.out.splitlines()]
    kinds = [event["type"] for event in events]
    told = [kind for kind in kinds if kind not in ("server-up", "job")]
    assert (told[:2], told[-1]) == (["warning", "plan"], "done")
    assert sorted(told[2:-1]) == ["image", "image", "progress", "progress"]  # one is fetched while the next is made
    assert [event["path"] for event in events if event["type"] == "image"] == [
        str(Path("out/00001-7.png")),
        str(Path("out/00002-8.png")),
    ]
    assert (events[-1]["images"], events[-1]["image_tokens"]) == (2, 2)


def test_an_unusual_setting_is_one_warning_line_and_no_error(capsys, fake_server):
    assert main([*COMMAND, "--steps", "4"]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("tagloom: warning: steps 4 ")


def test_an_interrupt_keeps_the_pictures_saved_before_and_nothing_half_written(capsys, fake_server):
    fake_server.interrupted_at, fake_server.waits_for = 1, Path("out/00001-7.png").absolute()
    before = signal.getsignal(signal.SIGINT)
    try:
        assert main(COMMAND) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err.startswith("tagloom: error: cancelled")
    assert [path.name for path in Path("out").iterdir()] == ["00001-7.png"]


def test_an_answer_that_is_no_picture_fails_the_job(capsys, fake_server):
    fake_server.png = b"<html>Bad gateway"
    assert main(COMMAND) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines].count("error") == 2
    assert all("gave something else as the picture" in line for line in lines)
    assert not Path("out").exists()


def test_a_dry_run_prints_the_first_picture_s_graph_and_sends_nothing(capsys, fake_server, make_png, tmp_path):
    (tmp_path / "base.png").write_bytes(make_png(64, 64))
    command = [*COMMAND, "--size", "832x1216", "--image", str(tmp_path / "base.png")]
    assert main([*command, "--dry-run"]) == 0
    foreseen = json.loads(capsys.readouterr().out)
    assert (fake_server.posted, fake_server.uploads, Path("out").exists()) == ([], [], False)
    assert main(command) == 0
    sent = next(graph for graph in fake_server.graphs if seeds(graph) == [7])
    assert '"tagloom/ID/base.png"' in comparable(foreseen)
    assert comparable(foreseen).replace("tagloom/ID/base.png", "base.png") == comparable(sent)  # it keeps no folders


def seeds(graph: dict[str, Any]) -> list[int]:
    return [node["inputs"]["seed"] for node in graph.values() if node["class_type"] == "KSampler"]


def comparable(graph: dict[str, Any]) -> str:
    """Return a graph without the ids of jobs."""
    return re.sub(r"tagloom/[0-9a-f-]{32,36}", "tagloom/ID", json.dumps(graph, sort_keys=True))
