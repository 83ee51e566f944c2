"""`tagloom batch`: what it takes and refuses, what it tells, and how it goes on after an interruption."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tagloom.runner.batch import foreseen
from tagloom.runner.batch.journal import NAME, Journal
from tagloom.runner.batch.rows import Row
from tagloom.runner.cli import main

from .fault_server.server import Run
from .plain_workflow import OBJECT_INFO, plain_workflow


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a workflow in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.json").write_text(plain_workflow())
    return tmp_path


@pytest.fixture
def server(fault_server):
    server = fault_server()
    server.object_info = OBJECT_INFO
    return server


@pytest.fixture
def batch(server, folder, capsys):
    """Return a function that runs `tagloom batch` with the server: its exit code, its events, and what is wrong."""

    def batch(command, *arguments, at_server=True):
        where = ("--server", server.url) if at_server else ()
        code = main(["batch", command, "--json", *arguments, *where])
        events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        message = events[-1]["message"] if events and events[-1]["type"] == "error" else ""
        return code, events, message

    return batch


def colors(server):
    """Return the values of the jobs that the server did, in their order."""
    return [server.history[job]["prompt"][2]["1"]["inputs"] for job in server.posted if job in server.history]


def test_a_grid_over_a_table_runs_each_cell_once(batch, server, folder):
    (folder / "t.csv").write_text("color\n1\n2\n")
    code, events, _ = batch("run", "t.csv", "--workflow", "w.json", "--grid", "1.width=8,16", "height=8", "--out", "o")
    assert code == 0
    cells = sorted((cell["color"], cell["width"], cell["height"]) for cell in colors(server))
    assert cells == [(1, 8, 8), (1, 16, 8), (2, 8, 8), (2, 16, 8)]
    done = events[-1]
    assert (done["type"], done["jobs"], done["done"], done["files"]) == ("done", 4, 4, 4)
    assert [(folder / path).is_file() for path in (*done["sheet"], done["gallery"])] == [True, True]


def test_settings_fill_what_rows_leave_out(batch, server, folder):
    (folder / "b.yaml").write_text("workflow: w.json\ndefaults: {width: 8}\nrows: [{color: 1}, {color: 2, height: 24}]")
    assert batch("run", "b.yaml", "--set", "height=16", "--out", "o")[0] == 0
    assert [(cell["color"], cell["height"]) for cell in colors(server)] == [(1, 16), (2, 24)]


def test_the_files_are_named_by_a_template(batch, folder):
    assert batch("run", "--grid", "color=7,8", "--workflow", "w.json", "--out", "o", "--name", "c-{number:03}")[0] == 0
    assert sorted(path.name for path in (folder / "o").glob("c-*")) == ["c-001.png", "c-002.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing says what the jobs are"),
        (("t.csv", "--table", "t.csv"), "spec and table both say what the jobs are"),
        (("t.csv", "--count", "0"), "--count is 0"),
        (("t.csv", "--seed", "-1"), "--seed is -1"),
        (("t.csv", "--retries", "1000"), "--retries is 1000"),
        (("t.csv", "--grid", "cfg"), "write name=value,value"),
        (("t.csv", "--grid", "cfg=4,5", "--set", "cfg=8"), "cfg is in the grid and given besides"),
        (("t.csv", "--name", "../{number}"), "leads out of the folder"),
        (
            ("bad.csv",),
            "bad.csv line 3: there is no setting 'stebs'; did you mean steps? columns are positive, negative,",
        ),
        (("t.csv", "--set", "steps=many"), "t.csv line 2: steps 'many' is no whole number"),
        (("t.csv", "--set", "cfg=inf"), "t.csv line 2: cfg 'inf' is no number"),
        (("t.csv", "--set", "enhance=maybe"), "t.csv line 2: enhance 'maybe' is neither true nor false"),
        (("t.csv", "--set", "size=-1x5"), "t.csv line 2: "),
        (("t.csv", "--set", "image=/etc/passwd"), "t.csv line 2: base image /etc/passwd can't be read as a picture"),
        (("t.csv", "--set", "sampler=Oiler"), "t.csv line 2: "),
        (("p.txt",), "p.txt line 2: "),
        (("w.csv", "--workflow", "w.json"), "w.csv line 3: "),
        (("w.csv", "--workflow", "w.json", "--count", "2"), "no seed to count up"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_queued(batch, server, folder, arguments, message):
    (folder / "t.csv").write_text("positive\n1girl\n")
    (folder / "bad.csv").write_text("positive,stebs\n,\n1girl,4\n")
    (folder / "w.csv").write_text("color,colour\n1,\n1,5\n")
    (folder / "p.txt").write_text("1girl\n__nosuch__\n")
    code, _, said = batch("run", *arguments, "--out", "o")
    assert (code, message in said) == (2, True), said
    assert (server.posted, (folder / "o").exists()) == ([], False)


def test_a_hostile_table_writes_nowhere_else_and_shows_nothing(server, folder, capsys):
    """Names, paths and escapes of a table's cells stay where they are."""
    (folder / "t.jsonl").write_text(json.dumps({"color": 1, "filename_prefix": "../../evil\x1b[2J"}) + "\n")
    main(
        [
            "batch",
            "run",
            "t.jsonl",
            "--workflow",
            "w.json",
            "--out",
            "o",
            "--name",
            "{prefix}-{number}",
            "--server",
            server.url,
        ]
    )
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    outside = {path for path in folder.rglob("*") if path.is_file() and folder / "o" not in path.parents}
    assert {path.name for path in outside} == {"t.jsonl", "w.json"}
    assert not list(folder.parent.glob("evil*"))


