"""`tagloom models convert`: what it prints, how it ends, and that `tagloom models` alone still lists."""

from __future__ import annotations

import json

import pytest

from tagloom.runner.cli import main

from .conftest import EVENTS
from .model_files import contents, tensors, write

NAME = "model.safetensors"


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    averages = {"model_ema.a": ("F32", (1,), bytes(4))}
    return write(tmp_path / NAME, tensors("sd15") | averages, {"format": "pt", "modelspec.title": "A title"})


def events(text: str) -> list[dict]:
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        EVENTS.validate(event)
    return found


def test_it_tells_what_it_made(file, capsys):
    assert main(["models", "convert", NAME, "folder"]) == 0
    told = capsys.readouterr()
    assert told.out == f"{NAME} -> folder (sd15, 368 tensors, a folder now)\n"
    left_out = "model_ema.* (1 tensors): the training's averages, for which a folder has no place"
    assert told.err == f"tagloom: warning: left out: {left_out}\n"
    assert main(["models", "convert", "folder", "second.safetensors"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("folder -> second.safetensors (sd15, 368 tensors, a single file now)\n", "")


@pytest.mark.parametrize("arguments", [["models", "convert", "--json"], ["models", "--json", "convert"]], ids=" ".join)
def test_json(file, capsys, arguments):
    assert main([*arguments, NAME, "folder"]) == 0
    warning, done = events(capsys.readouterr().out)
    assert (warning["type"], done["type"]) == ("warning", "model-converted")
    assert (done["architecture"], done["source"], done["destination"]) == ("sd15", NAME, "folder")
    assert done["left_out"] == [warning["message"].removeprefix("left out: ")]
    assert done["metadata"] == {"format": "pt", "modelspec.title": "A title"}


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["gone.safetensors", "x"], 2, "gone.safetensors does not exist"),
        ([NAME], 2, "the following arguments are required: DST; see tagloom models convert --help"),
        ([NAME, NAME], 2, "a single file becomes a folder"),
        ([NAME, "here"], 2, "here is there already; --force replaces it"),
        (["odd.safetensors", "x"], 1, "odd.safetensors: it looks like nothing known;"),
        ([NAME, "x", "--half"], 2, "--half is not understood"),
    ],
)
def test_errors(file, tmp_path, capsys, arguments, code, expected):
    (tmp_path / "here").mkdir()
    write(tmp_path / "odd.safetensors", {"\x1b[31mx": ("U8", (1,), b"x")})
    before = contents(tmp_path)
    assert main(["models", "convert", *arguments]) == code
    told = capsys.readouterr()
    assert told.out == "" and expected in told.err and told.err.count("\n") == 1
    assert "\x1b" not in told.err
    assert contents(tmp_path) == before
    assert main(["models", "convert", "--json", *arguments]) == code
    (event,) = events(capsys.readouterr().out)
    assert event["code"] == ("usage" if code == 2 else "model-conversion")


def test_ctrl_c(file, tmp_path, capsys, monkeypatch):
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tagloom.runner.conversion.tensor_files.os.fsync", stop)
    before = contents(tmp_path)
    assert main(["models", "convert", NAME, "folder"]) == 130
    assert contents(tmp_path) == before and not (tmp_path / "folder").exists()


def test_it_is_replaced_by_force(file, tmp_path, capsys):
    assert main(["models", "convert", NAME, "folder"]) == 0
    before = contents(tmp_path)
    assert main(["models", "convert", NAME, "folder", "--force"]) == 0
    assert contents(tmp_path) == before


def test_the_help_says_both(capsys):
    for arguments, expected in ((["models"], "convert"), (["models", "convert"], "single .safetensors file")):
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--help"])
        assert ended.value.code == 0
        assert expected in " ".join(capsys.readouterr().out.split())
