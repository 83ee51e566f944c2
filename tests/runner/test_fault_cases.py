"""Section 8's cases (a) to (q), from the command line to the journal: how each job, its postings and the command end.

A line as "done: lost job-lost, done" is a job in the journal, with its state and code, and after the colon those of its
postings. `test_session_faults.py` and its neighbours look closer at one session; `test_fault_cancels.py` has (r), (s).
All of it is the fault server's imitation of ComfyUI 0.3.75, whose events were recorded; what is not even that says so.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from PIL import Image

from tagloom.runner.jobs import session

from .fault_server import FaultServer, Run
from .fault_server.refusals import REFUSALS
from .faults import (
    Everywhere,
    always,
    answering,
    cached_and_gone,
    first,
    gone,
    interrupted,
    killed,
    muted,
    never_recorded,
    proxied,
    restarted,
    stuck,
    taken_in_silence,
    unheard,
    without_proxy,
    works_again,
)
from .faulty_batches import FaultyBatch, hasten, wait_for
from .following import QUICK
from .plain_workflow import OBJECT_INFO
from .test_clock import Hands
from .test_session_frames import noise

HTML = (200, "text/html", b"<html>Welcome to nginx!")
KEY = (401, "text/html", b"<html>who are you?")


@pytest.fixture
def batch(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    hasten(monkeypatch)
    return FaultyBatch(tmp_path, capsys)


@pytest.fixture
def start(fault_server):
    """Return a function that starts a server with a fault."""

    def start(fault: Callable[[FaultServer], Any] = lambda server: None) -> FaultServer:
        server = fault_server()
        server.object_info = OBJECT_INFO
        fault(server)
        return server

    return start


class Case(NamedTuple):
    """A fault, and how it ends.

    Attributes:
        fault: what sets the server up.
        line: the job's, in the journal.
        code: the exit code.
        posts: how often a job was posted, whether or not the server took it.
        waits: a session's times that are other than usual.
        mended: what mends the server, after which `batch resume` does the job.
        more: arguments.
    """

    fault: Callable[[FaultServer], None]
    line: str
    code: int = 0
    posts: int = 1
    waits: dict[str, Any] = {}
    mended: Callable[[FaultServer], None] | None = None
    more: tuple[str, ...] = ()


OOM = {"exception_type": "torch.OutOfMemoryError", "exception_message": "Allocation on device 0"}
LEAVING = {"waits": QUICK.waits._replace(leaving=0.2)}
UNREACHED = "waiting: lost server-unavailable"
CASES = {
    "a at once": Case(always(lambda run: (run.begin(), run.end())), "done: done"),
    "a after 50 ms": Case(always(lambda run: (run.begin(), run.end(late=0.05))), "done: done"),
    "a after 1 s": Case(always(lambda run: (run.begin(), run.end(late=1.0))), "done: done"),
    "a never, once": Case(first(never_recorded), "done: lost no-result, done", posts=2, waits=LEAVING),
    "a never": Case(always(never_recorded), "lost no-result: lost no-result, lost no-result", 1, 2, LEAVING),
    "b": Case(unheard, "done: done", waits={"look": (50.0, 50.0), "blind": (50.0, 50.0)}),
    "c": Case(always(lambda run: (run.begin(), run.server.drop(), run.end(tell=False))), "done: done"),
    "d": Case(always(muted), "done: done"),
    "e": Case(first(killed), "done: lost job-lost, done", posts=2),
    "e by the job": Case(always(killed), "lost job-lost: lost job-lost, lost job-lost", 4, 2),
    "e for good": Case(always(gone), UNREACHED, 4, 1, {"patience": 0.3}, restarted),
    "f": Case(always(stuck), "waiting: lost server-stuck", 4, 1, {"silence": 0.8}, works_again),
    "g no answer": Case(answering("POST /prompt", taken_in_silence("drop"), 1), "done: done"),
    "g 504": Case(answering("POST /prompt", taken_in_silence((504, "text/html", b"<html>")), 1), "done: done"),
    "g never arrived": Case(answering("POST /prompt", "drop", 1), "done: lost post-unanswered, done", posts=2),
    "h": Case(answering("POST /prompt", taken_in_silence("partly")), "failed partly-refused: failed partly-refused", 1),
    "h accepted": Case(
        answering("POST /prompt", taken_in_silence("partly")),
        "partial partly-refused: partial partly-refused",
        3,
        more=("--partial",),
    ),
    "j error": Case(always(lambda run: (run.begin("failure"), run.fail())), "failed job-failed: failed job-failed", 1),
    "j memory": Case(
        always(lambda run: (run.begin(), run.fail(**OOM))), "failed out-of-memory: failed out-of-memory", 1
    ),
    "j interrupted": Case(always(interrupted), "cancelled interrupted: cancelled interrupted", 1),
    "k": Case(first(cached_and_gone), "done: failed output-missing, done", posts=2),
    "k again": Case(
        always(cached_and_gone), "failed output-missing: failed output-missing, failed output-missing", 1, 2
    ),
    "m": Case(always(noise), "done: done"),
    "p 401": Case(proxied(KEY), "waiting: lost unauthorized", 4, 1, {"patience": 0.3}, without_proxy),
    "p 403": Case(
        proxied((403, "text/plain", b"no")), "waiting: lost unauthorized", 4, 1, {"patience": 0.3}, without_proxy
    ),
    "p 302": Case(
        proxied((302, "text/html", b"", {"Location": "https://sign.example/in"})),
        "waiting: lost not-comfyui",
        4,
        1,
        {"patience": 0.3},
        without_proxy,
    ),
    "p html": Case(proxied(HTML), "waiting: lost not-comfyui", 4, 1, {"patience": 0.3}, without_proxy),
    "p 503": Case(proxied((503, "text/html", b"<html>")), UNREACHED, 4, 1, {"patience": 0.3}, without_proxy),
    "p 401 when posted": Case(answering("POST /prompt", KEY, 1), "done: lost unauthorized, done", posts=2),
    "p html when posted": Case(answering("POST /prompt", HTML, 1), "done: lost post-unanswered, done", posts=2),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case_on_one_server(batch, start, monkeypatch, name):
    case = CASES[name]
    hasten(monkeypatch, **case.waits, **({"giving_up": 0.3} if case.mended else {}))
    server = start(case.fault)
    left = batch.run(server, more=case.more)
    assert (left.code, left.lines) == (case.code, [case.line]), left.message
    assert server.asked.count("POST /prompt") == case.posts
    assert len(set(server.posted)) == len(server.posted)
    assert len(left.files) == case.line.startswith(("done", "partial"))
    if case.line.startswith("done"):
        assert left.attempts[0][-1].job_id in server.done
    if case.mended:
        case.mended(server)
        hasten(monkeypatch)
        left = batch.resume(server)
        assert (left.code, left.lines, len(left.files)) == (0, [f"{case.line}, done".replace("waiting", "done")], 1)
        assert len(set(server.posted)) == len(server.posted) == 2


def test_a_case_among_other_jobs_is_exit_code_3(batch, start):
    """Any of them: the others go on."""
    server = start(first(Run.succeed, lambda run: (run.begin("failure"), run.fail())))
    left = batch.run(server, jobs=3)
    assert (left.code, left.lines) == (3, ["done: done", "failed job-failed: failed job-failed", "done: done"])
    assert (len(left.files), len(server.posted)) == (2, 3)


def test_f_the_jobs_of_a_server_that_does_not_work_move_to_another(batch, start, monkeypatch):
    """It is given nothing more, though there is more to do when it is found out."""
    hasten(monkeypatch, silence=0.8)
    zombie, other = start(always(stuck)), start(always(lambda run: (run.begin(), run.server.pause(0.3), run.end())))
    left = batch.run(zombie, other, jobs=6)
    moved = [tried for tried in left.attempts if len(tried) == 2]
    assert (left.code, len(left.files), len(moved)) == (0, 6, 1)
    assert set(left.lines) == {"done: done", "done: lost server-stuck, done"}
    names = [server.url.partition("//")[2] for server in (zombie, other)]
    assert [[attempt.server for attempt in tried] for tried in moved] == [names] * len(moved)
    assert zombie.posted == [tried[0].job_id for tried in moved]
    assert sorted(other.done) == sorted(tried[-1].job_id for tried in left.attempts)


def test_h_what_the_server_took_of_a_job_is_taken_back(batch, start):
    """Out of the queue, or while it runs; else it would work for ever."""
    server = start(answering("POST /prompt", taken_in_silence("partly")))
    server.behave = stuck
    assert batch.run(server).lines == ["failed partly-refused: failed partly-refused"]
    wait_for(lambda: server.running is None and not server.pending)
    assert len(server.posted) == 1


def test_i_each_refusal_fails_its_job_without_another_try(batch, start):
    """Those that 0.3.75 was recorded to give; those of 0.33 are made up by what is known of its source."""

    def refused(server: FaultServer, body: bytes) -> Any:
        color = json.loads(body)["prompt"]["1"]["inputs"]["color"]
        return 400, "application/json", json.dumps(REFUSALS[color - 1][1]).encode()

    server = start(answering("POST /prompt", refused))
    left = batch.run(server, jobs=len(REFUSALS))
    assert (left.code, left.lines) == (1, ["failed job-refused: failed job-refused"] * len(REFUSALS))
    assert (server.asked.count("POST /prompt"), server.posted, left.files) == (len(REFUSALS), [], [])


@pytest.mark.parametrize(
    ("fault", "line", "code"),
    [
        (lambda server: None, "done: failed out-of-memory, done", 0),
        (
            always(lambda run: (run.begin(), run.fail(**OOM))),
            "failed out-of-memory: failed out-of-memory, failed out-of-memory",
            1,
        ),
    ],
    ids=["that has enough", "that has none either"],
)
def test_j_a_job_that_needs_more_memory_goes_to_another_server(batch, start, fault, line, code):
    small, other = start(always(lambda run: (run.begin(), run.fail(**OOM)))), start(fault)
    left = batch.run(small, other)
    assert (left.code, left.lines, len(left.files)) == (code, [line], 1 - code)
    assert (len(small.posted), len(other.posted)) == (1, 1)


def test_k_what_is_run_again_has_a_prefix_of_its_own(batch, start):
    server, seen = start(), []
    turns = iter([cached_and_gone])
    server.behave = lambda run: (seen.append(run.job.graph["2"]["inputs"]), next(turns, Run.succeed)(run))
    assert batch.run(server).code == 0
    assert len({inputs["filename_prefix"] for inputs in seen}) == 2


CONTENTS = {
    "gifs": ("gif", b""),
    "video": ("mp4", b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\1" * 99),
    "audio": ("flac", b"fLaC" + b"\2" * 99),
}


def test_l_outputs_of_every_kind_are_saved(batch, start):
    """Under whatever key they stand; a job whose only output is a text has that as its file."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "GIF")

    def behave(run: Run) -> None:
        run.begin()
        color = run.job.graph["1"]["inputs"]["color"]
        if color > len(CONTENTS):
            run.end({"2": {"text": ["nothing but words"]}})
            return
        kind, (ending, contents) = list(CONTENTS.items())[color - 1]
        outputs = run.make(kind, ending=ending)
        (file,) = outputs["2"][kind]
        run.server.files["output", file["subfolder"], file["filename"]] = contents or picture.getvalue()
        run.end(outputs)

    left = batch.run(start(always(behave)), jobs=4)
    assert (left.code, left.lines) == (0, ["done: done"] * 4)
    assert [path.suffix for path in left.files] == [".gif", ".mp4", ".flac", ".txt"]
    assert left.files[-1].read_text().strip() == "nothing but words"
    assert [path.read_bytes() for path in left.files[1:3]] == [CONTENTS["video"][1], CONTENTS["audio"][1]]


