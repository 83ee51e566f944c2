from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tagloom.runner.errors import SaveError
from tagloom.runner.written_tables import Table, form_of, write_table

TABLE = Table(("name", "count"), [{"name": "小林", "count": 5}, {"name": "a,\"b\"", "count": None}], ("who", "many"),
              [("小林", 5), ("a\x1b[31m", 120)])  # fmt: skip


def test_people_get_columns():
    """Numbers stand right, and what takes two columns of a terminal is counted as two."""
    assert TABLE.written("text") == "who   many\n小林     5\na      120"


def test_programs_get_all_of_it():
    assert json.loads(TABLE.written("json")) == TABLE.records
    assert TABLE.written("csv") == 'name,count\n小林,5\n"a,""b""",'


def test_an_empty_table_has_its_heads():
    empty = Table(("a", "b"), [], ("x", "y"), [])
    assert [empty.written(form) for form in ("text", "json", "csv")] == ["x  y", "[]", "a,b"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain", "plain"),
        ("1girl = 1", "1girl = 1"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        (" =1", "'=1"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("\x1b[31m=1", "'=1"),
        ("\u202e=1", "'=1"),
        ("two\nlines", "two lines"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("x" * 2000, "x" * 999 + "…"),
        (-1, "-1"),
    ],
)
def test_no_cell_of_a_csv_is_a_formula_or_an_escape(text, cell):
    """OWASP, "CSV Injection"; numbers stay numbers."""
    rows = csv.reader(io.StringIO(Table(("a",), [{"a": text}], ("a",), []).written("csv")))
    assert list(rows) == [["a"], [cell]]


@pytest.mark.parametrize(
    ("name", "chosen", "form"),
    [
        (None, None, "text"),
        (None, "csv", "csv"),
        ("a.CSV", None, "csv"),
        ("a.json", None, "json"),
        ("a.csv", "json", "json"),
        ("a.txt", None, "text"),
        ("csv", None, "text"),
    ],
)
def test_the_form_is_the_chosen_one_or_the_file_s(name, chosen, form):
    assert form_of(name and Path(name), chosen, "text") == form


def test_a_file_is_whole_or_as_it_was(tmp_path, monkeypatch):
    """Nothing is left of one that could not be written."""
    path = tmp_path / "a.csv"
    write_table(path, "小林")
    assert path.read_text(encoding="utf-8") == "小林\n"

    def full(part, contents):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SaveError, match="No space left"):
        write_table(path, "new")
    assert path.read_text(encoding="utf-8") == "小林\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("contents", [None, b"SQLite format 3\0..."])
def test_a_folder_and_a_database_are_left_alone(tmp_path, contents):
    path = tmp_path / "there"
    path.mkdir() if contents is None else path.write_bytes(contents)
    with pytest.raises(SaveError, match="choose another place"):
        write_table(path, "new")
    assert contents is None or path.read_bytes() == contents
