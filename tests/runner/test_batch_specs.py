"""What a batch shall do: tables, grids, YAML and seeds, and what is refused in them, with the line."""

from __future__ import annotations

import csv
import io
import json
from itertools import count, product

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tagloom.runner.batch import tables
from tagloom.runner.batch.grids import Axis, combined, parse_axis
from tagloom.runner.batch.rows import MOST_JOBS, Row, repeated, with_seeds
from tagloom.runner.batch.specs import Spec, read_spec
from tagloom.runner.batch.tables import csv_rows, json_rows, prompt_rows, read_table
from tagloom.runner.errors import UsageError

NAMES = st.text("abcXYZ.- é", min_size=1, max_size=8).map(str.strip).filter(bool)
CELLS = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\x85\u2028"), max_size=20)


def values(rows):
    return [dict(row.values) for row in rows]


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(columns=st.lists(NAMES, min_size=2, max_size=4, unique=True), data=st.data())
def test_whatever_a_spreadsheet_writes_is_read_back(delimiter, columns, data):
    cells = st.lists(CELLS, min_size=len(columns), max_size=len(columns)).filter(
        lambda row: any(c.strip() for c in row)
    )
    rows = data.draw(st.lists(cells, min_size=1, max_size=4))
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([columns, *rows])
    read = values(csv_rows(text.getvalue(), "t.csv"))
    assert read == [dict(zip(columns, [cell.strip() or None for cell in row], strict=True)) for row in rows]
    assert [list(row) for row in read] == [columns] * len(rows)


@given(
    st.lists(
        st.dictionaries(
            NAMES, st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | CELLS
        ),
        min_size=1,
    )
)
def test_json_lines_are_read_back(rows):
    assert values(json_rows("\n".join(map(json.dumps, rows)), "t.jsonl")) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("positive,seed\ncat,1\n", [{"positive": "cat", "seed": "1"}]),
        ("positive;cfg\n1girl, solo;4,5\n", [{"positive": "1girl, solo", "cfg": "4,5"}]),
        ('positive\n"1girl, solo"\n\n', [{"positive": "1girl, solo"}]),
        ('a,b\n"two\nlines",\n,\n', [{"a": "two\nlines", "b": None}]),
        ("a,b\r\n1,2\r\n", [{"a": "1", "b": "2"}]),
    ],
)
def test_csv(text, rows):
    assert values(csv_rows(text, "t.csv")) == rows


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty; its first line names the columns"),
        ("a.csv", "a,b\n", "has no rows"),
        ("a.csv", "a,a\n1,2\n", "line 1: two columns are named 'a'"),
        ("a.csv", "a,\n1,2\n", "line 1: '' is no name for a column"),
        ("a.csv", "a\x1b[2J,b\n1,2\n", r"line 1: 'a\\x1b\[2J' is no name"),
        ("a.csv", "a,b\n1,2\n1,2,3\n", "line 3 has 3 cells, and there are 2 columns"),
        ("a.csv", 'a,b\n1,2\n"3\n,4\n', "line 3: unexpected end of data"),
        ("a.csv", "a\n" + "x" * 200_000, "line 2: field larger than field limit"),
        ("a.csv", "a\n1\n".encode("utf-16"), "is not UTF-8 text; it looks like UTF-16"),
        ("a.csv", b"a\nb\xe9\n", "is not UTF-8 text: see line 2"),
        ("a.csv", b"a\n\0\n", "is not UTF-8 text"),
        ("a.jsonl", '{"a": 1}\n{"a": [1]}', "line 2: a is a list"),
        ("a.jsonl", '{"a": {}}', "line 1: a is a dict"),
        ("a.jsonl", '{"a": NaN}', "line 1: a is the number nan"),
        ("a.jsonl", '{"a": 1, "a": 2}', "line 1: a name is there twice"),
        ("a.jsonl", "[1]", "line 1 is no mapping"),
        ("a.jsonl", "[" * 100_000, "line 1 is no JSON"),
        ("a.jsonl", '{"a": ' + "9" * 5000 + "}", "line 1 is no JSON"),
        ("a.txt", "# only a comment\n", "has no rows"),
        ("a.xlsx", "", "has no ending of a table"),
    ],
)
def test_a_table_is_refused_with_its_line(write, name, content, message):
    with pytest.raises(UsageError, match=message) as refused:
        read_table(write(name, content))
    assert str(refused.value).isprintable()


