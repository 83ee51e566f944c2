from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.runner.jobs import frames
from tagloom.runner.jobs.frames import ALIVE, NOTHING, Frame, read_frame
from tagloom.runner.jobs.states import Hint, Hinted

from .fault_server.server import RECORDED

URL = "http://test:8188"
JPEG = b"\xff\xd8\xff rest"


def event(kind: str, **data: Any) -> str:
    return json.dumps({"type": kind, "data": data})


def preview(about: Any, image: bytes = JPEG) -> bytes:
    told = about if isinstance(about, bytes) else json.dumps(about).encode()
    return struct.pack(">II", 4, len(told)) + told + image


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (event("status", status={}), Frame(queue=True)),
        (event("execution_start", prompt_id="a"), Frame("a", Hinted(Hint.RUNS))),
        (event("executing", prompt_id="a", node="3"), Frame("a", Hinted(Hint.RUNS))),
        (event("executing", prompt_id="a", node=None), Frame("a", Hinted(Hint.LEAVES), written=True)),
        (event("execution_success", prompt_id="a"), Frame("a", Hinted(Hint.LEAVES))),
        (event("execution_error", prompt_id="a"), Frame("a", Hinted(Hint.LEAVES))),
        (event("execution_interrupted", prompt_id="a"), Frame("a", Hinted(Hint.LEAVES))),
        (event("progress", prompt_id="a", value=1, max=4, node="3"), Frame("a", Hinted(Hint.RUNS), (("3", 1, 4),))),
        (event("progress", prompt_id="a", value=1.7, max=4, node=3), Frame("a", Hinted(Hint.RUNS), (("3", 1, 4),))),
        (event("progress", prompt_id="a", value=5, max=4, node="3"), Frame("a", Hinted(Hint.RUNS))),
        (event("progress", prompt_id="a", value=float("nan"), max=4), Frame("a", Hinted(Hint.RUNS))),
        (event("executed", prompt_id="a", output=None), Frame("a", Hinted(Hint.RUNS))),
        (event("executing", prompt_id=["a"], node="3"), NOTHING),
        (event("crystools.monitor", prompt_id="a"), NOTHING),
        ("[]", NOTHING),
        ("{", NOTHING),
        ("[" * 100_000, NOTHING),
        (struct.pack(">II", 1, 1) + JPEG, Frame(preview=("", JPEG))),
        (preview({"prompt_id": "a", "node_id": "3"}), Frame("a", preview=("3", JPEG))),
        (preview([]), Frame(preview=("", JPEG))),
        (preview(b"{"), NOTHING),
        (preview({}, b"<html>"), NOTHING),
        (struct.pack(">II", 3, 1) + b"3text", NOTHING),
        (struct.pack(">II", 9, 1) + JPEG, NOTHING),
        (b"\0\0\0", NOTHING),
    ],
)
def test_messages(message, expected):
    assert read_frame(message, URL) == expected


def test_a_list_of_all_nodes_is_read_only_where_that_is_wanted(monkeypatch):
    """They are most of what a server sends: 9 MB for 300 nodes and 30 steps."""
    nodes = {"1": {"value": 3, "max": 9, "state": "running"}, "2": {"value": 9, "max": 9, "state": "finished"}, "3": 1}
    message = event("progress_state", prompt_id="a", nodes=nodes)
    assert read_frame(message, URL, whole_progress=True) == Frame("a", Hinted(Hint.RUNS), (("1", 3, 9),))
    monkeypatch.setattr(frames.json, "loads", None)
    assert read_frame(message, URL) == ALIVE


def test_what_comfyui_sent_tells_a_job_s_steps_and_its_end():
    """The recording begins its lists of nodes as they are recognised, and ends after the history was written."""
    told = [read_frame(json.dumps(frame), URL) for frame in RECORDED["sampler"]["frames"]]
    assert [step for frame in told for step in frame.steps] == [("4", 1, 2), ("4", 2, 2)]
    assert told[-1] == Frame("JOB", Hinted(Hint.LEAVES), written=True)
    assert told.count(ALIVE) > 5


@given(st.binary() | st.text() | st.binary().map(lambda rest: b"\0\0\0\4" + rest))
def test_nothing_that_is_sent_raises(message):
    assert isinstance(read_frame(message, URL), Frame)