@pytest.mark.parametrize(
    ("wall", "steady"),
    [(8 * 3600, 0), (8 * 3600, 8 * 3600), (-3600, 0)],
    ids=["n asleep", "n asleep, by both clocks", "o set back"],
)
def test_n_o_a_job_outlives_a_jump_of_the_clocks(batch, start, monkeypatch, wall, steady):
    """No event tells of its end, and nothing would be asked for long: the jump itself is what makes it be asked."""
    hands = Hands()
    hasten(monkeypatch, silence=60, idle=60, patience=60, look=(50, 50))
    monkeypatch.setattr(session, "Clock", hands.clock)  # as a session makes one for itself

    def behave(run: Run) -> None:
        run.begin()
        wait_for(lambda: batch.stands() == {"running": 1}, run.server.pause)
        run.end(tell=False)
        run.server.pause(0.2)
        hands.wall, hands.steady = wall, steady

    server, started = start(always(behave)), time.monotonic()
    left = batch.run(server)
    assert (left.code, left.lines, len(left.files), len(server.posted)) == (0, ["done: done"], 1, 1)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (KEY, "unauthorized"),
        ((403, "text/plain", b"no"), "unauthorized"),
        ((302, "text/html", b"", {"Location": "https://sign.example/in"}), "not-comfyui"),
        (HTML, "not-comfyui"),
        ((503, "text/html", b"<html>"), "server-unavailable"),
    ],
    ids=["401", "403", "302", "html", "503"],
)
def test_p_a_proxy_that_was_there_before_leaves_no_batch(batch, start, answer, code):
    server = start(lambda server: setattr(server, "answers", Everywhere(answer)))
    left = batch.run(server)
    assert (left.code, left.events[-1]["code"], left.lines) == (4, code, [])
    assert server.posted == []