def test_a_byte_order_mark_is_no_part_of_the_first_name(write):
    assert values(read_table(write("a.csv", b"\xef\xbb\xbfa\n1\n"))) == [{"a": "1"}]


def test_a_table_is_not_read_without_bounds(write, monkeypatch):
    monkeypatch.setattr(tables, "MOST_BYTES", 2**20)
    with pytest.raises(UsageError, match="is larger than 1 MiB"):
        read_table(write("a.txt", b"a" * (2**20 + 1)))
    with pytest.raises(UsageError, match="is larger than 1 MiB"):
        read_spec(write("a.yaml", b"#" * (2**20 + 1)))


def test_prompt_files_have_comments():
    rows = prompt_rows("# one\n\n 1girl, solo \n\\#compass, map\n", "p.txt")
    assert [(row.values["positive"], row.origin) for row in rows] == [
        ("1girl, solo", "p.txt line 3"),
        ("#compass, map", "p.txt line 4"),
    ]


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("cfg=4,6,8", Axis("cfg", ("4", "6", "8"))),
        ("sampler=Euler a,DPM++ 2M SDE Karras", Axis("sampler", ("Euler a", "DPM++ 2M SDE Karras"))),
        ('positive="1girl, solo", cat', Axis("positive", ("1girl, solo", "cat"))),
        ('positive="say ""hi""",a=b', Axis("positive", ('say "hi"', "a=b"))),
        ("KSampler.seed= 5", Axis("KSampler.seed", ("5",))),
    ],
)
def test_an_axis_is_read(text, axis):
    assert parse_axis(text) == axis


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cfg", "write name=value,value"),
        ("=1,2", "is no name"),
        ("cfg=", "has an empty value|no list of values"),
        ("cfg=4,,6", "has an empty value; take a comma away"),
        ("cfg=4,6,4", "has the value '4' twice"),
        ('cfg="4', "unexpected end of data; a value in quotes ends with a quote"),
    ],
)
def test_an_axis_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        parse_axis(text)


AXES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True)),
    max_size=4,
    unique_by=lambda axis: axis[0],
).map(lambda found: [Axis(name, tuple(cells)) for name, cells in found])


@given(AXES, st.integers(1, 3))
def test_a_grid_is_each_row_with_each_combination_the_last_axis_fastest(axes, rows):
    table = [Row({"row": number}, f"line {number}") for number in range(rows)]
    cells = [
        dict(zip([axis.name for axis in axes], cell, strict=True)) for cell in product(*(axis.values for axis in axes))
    ]
    assert values(combined(table, axes)) == [{"row": number, **cell} for number in range(rows) for cell in cells]


def test_a_grid_and_a_column_of_one_name_are_refused():
    with pytest.raises(UsageError, match="line 1: 'cfg' is a column and in the grid"):
        combined([Row({"cfg": "4"}, "line 1")], [Axis("cfg", ("5",))])
    with pytest.raises(UsageError, match="the grid has 'cfg' twice"):
        combined([Row({}, "line 1")], [Axis("cfg", ("5",))] * 2)


def test_a_grid_that_explodes_is_refused_before_it_is_made():
    axes = [Axis(name, tuple(range(1000))) for name in "abcd"]
    with pytest.raises(UsageError, match="more than 100,000 jobs"):
        combined([Row({}, "")], axes)
    with pytest.raises(UsageError, match="line 1: this makes more than 100,000 jobs"):
        repeated([Row({"seed": 1}, "line 1")] * 2, MOST_JOBS)


def test_seeds_are_chosen_once_a_row_and_count_up():
    rows = repeated(with_seeds([Row({"seed": "7"}, "1"), Row({}, "2")], count(100).__next__), 2)
    assert values(rows) == [{"seed": 7}, {"seed": 8}, {"seed": 100}, {"seed": 101}]


def test_seeds_wrap_around_and_a_row_may_say_how_many():
    rows = repeated([Row({"seed": 2**64 - 1, "count": "2"}, "1"), Row({"seed": 5}, "2")])
    assert values(rows) == [{"seed": 2**64 - 1}, {"seed": 0}, {"seed": 5}]


