"""Name templates: what they write, what they refuse, and that no value leads out of the folder."""

from __future__ import annotations

import string
from datetime import datetime
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tagloom.runner.errors import UsageError
from tagloom.runner.outputs.file_names import FORBIDDEN, LONGEST_PART, RESERVED, safe_part, safe_value
from tagloom.runner.outputs.names import model_stem, read_template

VALUES = {
    "number": 7,
    "index": 2,
    "seed": 123,
    "prefix": "cat",
    "checkpoint": "anime xl",
    "cfg": 4.5,
    "positive": "a girl, with: a/cat?",
    "date": datetime(2026, 2, 3, 14, 5, 6),
    "time": datetime(2026, 2, 3, 14, 5, 6),
    "KSampler.seed": 5,
    "huge": 1 << 100_000,
    "list": [1, 2.5, "a/b"],
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{prefix}-{number:05}-{seed}", "cat-00007-123"),
        ("{number}", "7"),
        ("{number:05}", "00007"),
        ("{checkpoint}/{cfg}/{number:03}", "anime xl/4.5/007"),
        ("a\\{number}", "a/7"),
        ("{date}_{time}", "2026-02-03_14-05-06"),
        ("{date:%Y%m%d}/{time:%H.%M}", "20260203/14.05"),
        ("{positive}", "a girl, with_ a_cat_"),
        ("{positive:.6}", "a girl"),
        ("{prefix:05}", "cat"),
        ("{{{number}}}", "{7}"),
        ("{KSampler.seed}", "5"),
        ("{missing}-{number}", "7"),
        ("{missing}/{missing}", "_/_"),
        ("CON{missing}/x", "_CON/x"),
        ("..{number}..", "7"),
        ("{huge}-{list}", "1,2.5,a_b"),
    ],
)
def test_templates_are_filled(template, expected):
    assert read_template(template).filled(VALUES) == expected


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("", "is empty"),
        ("../{number}", "leads out"),
        ("a/../{number}", "leads out"),
        ("/tmp/{number}", "leads out"),
        ("a//{number}", "leads out"),
        ("{number}/", "leads out"),
        ("\\\\server\\{number}", "leads out"),
        ("C:/{number}", "':'"),
        ("{number}?", r"'\?'"),
        ("a\x1b{number}", "not every system"),
        ("{number!r}", "'!r'"),
        ("{number", "not understood"),
        ("number}", "not understood"),
        ("{}", "no name"),
        ("{0.__class__[a]}", "no name"),
        ("{number:{seed}}", "behind a colon"),
        ("{number:>100000000}", "behind a colon"),
        ("{number:0999}", "behind a colon"),
        ("{date:%c}", "behind a colon"),
        ("x" * 1001, "1000 characters"),
    ],
)
def test_other_templates_are_refused(template, reason):
    with pytest.raises(UsageError, match=reason):
        read_template(template)


@pytest.mark.parametrize(
    ("field", "hint"), [("sead", "write {seed}"), ("cgf", "write {cfg}"), ("zzzzzz", "use one of number, index")]
)
def test_an_unknown_field_is_refused_with_the_nearest(field, hint):
    template = read_template(f"{{number}}-{{{field}}}")
    with pytest.raises(UsageError, match=f"no field '{field}'; {hint}"):
        template.check(["cfg"])
    read_template("{number}-{cfg}-{stem}").check(["cfg"])


def test_a_field_reaches_no_attribute_of_a_value():
    """`seed.__class__` is the name of a setting, and there is none."""
    assert read_template("x{seed.__class__}").filled(VALUES) == "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1b[31m\u202egnp.exe", "ab[31mgnp.exe"),
        ("a\tb\nc", "a b c"),
        ("a／b", "a_b"),
        ("a‥b", "a..b"),
        ("e\u0301", "é"),
        ("\ud800x", "x"),
    ],
)
def test_values_are_cleaned(text, expected):
    assert safe_value(text) == expected


@pytest.mark.parametrize("name", ["con", "NUL", "COM1", "lpt9.txt", "Aux .x", "COM²", "conin$"])
def test_no_name_is_a_device_of_windows(name):
    assert safe_part(name) == f"_{name}"


@pytest.mark.parametrize("name", ["console", "common", "nulls", "com10", "auxiliary.txt"])
def test_names_that_only_begin_like_devices_stay(name):
    assert safe_part(name) == name


HOSTILE = st.text(max_size=300) | st.text("./\\:~ \u2024\uff0f\u202e%$CONUL1\x00", max_size=40)
LITERAL = st.text(string.ascii_letters + "./\\-_ :~é", max_size=12)


@given(st.lists(LITERAL, min_size=1, max_size=4), st.lists(HOSTILE, min_size=4, max_size=4))
@example(["", "/", "", ""], ["..", "..", "..", ".."])
@example([".", "/."], [".", ".", "", ""])
def test_no_template_and_no_value_lead_out_of_the_folder(literals, values):
    """Whatever the pieces: each part is a plain name that Windows, macOS and Linux take."""
    text = "".join(f"{literal}{{v{number}}}" for number, literal in enumerate(literals))
    try:
        template = read_template(text)
    except UsageError:
        return
    name = template.filled({f"v{number}": value for number, value in enumerate(values)})
    path = PurePosixPath(name)
    windows = PureWindowsPath(name)
    assert not path.is_absolute() and not windows.drive and not windows.root
    assert path.parts == windows.parts and len(path.parts) == name.count("/") + 1
    for part in path.parts:
        assert part not in ("", ".", "..") and part == part.strip(" .") and not part.startswith("-")
        assert not set(part) & set(FORBIDDEN) and part.isprintable() and not RESERVED.match(part)
        assert len(part.encode()) <= LONGEST_PART + 1


@pytest.mark.parametrize(
    ("template", "there", "expected"),
    [
        ("{number:05}-{seed}", ["00041-1.png", "00007-2.png"], 41),
        ("{number:05}-{seed}", ["99999-1.png", "100000-1.png", "x00009-1.png", "notes.txt"], 100_000),
        ("{prefix}-{number}", ["cat-3-2.png", "cat-9.png.part"], 9),
        ("{checkpoint}/{number}", ["a/3.png", "b/12.webp", "77"], 12),
        ("{seed}", ["5.png"], 0),
        ("{number}", [], 0),
    ],
)
def test_the_highest_number_in_a_folder_is_found(tmp_path, template, there, expected):
    for name in there:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert read_template(template).highest(tmp_path) == expected


def test_a_folder_that_is_not_there_has_no_numbers(tmp_path):
    assert read_template("{number}").highest(tmp_path / "no") == 0


def test_a_link_is_not_followed_for_numbers(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "5.png").touch()
    out = tmp_path / "out"
    out.mkdir()
    (out / "a").symlink_to(outside)
    assert read_template("{checkpoint}/{number}").highest(out) == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/b.safetensors", "b"), ("a\\b.v1.2.ckpt", "b.v1.2"), ("plain", "plain"), ("x.GGUF", "x"), ("v1.5", "v1.5")],
)
def test_a_model_is_named_without_folder_and_ending(name, expected):
    assert model_stem(name) == expected


def test_text_that_is_cut_ends_between_characters(tmp_path: Path):
    name = safe_part("é" * 300)
    assert len(name.encode()) == LONGEST_PART and set(name) == {"é"}
    (tmp_path / f"{name}-12345.safetensors").touch()
