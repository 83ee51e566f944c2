"""Secrets never go into a file that somebody may get."""

from __future__ import annotations

import json

import pytest

from tagloom.prompt.pictures.containers import read_container
from tagloom.runner.outputs.names import read_template
from tagloom.runner.outputs.saving import Saving, plan_files, save
from tagloom.runner.outputs.secrets import REMOVED, secrets_in, text_without_secrets, without_secrets

from .saved_jobs import ended, fetched, picture

SECRET = "my very own secret"
KEY = "sk-abcdefghijklmnop1234"


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "apikey",
        "API_KEY",
        "openai_api_key",
        "api_key_comfy_org",
        "auth_token_comfy_org",
        "password",
        "hf_token",
        "civitai_token",
        "token",
        "client_secret",
        "Authorization",
        "access-token",
        "secret_key",
        "webhook_url",
    ],
)
def test_what_is_named_as_a_secret_is_removed(name):
    graph = {"1": {"class_type": "X", "inputs": {name: SECRET, "text": "a cat"}}}
    assert without_secrets(graph) == {"1": {"class_type": "X", "inputs": {name: REMOVED, "text": "a cat"}}}


@pytest.mark.parametrize(
    "inputs",
    [
        {"max_tokens": "500 or more"},
        {"token_normalization": "length+mean"},
        {"tokenizer": "some tokenizer"},
        {"stop_token": "<|endoftext|>"},
        {"text": "a monkey with a key, secret garden, password on a wall"},
        {"keyframes": "0:(1.0)"},
        {"api_key": "none"},
        {"seed": 5, "token": ["4", 0]},
        {"text": "standard bearer, flag bearer extraordinaryperson"},
    ],
)
def test_what_is_no_secret_stays(inputs):
    graph = {"1": {"class_type": "X", "inputs": inputs}}
    assert without_secrets(graph) == graph


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"use {KEY} here", f"use {REMOVED} here"),
        ("hf_" + "a" * 30, REMOVED),
        ("comfyui-" + "0a" * 32, REMOVED),
        ("https://user:pw@host/a.png", f"https://{REMOVED}@host/a.png"),
        ("https://host/a?token=abc&x=1", f"https://host/a?token={REMOVED}&x=1"),
        ("Bearer abcdefghij1234567890ab", REMOVED),
        (json.dumps({"a": {"api_key": SECRET}}), json.dumps({"a": {"api_key": REMOVED}})),
        ("{red|blue} cat, [1girl]", "{red|blue} cat, [1girl]"),
        ("https://host/a.png?width=5", "https://host/a.png?width=5"),
    ],
)
def test_what_looks_like_a_secret_is_removed(text, expected):
    assert text_without_secrets(text) == expected


@pytest.mark.parametrize(
    "piece", ["eyJ-aaaaaaaaaaaa", "bearer ", "bearer a", "?x-amz-", "?key", "sk-", "a://", "://", "[", "hf_-AIza"]
)
def test_long_texts_take_no_long_time(piece):
    """A hundred times as long as a workflow, in seconds at most: the time grows with the length, not faster."""
    assert text_without_secrets(piece * 500_000)


def test_a_workflow_has_its_secrets_without_names():
    """Widget values of the editor's workflow are a list; the graph tells which of them is the key."""
    graph = {"1": {"class_type": "X", "inputs": {"api_key": SECRET}}}
    workflow = {"nodes": [{"id": 1, "widgets_values": ["a", SECRET, f"prefix {SECRET}"]}]}
    stripped = without_secrets(workflow, secrets_in(graph))
    assert stripped["nodes"][0]["widgets_values"] == ["a", REMOVED, f"prefix {REMOVED}"]


def test_what_lies_too_deep_is_left_out():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert without_secrets({"a": deep})["a"] is not deep
    assert text_without_secrets("[" * 100_000).startswith("[[")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_no_secret_reaches_a_saved_file(tmp_path, kind):
    """Neither from what we write, nor from what the server wrote by itself, nor from its address."""
    graph = {"1": {"class_type": "X", "inputs": {"api_key": SECRET, "text": KEY}}}
    contents = picture(kind, **_written_by_the_server(kind, json.dumps(graph)))
    job = ended(
        fetched(tmp_path / "spool", contents),
        graph=graph,
        workflow={"nodes": [{"id": 1, "widgets_values": [SECRET]}]},
        parameters=f"a cat {SECRET}\nSteps: 4",
        values={"api_key": SECRET, "seed": 1},
        texts=(f"I know {SECRET}",),
    )
    saving = Saving(tmp_path / "out", read_template("{number}"), texts=True)
    shown = repr(plan_files(job, saving, 1))
    assert SECRET not in shown and "user:pw" not in shown
    saved = save(job, saving, 1)
    assert len(saved) == 2
    for file in saved:
        contents = file.path.read_bytes()
        found = str(read_container(contents).found) if file.kind == "images" else ""
        for secret in (SECRET, KEY, "user:pw", "http://"):
            assert secret.encode() not in contents
            assert secret.encode("utf-16-be") not in contents
            assert secret not in found
    found = read_container(saved[0].path.read_bytes()).found
    assert json.loads(found["prompt"])["1"]["inputs"] == {"api_key": REMOVED, "text": REMOVED}


def _written_by_the_server(kind: str, prompt: str) -> dict[str, object]:
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text("prompt", prompt, zip=True)
        info.add_text("other", f"note {KEY}")
        return {"pnginfo": info}
    from PIL import Image

    exif = Image.Exif()
    exif[0x0110] = f"prompt:{prompt}"
    return {"exif": exif}
