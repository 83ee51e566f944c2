"""Cases (k) and (l) of the acceptance list, and outputs that mean harm."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.runner.errors import OutputBroken, OutputMissing
from tagloom.runner.jobs.job import Outcome, State, new_id
from tagloom.runner.outputs import collect as collecting
from tagloom.runner.outputs.collect import collect, files_in, texts_in
from tagloom.runner.server.client import Client

from .following import end_of_one, job


def done(outputs: Any) -> Outcome:
    return Outcome("id", State.DONE, outputs)


def file(name: str, folder: str = "", kind: str = "output", **others: Any) -> dict[str, Any]:
    return {"filename": name, "subfolder": folder, "type": kind, **others}


@pytest.mark.parametrize("key", ["images", "gifs", "video", "videos", "audio", "3d", "latents", "my own"])
def test_a_file_is_found_under_any_key(fault_server, tmp_path, key):
    """Case (l): the only output is no picture."""
    server = fault_server(behave=lambda run: (run.begin(), run.end(run.make(key, node="7", ending="mp4"))))
    outcome = end_of_one(server.url, job("d9b2d63d-a233-4123-847a-7090c2a4f5b2"))
    (fetched,) = collect(Client(server.url), outcome, tmp_path).files
    assert (fetched.node, fetched.kind, fetched.kept) == ("7", key, True)
    assert fetched.name == "d9b2d63d-a233-4123-847a-7090c2a4f5b2_00001_.mp4"
    assert fetched.path.parent == tmp_path
    assert fetched.sha256 == hashlib.sha256(fetched.path.read_bytes()).hexdigest()


def test_texts_alone_are_an_output(fault_server, tmp_path):
    """Case (l): no files is no error."""
    outputs = {
        "3": {"text": ["one\x1b[2J", "two\nlines"]},
        "4": {"text": "three"},
        "5": {"animated": [True]},
        "6": None,
    }
    server = fault_server(behave=lambda run: (run.begin(), run.end(outputs)))
    outcome = end_of_one(server.url)
    assert collect(Client(server.url), outcome, tmp_path) == ((), ("one", "two\nlines", "three"))


def test_a_cached_job_whose_file_is_gone(fault_server, tmp_path):
    """Case (k): the history repeats the old name; under a new one the file is made again."""
    server, first = fault_server(), job()
    end_of_one(server.url, first)
    server.files.clear()
    again = end_of_one(server.url, replace(first, id=new_id()))
    with pytest.raises(OutputMissing) as caught:
        collect(Client(server.url), again, tmp_path)
    assert caught.value.code == "output-missing"
    assert list(tmp_path.iterdir()) == []
    assert collect(Client(server.url), end_of_one(server.url, job()), tmp_path).files


def test_files_in_all_places_once():
    outputs = {
        "1": {"images": [file("a.png"), file("a.png"), file("p.png", kind="temp"), file("in.png", kind="input")]},
        "2": {"gifs": [file("a.mp4", "x", format="video/h264-mp4")], "images": [file("a.mp4", "x")]},
        "3": {"nested": {"deep": [[{"more": file("b.glb")}]]}, "animated": [False], "number": 3},
        "4": ["not", "a", "dict"],
        "5": {"images": [{"filename": ""}, {"filename": 3}, {"name": "x"}, None]},
    }
    found = [(one.node, one.kind, one.entry["filename"]) for one in files_in(outputs)]
    assert found == [
        ("1", "images", "a.png"),
        ("1", "images", "p.png"),
        ("2", "gifs", "a.mp4"),
        ("3", "nested", "b.glb"),
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\x.png", "x.png"),
        ("/etc/cron.d/x", "x"),
        ("C:\\x.png", "x.png"),
        ("\x1b]0;mine\x07a.png", "a.png"),
        ("a\nb.png", "a b.png"),
        ("..", ".."),
    ],
)
def test_a_name_from_the_server_leads_nowhere(fault_server, tmp_path, name, told):
    """It is asked for as it is, told without folders, and never becomes a path of ours."""
    server, spool = fault_server(), tmp_path / "spool"
    spool.mkdir()
    server.files["output", "../..", name] = b"x"
    (fetched,) = collect(Client(server.url), done({"1": {"images": [file(name, "../..")]}}), spool).files
    assert fetched.name == told
    assert [fetched.path] == list(spool.iterdir())
    assert list(tmp_path.iterdir()) == [spool]


def test_of_a_job_with_a_missing_file_nothing_is_kept(fault_server, tmp_path):
    server = fault_server()
    server.files["output", "", "a.png"] = b"x"
    with pytest.raises(OutputMissing):
        collect(Client(server.url), done({"1": {"images": [file("a.png"), file("b.png")]}}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_too_many_files_or_too_long_names_are_refused(fault_server, tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "MOST_FILES", 2)
    server = fault_server()
    server.files = {("output", "", f"{number}.png"): b"x" for number in range(3)}
    for outputs in ([file(f"{number}.png") for number in range(3)], [file("x" * 2000)]):
        with pytest.raises(OutputBroken):
            collect(Client(server.url), done({"1": {"images": outputs}}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_more_than_the_limit_is_refused(fault_server, tmp_path):
    server = fault_server()
    server.files["output", "", "a.png"] = b"x" * 2000
    with pytest.raises(OutputBroken, match="more than 1000 bytes"):
        collect(Client(server.url), done({"1": {"images": [file("a.png")]}}), tmp_path, limit=1000)


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["filename", "type", "text", "x"]), inner)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=3), ANYTHING))
def test_outputs_of_any_shape_are_read(outputs):
    assert all(isinstance(one.entry["filename"], str) for one in files_in(outputs))
    assert all(isinstance(text, str) for text in texts_in(outputs))