def test_a_folder_that_holds_a_batch_is_left_alone(batch, server, folder):
    assert batch("run", "--grid", "color=1", "--workflow", "w.json", "--out", "o")[0] == 0
    code, _, said = batch("run", "--grid", "color=2", "--workflow", "w.json", "--out", "o")
    assert (code, said) == (
        2,
        "o holds a batch already; go on with: tagloom batch resume o, or choose another folder with --out",
    )
    assert len(server.posted) == 1


def test_failures_are_counted_listed_and_tried_again_when_asked(batch, server, folder):
    def odd_ones_fail(run: Run) -> None:
        run.begin()
        run.fail() if run.job.graph["1"]["inputs"]["color"] % 2 else run.end()

    server.behave = odd_ones_fail
    code, _, _ = batch("run", "--grid", "color=1,2,3", "--workflow", "w.json", "--out", "o")
    assert code == 3
    _, (status,), _ = batch("status", "o", at_server=False)
    assert {name: status[name] for name in ("jobs", "waiting", "open", "done", "failed")} == {
        "jobs": 3,
        "waiting": 0,
        "open": 0,
        "done": 1,
        "failed": 2,
    }
    assert [(failure["job"], failure["row"]) for failure in status["failures"]] == [
        ("1", "the batch, color='1'"),
        ("3", "the batch, color='3'"),
    ]
    assert batch("resume", "o")[0] == 3
    assert len(server.posted) == 3
    server.behave = Run.succeed
    assert batch("resume", "o", "--failed")[0] == 0
    assert len(server.posted) == 5
    assert len(list((folder / "o").glob("*.png"))) == 3 + 1


def test_status_and_report_of_what_is_no_batch(batch, folder):
    for command in ("status", "report", "resume"):
        code, _, said = batch(command, "o", at_server=command == "resume")
        assert (code, said) == (
            1,
            "o/batch.sqlite3 is missing; is o a batch's folder? Start one with tagloom batch run",
        )
    assert not (folder / "o").exists()


