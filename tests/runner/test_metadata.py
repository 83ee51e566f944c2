from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tagloom.prompt.pictures.png import read_texts
from tagloom.runner.metadata import parameters_text, with_texts

names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,20}", fullmatch=True)
texts = st.dictionaries(names, st.text(), max_size=5)
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_parameters_are_written_as_a1111_does():
    """Two prompts, then the settings on one line, as other programs read them."""
    written = parameters_text(
        "1girl, (fire:1.2)",
        "lowres",
        {"Steps": 20, "Sampler": "Euler a", "CFG scale": "4.5", "Seed": 1, "Size": "832x1216", "Model": "a"},
    )
    assert written == (
        "1girl, (fire:1.2)\n"
        "Negative prompt: lowres\n"
        "Steps: 20, Sampler: Euler a, CFG scale: 4.5, Seed: 1, Size: 832x1216, Model: a"
    )


def test_an_empty_negative_prompt_is_left_out():
    assert parameters_text("1girl", "", {"Steps": 20}) == "1girl\nSteps: 20"


@pytest.mark.parametrize(
    ("value", "written"),
    [("a, b", '"a, b"'), ("a: b", '"a: b"'), ("a\nb", r'"a\nb"'), ('a "b", c', r'"a \"b\", c"'), ("é, b", '"é, b"')],
)
def test_a_value_that_would_break_the_line_is_quoted(value, written):
    assert parameters_text("1girl", "", {"Model": value, "Seed": 1}) == f"1girl\nModel: {written}, Seed: 1"


@relaxed
@given(texts)
@example({"prompt": "初音ミク, ^_^ \n", "parameters": "café \x00 \x85", "empty": ""})
def test_texts_come_back_as_they_went_in(make_png, wanted):
    png = make_png()
    assert read_texts(with_texts(png, wanted)) == wanted


@relaxed
@given(texts)
def test_other_programs_read_the_texts_and_the_same_pixels(make_png, wanted):
    png = make_png()
    with Image.open(io.BytesIO(png)) as before, Image.open(io.BytesIO(with_texts(png, wanted))) as after:
        after.load()
        assert after.text == wanted
        assert (after.mode, after.size) == (before.mode, before.size)
        assert after.tobytes() == before.tobytes()


def test_a_text_that_is_there_already_is_kept(make_png):
    """The server's own entry is the truth about what it ran."""
    info = PngInfo()
    info.add_text("prompt", "the server's")
    info.add_itxt("workflow", "the server's ✓")
    png = make_png(pnginfo=info)
    written = with_texts(png, {"prompt": "ours", "workflow": "ours", "parameters": "ours"})
    assert read_texts(written) == {"prompt": "the server's", "workflow": "the server's ✓", "parameters": "ours"}


def test_writing_twice_changes_nothing(make_png):
    once = with_texts(make_png(), {"parameters": "1girl ✓"})
    assert with_texts(once, {"parameters": "other"}) == once


def test_nothing_to_write_changes_nothing(make_png):
    png = make_png()
    assert with_texts(png, {}) == png
    assert read_texts(png) == {}


@pytest.mark.parametrize("contents", [b"", b"no picture", b"\xff\xd8\xff\xe0 a JPEG", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_png_is_refused(contents):
    with pytest.raises(ValueError):
        with_texts(contents, {"parameters": "1girl"})


def test_a_png_that_is_cut_off_is_refused_wherever_the_cut_is(make_png):
    png = make_png()
    accepted = []
    for end in range(len(png)):
        try:
            with_texts(png[:end], {"parameters": "1girl"})
        except ValueError:
            continue
        accepted.append(end)
    assert accepted == []
