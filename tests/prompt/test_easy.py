from __future__ import annotations

from dataclasses import dataclass

import pytest

from tagloom.prompt.easy import easy


@dataclass(frozen=True)
class Family:
    style: str
    weights: bool = True


TAGS, SENTENCES, MIXED = Family("tags"), Family("sentences"), Family("mixed")
DESCRIPTION = "a girl with long hair in a mysterious forest, no hat"
LIST = "1girl, (long hair:1.2), forest, masterpiece, quantum fnord"


@pytest.mark.parametrize(
    ("text", "family", "expected"),
    [
        (DESCRIPTION, TAGS, "1girl, long hair, forest, mysterious forest"),
        (DESCRIPTION, SENTENCES, DESCRIPTION),
        (DESCRIPTION, MIXED, "1girl, long hair, forest, mysterious forest"),
        (LIST, TAGS, LIST),
        (LIST, MIXED, LIST),
        (LIST, SENTENCES, "A girl with (long hair:1.2) is in a forest. Also: quantum fnord."),
        (LIST, Family("sentences", weights=False), "A girl with long hair is in a forest. Also: quantum fnord."),
    ],
)
def test_the_family_s_style_decides(text, family, expected):
    assert easy(text, family).text == expected


@pytest.mark.parametrize("text", [DESCRIPTION, LIST])
@pytest.mark.parametrize("family", [TAGS, SENTENCES, MIXED])
def test_twice_is_once(text, family):
    once = easy(text, family)
    assert easy(once.text, family).text == once.text


def test_report_of_tags():
    found = easy(DESCRIPTION, TAGS)
    assert found.negative == ("hat",)
    assert found.remainder == ("mysterious",)
    assert found.report() == (
        "girl -> 1girl\n"
        "long hair -> long hair\n"
        "mysterious forest -> forest, mysterious forest\n"
        "No tag was found for (kept as free phrases): mysterious\n"
        "Negative: hat"
    )


def test_report_of_sentences():
    assert easy(LIST, Family("sentences", weights=False)).report() == (
        "Quality tags left out, as this family has none: masterpiece\n"
        "Weights lost: long hair\n"
        "No sentence was found for (kept at the end): quantum fnord"
    )


@pytest.mark.parametrize(
    ("text", "family", "report"),
    [
        (LIST, TAGS, "Unchanged: it is a list of tags already."),
        (DESCRIPTION, SENTENCES, "Unchanged: it is plain English already."),
        (LIST, MIXED, "Unchanged: it is a list of tags already."),
        ("", TAGS, "Nothing to do: the prompt is empty."),
        (" \n", SENTENCES, "Nothing to do: the prompt is empty."),
        ("", MIXED, "Nothing to do: the prompt is empty."),
        ("no hat or scarf", TAGS, "Negative: hat, scarf"),
        ("she is not wearing a hat", TAGS, "she -> 1girl\nNegative: hat"),
    ],
)
def test_reports_in_words(text, family, report):
    assert easy(text, family).report() == report


def test_the_specification_s_example_becomes_prose(example):
    found = easy(example, SENTENCES)
    assert found.text == (
        "A furry anthro phoenix fox girl is facing to the side, looking at the viewer, smirking, grinning and smiling "
        "crazily. She has orange fur, long, multicolored glowing, floating, glowing orange, gradient flame hair, hair "
        "between the eyes, very large, gradient orange yellow, uneven upturned eyes, a long snout and sharp teeth. "
        "She wears a black headband with a fire pattern, a black collar with white spikes, a cropped leather flaming "
        "red jacket over a collared impossible white shirt and an underbust belt. "
        "She is amid wide scenery (against a fiery detailed fire forest background:1.2). She looks intimidating and "
        "smug. Around her there are (blue fire:1.2) and red fire. The picture has a dark ambience, a glow, detailed "
        "eyes, depth of field, detailed fluffy fur and volumetric lighting. "
        "It is a close-up, upper-body portrait from a Dutch angle with foreshortening."
    )
    assert found.remainder == ()
    assert easy(found.text, SENTENCES).text == found.text
    assert ":1.2" not in easy(example, Family("sentences", weights=False)).text