def test_q_the_name_that_the_server_gives_an_upload_is_the_one_that_is_used(batch, start, tmp_path, make_png):
    """There is another file of its name already."""
    load = {"image": [["example.png"], {"image_upload": True}]}
    server = start()
    server.object_info = OBJECT_INFO | {
        "LoadImage": {**OBJECT_INFO["EmptyImage"], "input": {"required": load}, "input_order": {"required": ["image"]}}
    }
    stored = {"name": "photo (1).png", "subfolder": "elsewhere", "type": "input"}
    server.answers["POST /upload/image"] = (200, "application/json", json.dumps(stored).encode())
    (tmp_path / "photo.png").write_bytes(make_png())
    graph = json.loads((tmp_path / "w.json").read_text())
    graph["1"] = {"class_type": "LoadImage", "inputs": {"image": "example.png"}}
    (tmp_path / "w.json").write_text(json.dumps(graph))
    left = batch.command("run", "--workflow", "w.json", "--grid", "1.image=photo.png", "--out", "o", at=(server,))
    assert (left.code, left.lines, len(left.files)) == (0, ["done: done"], 1)
    (entry,) = server.history.values()
    assert entry["prompt"][2]["1"]["inputs"]["image"] == "elsewhere/photo (1).png"
    assert server.asked.count("POST /upload/image") == 1
