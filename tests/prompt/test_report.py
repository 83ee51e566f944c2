from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import parse_tags, tag_report
from tagloom.prompt.families import get_family
from tagloom.prompt.report import image_tokens_text
from tagloom.prompt.tags import GROUPS, OTHER


def groups(text: str) -> dict[str, list[str]]:
    found = tag_report(text, text_tokens=0).groups
    return {group: [tag.name for tag in tags] for group, tags in found.items() if tags}


def test_tags_are_sorted_into_the_specification_s_groups():
    text = "masterpiece, 1girl, fox girl, smirk, (black jacket:1.2), upper body, burning forest, qwxz"
    assert groups(text) == {
        "quality": ["masterpiece"],
        "body": ["1girl", "fox girl"],
        "expression": ["smirk"],
        "clothing": ["black jacket"],
        "pose": ["upper body"],
        "background": ["burning forest"],
        "other": ["qwxz"],
    }


def test_each_group_keeps_the_prompt_s_order():
    assert groups("smile, 1girl, grin, solo") == {"body": ["1girl", "solo"], "expression": ["smile", "grin"]}


@settings(deadline=None)
@given(st.text())
def test_every_tag_stands_in_exactly_one_group(text):
    report = tag_report(text, text_tokens=0)
    assert tuple(report.groups) == (*GROUPS, OTHER)
    found = sorted((tag.start, tag.end, tag.name) for tags in report.groups.values() for tag in tags)
    assert found == [(tag.start, tag.end, tag.name) for tag in parse_tags(text)]
    assert all(tag.group == group for group, tags in report.groups.items() for tag in tags)


@pytest.mark.parametrize(("count", "chunks"), [(0, 1), (1, 1), (75, 1), (76, 2), (150, 2), (151, 3)])
def test_chunks_hold_75_text_tokens(count, chunks):
    report = tag_report("1girl", text_tokens=count)
    assert report.chunks == chunks
    assert f"{count} in {chunks} chunk{'s' if chunks > 1 else ''} of 75" in report.text()


def test_clip_s_text_tokens_are_counted_where_none_are_given():
    assert tag_report("score_9, score_8_up, score_7_up").text_tokens == 15


def test_the_report_in_words():
    lines = tag_report("1girl, (smirk:1.25), (solo:-1)").text().splitlines()
    assert len(lines) == 3
    assert "body" in lines[0]
    assert "1girl, solo (-1)" in lines[0]
    assert "smirk (1.25)" in lines[1]
    assert lines[2].startswith("- text tokens: ")


def test_an_empty_prompt_has_a_report_too():
    assert tag_report("").text() == "- text tokens: 0 in 1 chunk of 75"


def test_a_system_prompt_is_no_tag():
    lines = tag_report(f"{get_family('neta_lumina').system} masterpiece, 1girl", text_tokens=40).text().splitlines()
    assert lines[0].startswith("- system prompt: You are an assistant designed to generate anime images")
    assert lines[1:] == ["- quality: masterpiece", "- body: 1girl", "- text tokens: 40 in 1 chunk of 75"]


def test_each_encoder_is_counted():
    report = tag_report("1girl", encoders=["clip_l", "clip_g", "gemma2_2b"])
    assert report.text_tokens == 2
    assert "- text tokens (clip_l, clip_g): 2 in 1 chunk of 75" in report.text()


def test_a_tag_that_a_chunk_cuts_is_named_and_mended():
    report = tag_report("red, " * 35 + "green eyes, long blue hair, hat", dialect="comfyui")
    assert report.chunks == 2
    lines = report.text().splitlines()
    assert "  cut: long blue hair (2 + 1 text tokens)" in lines
    assert lines[-1].endswith(", (long blue hair:1), hat")


def test_what_can_t_be_counted_is_unknown_not_guessed():
    report = tag_report("1girl", encoders=["gemma2_2b"])
    assert report.text_tokens is None
    assert report.chunks is None
    assert "unknown" in report.text()


@pytest.mark.parametrize(
    ("cost", "left", "told"),
    [
        (0, None, "image tokens: 0"),
        (4, None, "image tokens: 4"),
        (4, 17, "image tokens: 4, 17 left"),
        (4, 4, "image tokens: 4, 4 left"),
        (4, 1, "image tokens: 4, 1 left: 3 too few"),
    ],
)
def test_both_kinds_of_tokens_stand_in_the_report(cost, left, told):
    lines = tag_report("1girl").text(cost, left).splitlines()
    assert lines[-2:] == ["- text tokens: 2 in 1 chunk of 75", f"- {told}"]
    assert image_tokens_text(cost, left) == told
