"""Workflows as files: JSON in either format, wrapped, or inside a picture."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from tagloom.prompt.pictures.files import picture_file
from tagloom.runner.errors import WorkflowError
from tagloom.runner.graph import reading
from tagloom.runner.graph.reading import load

UI = {"nodes": [{"id": 1, "type": "Note"}], "links": []}
NODE = {"class_type": "CLIPTextEncode", "inputs": {"text": "a"}, "_meta": {"title": "T"}}
API = {"1": NODE}


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and returns its path."""

    def write(contents, name="w.json"):
        path = tmp_path / name
        path.write_bytes(contents if isinstance(contents, bytes) else json.dumps(contents).encode())
        return path

    return write


@pytest.mark.parametrize(
    ("contents", "kind", "data"),
    [
        (UI, "ui", UI),
        (API, "api", API),
        ({"prompt": API, "client_id": "x"}, "api", API),
        ({"prompt": API, "extra_data": {"extra_pnginfo": {"workflow": UI}}}, "api", API),
        ({"workflow": UI}, "ui", UI),
        ({**API, "_meta": {"title": "mine"}}, "api", API),
        ({**API, "extraMetadata": "{}"}, "api", API),
        (b"\xef\xbb\xbf" + json.dumps(API).encode(), "api", API),
        (json.dumps(UI).encode("utf-16"), "ui", UI),
        (b'{"nodes": [{"x": NaN}], "links": []}', "ui", {"nodes": [{"x": None}], "links": []}),
    ],
)
def test_a_file_is_read(file, contents, kind, data):
    document = load(file(contents))
    assert (document.kind, document.data, document.source) == (kind, data, "w.json")


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"prompt": json.dumps(API), "workflow": json.dumps(UI)}, ("ui", UI)),
        ({"prompt": json.dumps(API)}, ("api", API)),
        ({"prompt": json.dumps(API), "workflow": "{broken"}, ("api", API)),
    ],
)
def test_a_picture_s_workflow_is_read(file, kind, texts, expected):
    contents = picture_file(Image.new("RGB", (16, 16)), kind, 90, texts).contents
    document = load(file(contents, f"p.{kind}"))
    assert (document.kind, document.data) == expected
    assert document.source.startswith(f"p.{kind} (")


def plain_png() -> bytes:
    contents = io.BytesIO()
    Image.new("RGB", (8, 8)).save(contents, "PNG")
    return contents.getvalue()


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\x00\xff", "neither JSON"),
        ([], "no ComfyUI workflow"),
        ({}, "no ComfyUI workflow"),
        ({"prompt": {"a": 1}}, "no ComfyUI workflow"),
        ({"nodes": 5}, "no ComfyUI workflow"),
        ({**API, "2": {"inputs": {}}}, "node 2"),
        (b"[" * 100_000, "deeply"),
        (b"[" * 300 + b"]" * 300, "deeply"),
        (plain_png(), "carries no workflow"),
        (plain_png()[:40], "cut off"),
        (picture_file(Image.new("RGB", (8, 8)), "png", 90, {"workflow": "{broken"}).contents, "no JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_workflow_is_refused_in_one_line(file, contents, words):
    with pytest.raises(WorkflowError) as caught:
        load(file(contents))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(WorkflowError, match=r"none\.json can't be read: No such file"):
        load(tmp_path / "none.json")
    with pytest.raises(WorkflowError, match="can't be read"):
        load(tmp_path)


def test_a_file_that_is_too_large(file, monkeypatch):
    """No more of it is read than may be."""
    monkeypatch.setattr(reading, "LARGEST_JSON", 1024 * 1024)
    with pytest.raises(WorkflowError, match="larger than 1 MB"):
        load(file(b" " * (1024 * 1024 + 1)))
