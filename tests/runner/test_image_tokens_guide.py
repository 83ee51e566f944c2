"""The guide to image tokens is true: its commands are run, and print what it shows; its examples work."""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
from pathlib import Path

import pytest

from tagloom.runner.cli import main
from tagloom.wallet import plans

GUIDE = (Path(__file__).parents[2] / "docs" / "image-tokens.md").read_text(encoding="utf-8")
WALLET = "/home/you/.local/share/tagloom/wallet.sqlite3"
"""Where the guide's wallet is."""
CHANGING = {
    r"\d{4}-\d\d-\d\d \d\d:\d\d UTC": "(a moment)",
    r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b": "(a job)",
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, fake_server, make_png) -> Path:
    """A folder with the guide's plans; pictures are made at once, as large as the tiny model's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    (tmp_path / "plans.yaml").write_text("".join(blocks("Plans and prices", "yaml")), encoding="utf-8")
    fake_server.png = make_png(256, 256)
    return tmp_path


def blocks(section: str, language: str) -> list[str]:
    """Return the examples of a section."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(section: str) -> list[tuple[str, str]]:
    """Return the commands of a section, each with what is shown below it."""
    parts = re.split(r"^\$ (.*\n)", "".join(blocks(section, "console")), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def printed(command: str) -> str:
    """Run a command; return what it prints, results and notes."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        main(shlex.split(command)[1:])
    return text.getvalue()


def run_program(text: str) -> None:
    """Run an example in Python."""
    Path("example.py").write_text(text, encoding="utf-8")
    runpy.run_path("example.py")


def constant(text: str) -> str:
    """Return a text without what is another each time."""
    for pattern, name in CHANGING.items():
        text = re.sub(pattern, name, text)
    return text


@pytest.mark.parametrize(("section", "count"), [("Plans and prices", 2), ("A small team on one machine", 15)])
def test_commands_print_what_is_shown(section, count, home, monkeypatch):
    found = commands(section)
    assert len(found) == count
    for command, shown in found:
        program, *words = command.split()
        if program == "cat":
            Path(words[0]).write_text(shown, encoding="utf-8")
        elif program == "export":
            name, value = shlex.split(os.path.expandvars(command))[1].split("=")
            monkeypatch.setenv(name, value)
        else:
            assert program == "tagloom"
            text = printed(command).replace(str(home / "wallet.sqlite3"), WALLET)
            assert constant(text) == constant(shown), command


def test_the_plans_table_is_that_of_the_plans():
    rows = re.findall(r"^\| `(\w+)`.* \| (\d+) a (\w+), from midnight (\w+) \| (\d+) \|$", GUIDE, re.MULTILINE)
    assert rows == [
        (each.id, str(each.allowance), each.period, each.time_zone, str(each.price())) for each in plans().values()
    ]


def test_programs_work(fake_server, capsys):
    """One is refused for a lack of image tokens first, and works once they are there."""
    first, second = (text.replace("http://127.0.0.1:8188", fake_server.url) for text in blocks("In Python", "python"))
    printed("tagloom wallet create ada")
    printed("tagloom wallet adjust ada -17")
    run_program(first)
    assert re.fullmatch(r"4\n4 3 20.*\n3\n", capsys.readouterr().out)
    run_program(first)
    assert capsys.readouterr().out == "4\n9\n"
    run_program(second)
    assert printed("tagloom wallet balance ada").startswith("ada (free): 8 image tokens left;")
