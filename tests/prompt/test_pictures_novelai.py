"""Reading NovelAI's pictures: their texts, and the copy in the transparency."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import Size, convert, parse_picture
from tagloom.prompt.pictures.reading import reading_of

COMMENT = {
    "prompt": "{{fox girl}}, [smile]",
    "uc": "lowres",
    "steps": 28,
    "sampler": "k_euler_ancestral",
    "noise_schedule": "karras",
    "scale": 5.0,
    "seed": 123,
    "width": 832,
    "height": 1216,
    "strength": 0.7,
    "cfg_rescale": 0.0,
    "sm": False,
    "request_type": "PromptGenerateRequest",
}
V4 = {
    **COMMENT,
    "prompt": "1.3::fox girl::, smile",
    "v4_prompt": {
        "caption": {
            "base_caption": "1.3::fox girl::, smile",
            "char_captions": [{"char_caption": "girl, red hair", "centers": [{"x": 0.5, "y": 0.5}]}, 3],
        }
    },
    "v4_negative_prompt": {"caption": {"base_caption": "lowres, v4", "char_captions": []}},
}


def texts(comment: dict, source: str = "Stable Diffusion XL 7BCCAA2C") -> dict[str, str]:
    """Return the texts of a picture."""
    title = {"Title": "AI generated image", "Description": comment["prompt"], "Software": "NovelAI", "Source": source}
    return {**title, "Comment": json.dumps(comment)}


def test_version_3(make):
    reading = parse_picture(make.png(texts(COMMENT)))
    settings = reading.settings
    assert (reading.source, reading.dialect) == ("novelai", "novelai3")
    assert (reading.prompt, reading.negative) == ("{{fox girl}}, [smile]", "lowres")
    assert (settings.steps, settings.sampler, settings.scheduler) == (28, "k_euler_ancestral", "karras")
    assert (settings.cfg, settings.seed, settings.size, settings.denoise) == (5.0, 123, Size(832, 1216), 0.7)
    assert settings.others == {"cfg_rescale": "0.0", "sm": "false", "request_type": "PromptGenerateRequest"}
    assert reading.texts == texts(COMMENT)
    assert convert(reading.prompt, reading.dialect, "a1111").text == "(fox girl:1.1025), (smile:0.9524)"


def test_version_4_and_its_characters(make):
    reading = parse_picture(make.png(texts(V4, "NovelAI Diffusion V4.5 C02D4F98")))
    assert (reading.dialect, reading.prompt) == ("novelai4", "1.3::fox girl::, smile")
    assert reading.negative == "lowres, v4"
    assert reading.settings.others["Character prompt 1"] == "girl, red hair"
    assert reading.settings.model == "NovelAI Diffusion V4.5 C02D4F98"
    assert "single characters (1)" in reading.remarks[0]


def test_the_version_is_told_by_the_source_too():
    assert reading_of(texts(COMMENT, "NovelAI Diffusion V4 37442FCA")).dialect == "novelai4"


@pytest.mark.parametrize("comment", [{}, {"Comment": "broken"}, {"Comment": "[" * 100_000}])
def test_without_its_comment_the_description_is_read(comment):
    reading = reading_of({"Software": "NovelAI", "Description": "a fox", **comment})
    assert (reading.source, reading.prompt) == ("novelai", "a fox")
    assert "description" in reading.remarks[0]


@pytest.mark.parametrize("held", [texts(COMMENT), COMMENT])
def test_webp_holds_the_texts_as_json(make, held):
    block = make.exif(b"ASCII\0\0\0" + json.dumps(held).encode())
    reading = parse_picture(make.webp(block))
    assert (reading.source, reading.negative) == ("novelai", "lowres")


@pytest.mark.parametrize("size", [(200, 150), (90, 400), (5000, 3)])
@pytest.mark.parametrize("packed", [True, False])
def test_the_copy_in_the_transparency_is_read(make, size, packed):
    """Where a site took the texts out; Pillow chooses the rows' filters, as programs do."""
    reading = parse_picture(make.stealth(texts(COMMENT), size, packed=packed))
    assert (reading.source, reading.prompt) == ("novelai", "{{fox girl}}, [smile]")
    assert reading.texts == texts(COMMENT)


@pytest.mark.parametrize("kind", range(5))
def test_the_copy_is_read_through_each_filter(make, kind):
    hidden = make.refiltered(make.stealth({"Software": "NovelAI", "Description": "a fox"}), kind)
    assert parse_picture(hidden).prompt == "a fox"


def test_a_copy_of_a1111_s_parameters(make):
    reading = parse_picture(make.stealth(make.parameters, (80, 90)))
    assert (reading.source, reading.settings.steps) == ("a1111", 28)


def test_a_broken_copy_is_a_remark(make):
    whole = make.stealth({"Comment": "a" * 99}, (40, 50), packed=False)
    assert parse_picture(whole).texts == {"Comment": "a" * 99}
    reading = parse_picture(make.stealth({}, (40, 50), packed=False))
    assert "transparency" in reading.remarks[0]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*V4, "x"]), junk), st.dictionaries(st.sampled_from(["caption"]), junk))
def test_any_comment_is_read(comment, caption):
    for found in (comment, {**comment, "v4_prompt": caption}):
        reading = reading_of({"Software": "NovelAI", "Comment": json.dumps(found)})
        assert reading.source == "novelai"
        assert reading.report()
        json.dumps(reading.as_dict())