@pytest.mark.parametrize("cells", [{"seed": "x", "count": 2}, {"seed": True, "count": 2}, {"count": 0}, {"count": 1.5}])
def test_seeds_and_counts_that_are_no_numbers_are_refused(cells):
    with pytest.raises(UsageError, match=r"line 1: (seed|count) .* is no whole number"):
        repeated([Row(cells, "line 1")])


YAML = """
defaults: {steps: 20, negative: bad}
rows:
  - positive: cat
  - {positive: dog, steps: 5, seed: 3}
grid:
  cfg: [4, 6.5]
seeds: 2
"""


def test_a_yaml_file_has_defaults_rows_a_grid_and_seeds(write):
    rows = read_spec(write("batch.yaml", YAML)).made_out(lambda: 40)
    cells = [(row.values["positive"], row.values["steps"], row.values["cfg"], row.values["seed"]) for row in rows]
    assert cells == [
        *[("cat", 20, cfg, seed) for cfg in (4, 6.5) for seed in (40, 41)],
        *[("dog", 5, cfg, seed) for cfg in (4, 6.5) for seed in (3, 4)],
    ]
    assert rows[0].origin.endswith("batch.yaml row 1, cfg='4'")


def test_a_yaml_file_names_a_table_and_a_workflow_beside_it(write, tmp_path):
    write("t.csv", "a\n1\n")
    write("w.json", "{}")
    spec = read_spec(write("batch.yaml", "table: t.csv\nworkflow: w.json\n"))
    assert (values(spec.rows), spec.workflow, spec.folder) == ([{"a": "1"}], str(tmp_path / "w.json"), tmp_path)
    assert read_spec(write("batch.yaml", "table: t.csv\nworkflow: Tags to Image\n")).workflow == "Tags to Image"


BOMB = "a: &a {x: 1}\nb: &b {<<: [*a, *a]}\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("rows: [{a: 1}]\nrow: 2", "'row' is not understood; there are workflow, table"),
        ("a", "is neither a list of rows nor a mapping"),
        ("- 1", "row 1 is no mapping"),
        ("- {a: 1, a: 2}", "line 1: 'a' is there twice"),
        ("- {a: [1]}", "row 1: a is a list"),
        ("- {a: 2024-01-01}", "row 1: a is a date"),
        ("- {a: .inf}", "row 1: a is the number inf"),
        ("- {1: a}\n- {[1]: a}", "line 2: a name is no text"),
        ("- !!python/object/apply:os.system [ls]", "is no YAML"),
        ("- !!python/name:os.system x", "is no YAML"),
        (BOMB, r"line 2 uses an anchor \(\*a\)"),
        ("[" * 50, "nests more than 20 levels"),
        ("rows: [{a: 1}]\ngrid: [1]", "grid is no mapping"),
        ("rows: [{a: 1}]\ngrid: {cfg: 4}", "cfg has no list of values"),
        ("rows: [{a: 1}]\nseeds: -1", "seeds '-1' is no whole number"),
        ("rows: [{a: 1}]\ntable: t.csv", "has rows and table; keep one"),
        ("rows: {a: 1}", "rows is no list"),
        ("{}", "has no rows"),
        ("rows: [", "is no YAML"),
    ],
)
def test_a_yaml_file_is_refused(write, content, message):
    with pytest.raises(UsageError, match=message) as refused:
        read_spec(write("batch.yaml", content))
    assert str(refused.value).isprintable()


@given(st.recursive(st.none() | st.integers() | CELLS, lambda inner: st.lists(inner) | st.dictionaries(CELLS, inner)))
def test_any_yaml_is_read_or_refused(tmp_path_factory, document):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    try:
        assert read_spec(path).rows or read_spec(path).axes
    except UsageError as error:
        assert str(error).isprintable()


def test_a_workflow_without_a_seed_gets_none_and_can_not_count_up():
    spec = Spec(rows=(Row({"color": 1}, "1"),))
    assert values(spec.made_out(lambda: 1, seed=None)) == [{"color": 1}]
    with pytest.raises(UsageError, match="no seed to count up"):
        Spec(rows=spec.rows, count=2).made_out(lambda: 1, seed=None)