def test_a_report_is_written_anew(batch, folder):
    batch("run", "--grid", "color=1,2", "--workflow", "w.json", "--out", "o")
    (folder / "o" / "gallery.html").unlink()
    code, (told,), _ = batch("report", "o", at_server=False)
    assert (code, told["done"], (folder / "o" / "gallery.html").is_file()) == (0, 2, True)


def test_ctrl_c_takes_back_its_own_jobs_and_can_be_resumed(batch, server, folder):
    server.behave = slowly
    command = [sys.executable, "-m", "tagloom.runner", "batch", "run", "--grid", "color=1,2,3,4,5,6"]
    command += ["--workflow", "w.json", "--out", "o", "--server", server.url]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list((folder / "o").glob("00002*.png")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "go on with: tagloom batch resume o" in said
    assert (server.pending, server.running) == ([], None)
    with Journal.read(folder / "o" / NAME) as journal:
        assert 0 < journal.counts()["done"] < 6
    server.behave = Run.succeed
    assert batch("resume", "o")[0] == 0
    succeeded = [entry for entry in server.history.values() if entry["status"]["completed"]]
    assert sorted(entry["prompt"][2]["1"]["inputs"]["color"] for entry in succeeded) == [1, 2, 3, 4, 5, 6]
    assert len(list((folder / "o").glob("0*.png"))) == 6


def slowly(run: Run) -> None:
    run.begin()
    run.server.pause(0.2)
    run.end()


def test_a_dry_run_lists_the_jobs_and_leaves_nothing(folder, capsys, fake_server):
    (folder / "t.csv").write_text("positive,steps,seed\n1girl,,5\n1boy\x1b[2J,9,6\n")
    assert main(["batch", "run", "t.csv", "--count", "2", "--out", "o", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "4 jobs; nothing is queued",
        "  job 1 (t.csv line 2): positive='1girl', seed=5",
        "  job 2 (t.csv line 2): positive='1girl', seed=6",
        "  job 3 (t.csv line 3): positive='1boy\\x1b[2J', steps='9', seed=6",
        "  job 4 (t.csv line 3): positive='1boy\\x1b[2J', steps='9', seed=7",
    ]
    assert (fake_server.posted, (folder / "o").exists()) == ([], False)


def test_a_dry_run_shows_no_keys():
    told = foreseen.as_data([("1", Row({"color": 1, "12.api_key": "0123456789"}, "w.csv line 2"))], Path("o"))
    assert told["planned"] == [
        {"job": "1", "row": "w.csv line 2", "values": {"color": 1, "12.api_key": "[removed]"}},
    ]


def test_a_checkpoint_that_no_server_has_leaves_no_journal(folder, capsys, fake_server):
    """The mended table may have the same folder, whether or not the folder was there before."""
    command = ["batch", "run", "t.csv", "--out", "o"]
    (folder / "t.csv").write_text("positive,checkpoint\n1girl,nope.safetensors\n")
    assert main([*command, "--dry-run"]) == 5
    assert "t.csv line 2: " in capsys.readouterr().err
    assert main(command) == 5
    said = capsys.readouterr().err
    assert ("no server can do job 1" in said, "batch resume" in said) == (True, False)
    assert (fake_server.posted, (folder / "o").exists()) == ([], False)
    (folder / "t.csv").write_text("positive,checkpoint\n1girl,tagloom-tiny.safetensors\n")
    assert main(command) == 0


@pytest.mark.parametrize("is_posted", [False, True])
def test_only_a_batch_of_which_nothing_was_posted_can_be_dropped(folder, is_posted):
    (folder / "o").mkdir()
    with Journal.new(folder / "o" / NAME, [("1", Row({}, "a")), ("2", Row({}, "b"))], {}) as journal:
        if is_posted:
            journal.post("1", "server", "id")
        assert journal.drop_untouched() is not is_posted
    assert [path.name for path in folder.glob("o/*.sqlite3")] == [NAME] * is_posted
    assert (folder / "o").exists() is is_posted
