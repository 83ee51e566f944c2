"""A1111's `parameters` text, as it is written."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.prompt import Size
from tagloom.prompt.hashing import Hashes
from tagloom.prompt.pictures import Settings
from tagloom.prompt.pictures.a1111 import read_parameters
from tagloom.prompt.pictures.writing import a1111_settings, parameters_text

HASHES = Hashes("a" * 64, "b" * 64)


def civitai_s_hashes(text: str) -> dict[str, str]:
    """Return the hashes as Civitai's site finds them: from `, Hashes: {` to the first `}`."""
    return json.loads(re.search(r", Hashes:\s*({[^}]+})", text)[1])


def civitai_s_details(line: str) -> dict[str, str]:
    """Return the settings as Civitai's site divides them: at commas outside quotes, which nothing escapes."""
    parts = re.findall(r'((?:"[^"]*"|[^",])+)', line)
    return dict(part.strip().split(":", 1) for part in parts)


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
    [
        ("a, b", '"a, b"'),
        ("a: b", '"a: b"'),
        ("a\nb", r'"a\nb"'),
        ('a "b", c', r'"a \u0022b\u0022, c"'),
        (r"a\", b", r'"a\\\u0022, b"'),
        ("é, b", '"é, b"'),
    ],
)
def test_a_value_that_would_break_the_line_is_quoted(value, written):
    text = parameters_text("1girl", "", {"Model": value, "Seed": 1, "Steps": 2})
    assert text == f"1girl\nModel: {written}, Seed: 1, Steps: 2"
    assert read_parameters(text).settings.model == value


def test_all_settings_stand_in_a1111_s_order():
    settings = Settings(
        steps=28,
        sampler="dpmpp_2m",
        scheduler="karras",
        cfg=5.5,
        seed=7,
        size=Size(832, 1216),
        model="wai",
        model_hash="0123456789",
        clip_skip=2,
        denoise=0.4,
    )
    loras = {"foxes": HASHES, "cats": Hashes("c" * 64)}
    others = {"model": "0123456789", "embed:neg": "d" * 10}
    line = parameters_text("", "", a1111_settings(settings, template="a {b|c}", loras=loras, others=others))
    assert line.strip() == (
        "Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5.5, Seed: 7, Size: 832x1216, "
        "Model hash: 0123456789, Model: wai, Denoising strength: 0.4, Clip skip: 2, "
        'Lora hashes: "foxes: bbbbbbbbbbbb, cats: cccccccccccc", Template: a {b|c}, '
        'Hashes: {"model": "0123456789", "embed:neg": "dddddddddd", "lora:foxes": "aaaaaaaaaa", "lora:cats": '
        '"cccccccccc"}, Version: ComfyUI'
    )


def test_what_is_not_known_is_left_out():
    assert a1111_settings(Settings(steps=20, seed=0)) == {"Steps": 20, "Seed": 0, "Version": "ComfyUI"}


def test_civitai_finds_the_hashes_whatever_the_names_are():
    names = ["a b", "a}b", 'a"b', "初音"]
    text = parameters_text("x", "", a1111_settings(Settings(steps=1), loras=dict.fromkeys(names, HASHES)))
    assert civitai_s_hashes(text) == {f"lora:{name}": "a" * 10 for name in names}


@given(st.text())
def test_any_template_is_read_back_and_hides_nothing(template):
    """Civitai's site knows no escaped quotes; nothing of a template may count as a setting of its own."""
    settings = Settings(steps=20, sampler="euler", scheduler="normal", cfg=7, seed=5)
    text = parameters_text("1girl", "hat", a1111_settings(settings, template=template))
    read = read_parameters(text)
    assert (read.prompt, read.negative, read.settings.seed) == ("1girl", "hat", 5)
    if template == template.strip():
        assert read.settings.others.get("Template", "") == template
    assert len(text.split("\n")) == 3


@pytest.mark.parametrize("template", ['"x", Seed: 7', "a\nSteps: 3, Seed: 7, CFG scale: 1", '{a|"b, Steps: 4"}'])
def test_a_template_changes_no_setting_for_civitai(template):
    settings = Settings(steps=20, sampler="euler", scheduler="normal", cfg=7, seed=5)
    line = parameters_text("", "", a1111_settings(settings, template=template)).strip()
    details = civitai_s_details(line)
    assert (details["Steps"], details["Seed"], details["CFG scale"]) == (" 20", " 5", " 7")
