"""The evaluation as a command, on the real server: small, interrupted, and gone on with."""

import json

import pytest
import requests
from PIL import Image

from tagloom.tiny.evaluation import command, making, questions
from tagloom.tiny.evaluation.table import END, START

FEW = 24


@pytest.fixture
def few_composed(monkeypatch):
    """The shipped questions, with fewer composed pictures to compare with."""
    whole = questions.read_questions

    def few(path=questions.FILE):
        return whole(path)._replace(learned=FEW, checked=FEW)

    monkeypatch.setattr(questions, "read_questions", few)


def done(server) -> int:
    history = requests.get(f"{server.url}/history", timeout=60).json().values()
    return sum(entry["status"]["completed"] for entry in history)


def test_an_interrupted_evaluation_goes_on_and_makes_each_picture_once(
    server, few_composed, tmp_path, monkeypatch, capsys
):
    """Two seeds of the hats' prompts: four pictures, interrupted after the first."""
    readme = tmp_path / "README.md"
    readme.write_text(f"{START}\n{END}\n", encoding="utf-8")
    given = ["--output", str(tmp_path / "out"), "--seeds", "2", "--only", "hat", "--readme", str(readme)]
    before = done(server)
    with monkeypatch.context() as patch:
        run_tasks = making.run_tasks

        def interrupted(*arguments):
            for event in run_tasks(*arguments):
                yield event
                if isinstance(event, making.JobEnded):
                    raise KeyboardInterrupt

        patch.setattr(making, "run_tasks", interrupted)
        assert command.main(given) == 130
    assert not (tmp_path / "out" / "results.json").exists()
    assert command.main(given) == 0
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert done(server) - before == results["pictures"] == 4
    assert {one["file"] for one in results["each"]} == {
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out" / "pictures").glob("*.png")
    }
    assert set(results["groups"]) == {"hat"}
    assert len(results["sha256"]) == 64
    assert (results["settings"]["steps"], results["settings"]["sampler"]) == (20, "euler_ancestral")
    table = (tmp_path / "out" / "table.md").read_text(encoding="utf-8")
    assert table.strip() in readme.read_text(encoding="utf-8")
    assert "| Hat | `hijab` |" in table
    with Image.open(tmp_path / "out" / "sheet.jpg") as sheet:
        assert sheet.width == 1600
    capsys.readouterr()
    assert command.main([*given, "--checkpoint", "other"]) == 1
    assert "other questions" in capsys.readouterr().err


def test_an_unknown_part_is_refused_before_a_server_starts(tmp_path, capsys):
    assert command.main(["--output", str(tmp_path), "--only", "shoes"]) == 1
    assert "there is no shoes; there are hair colour" in capsys.readouterr().err
