"""`tagloom read ...`: in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL.PngImagePlugin import PngInfo

from tagloom.prompt import Size, convert, read_picture
from tagloom.prompt.pictures import reading_of
from tagloom.prompt.pictures.files import with_texts
from tagloom.prompt.pictures.writing import parameters_text
from tagloom.runner.cli import main

SETTINGS = {"Steps": 28, "Sampler": "Euler a", "CFG scale": "5", "Seed": 4, "Size": "832x1216", "Model": "a, b"}


@pytest.fixture
def picture(tmp_path, make_png):
    """Return a function that saves a picture with this prompt by the runner's own code."""

    def save(prompt: str, negative: str = "", name: str = "a.png"):
        path = tmp_path / name
        path.write_bytes(with_texts(make_png(), {"parameters": parameters_text(prompt, negative, SETTINGS)}))
        return str(path)

    return save


def test_a_picture_in_words(ask, picture):
    path = picture("1girl,\n((fox))", "bad")
    told = ask("read", path)
    assert (told.code, told.notes) == (0, "")
    assert told.text == (
        f"{path}: made by A1111 or a program like it\n\n"
        "Prompt (a1111):\n1girl,\n((fox))\n\n"
        "Negative prompt:\nbad\n\n"
        "Steps: 28\nSampler: Euler a\nCFG scale: 5\nSeed: 4\nSize: 832x1216\nModel: a, b\n\n"
    )


def test_a_picture_as_data(ask, picture):
    path = picture("1girl", "bad")
    event = ask("read", path).event
    assert (event.pop("type"), event.pop("path")) == ("picture", path)
    assert event == json.loads(json.dumps(read_picture(Path(path)).as_dict()))
    assert event["settings"]["size"] == {"width": 832, "height": 1216}


def test_the_prompts_in_another_dialect(ask, picture):
    path = picture("((fox)), <lora:x:1>", "[smoke]")
    told = ask("read", path, "--dialect", "comfyui")
    assert (told.event["dialect"], told.event["negative"]) == ("comfyui", convert("[smoke]", "a1111", "comfyui").text)
    assert told.event["prompt"] == convert("((fox)), <lora:x:1>", "a1111", "comfyui").text
    assert "(fox:1.21)" in told.text
    assert f"{path}: prompt: " in told.notes
    assert "lora" in told.notes.casefold()


def test_a_failure_does_not_stop_the_others(capsys, picture, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    paths = [picture("one", name="1.png"), str(bad), str(tmp_path / "none.png"), picture("two", name="2.png")]
    assert main(["read", *paths]) == 1
    told = capsys.readouterr()
    assert told.out.count("made by") == 2
    first, second = told.err.splitlines()
    assert first.startswith(f"tagloom: error: {bad}: this is no picture")
    assert second.startswith(f"tagloom: error: {tmp_path / 'none.png'}: the file can't be read: No such file")
    assert main(["read", "--json", *paths]) == 1
    printed = capsys.readouterr()
    assert printed.err == ""
    events = [json.loads(line) for line in printed.out.splitlines()]
    assert [event["type"] for event in events] == ["picture", "error", "error", "picture"]


def test_a_picture_without_settings_is_no_failure(ask, tmp_path, make_png):
    path = tmp_path / "a.png"
    path.write_bytes(make_png(pnginfo=PngInfo()))
    told = ask("read", str(path))
    assert (told.code, told.text) == (0, f"{path}: made by an unknown program\n\n")
    assert "no settings are written in this picture" in told.notes


def test_no_picture_given_is_bad_usage(capsys):
    assert main(["read"]) == 2
    assert "IMAGE" in capsys.readouterr().err


@pytest.mark.parametrize("dialect", ["a1111", "novelai3"])
def test_what_tagloom_makes_is_read_back(capsys, tmp_path, fake_server, monkeypatch, dialect):
    """The same prompts and settings as the graph that made the picture."""
    monkeypatch.chdir(tmp_path)
    text = ["(1girl:1.3), fox girl, (smile, hat)", "{{1girl}}, fox girl, [smile]"][dialect == "novelai3"]
    options = ["--no-enhance", "--family", "illustrious", "--checkpoint", "x/tagloom-tiny", "--dialect", dialect]
    options += ["--steps", "11", "--cfg", "4.5", "--sampler", "DPM++ 2M Karras", "--seed", "7", "--size", "832x1216"]
    assert main(["generate", text, "--negative", "bad, ((worse))", *options]) == 0, capsys.readouterr().err
    (path,) = (tmp_path / "output").iterdir()
    reading = read_picture(path)
    (graph,) = fake_server.graphs
    encoded = [node["inputs"]["text"] for node in graph.values() if node["class_type"] == "CLIPTextEncode"]
    read = {convert(text, "a1111", "comfyui").text for text in (reading.prompt, reading.negative)}
    assert read == set(encoded)
    settings = reading.settings
    assert (reading.source, reading.dialect, reading.remarks) == ("comfyui", "a1111", ())
    assert (settings.steps, settings.cfg, settings.seed, settings.size) == (11, 4.5, 7, Size(832, 1216))
    assert (settings.sampler, settings.scheduler, settings.clip_skip) == ("DPM++ 2M", "Karras", 2)
    without = reading_of({"prompt": reading.texts["prompt"]})  # as the editor saves it
    assert (without.settings.steps, without.settings.cfg, without.settings.seed) == (11, 4.5, 7)
    assert (without.settings.sampler, without.settings.scheduler) == ("dpmpp_2m", "karras")
    assert without.settings.size == Size(832, 1216)
    assert (without.dialect, {without.prompt, without.negative}) == ("comfyui", set(encoded))
