from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagloom.prompt import all_families, compose_negative, enhance, get_family, parse_tags, vocabulary
from tagloom.prompt.families import EVERYTHING, LEVELS, PRESETS

PIECES = [
    *("(", ")", ",", ", ", "\n", "\\", r"\(", r"\)", ":1.2)", "<lora:x:1>", "<a:", "AND", "BREAK", " ", ":)", "^_^"),
    *("1girl", "Masterpiece", "best_quality", "score_9", "(masterpiece:1.3)", "lowres", "blurry", "highres", "text"),
]
thorough = settings(deadline=None, max_examples=300)
AT_THE_END = get_family("animagine_40")
prompts = st.text() | st.lists(st.sampled_from([*PIECES, *(entry.name for entry in vocabulary())])).map(", ".join)
prompts |= st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
families = st.sampled_from(all_families())
levels = st.sampled_from(LEVELS)
presets = st.sampled_from(["recommended", "everything", "none", *PRESETS])


def names(text: str) -> list[str]:
    return [tag.name for tag in parse_tags(text)]


@pytest.mark.parametrize(
    ("family", "level", "text", "expected"),
    [
        ("illustrious", "standard", "1girl", "masterpiece, best quality, very aesthetic, absurdres, 1girl"),
        ("illustrious", "light", "1girl", "masterpiece, best quality, 1girl"),
        ("illustrious", "none", "1girl", "1girl"),
        ("illustrious", "light", "", "masterpiece, best quality"),
        ("illustrious", "light", "(Masterpiece:1.2), 1girl", "(Masterpiece:1.2), best quality, 1girl"),
        ("illustrious", "light", "1girl, masterpiece", "best quality, 1girl, masterpiece"),
        ("illustrious", "light", "best_quality, 1girl", "masterpiece, best_quality, 1girl"),
        ("illustrious", "light", "{{{masterpiece}}}, 1girl", "best quality, {{{masterpiece}}}, 1girl"),
        ("illustrious", "light", "1.5::masterpiece, best_quality::", "1.5::masterpiece, best_quality::"),
        ("illustrious", "light", "{{worst quality}}", "{{worst quality}}"),
        ("illustrious", "light", "-1::blurry::", "masterpiece, best quality, -1::blurry::"),
        ("illustrious", "light", "blurry, 1girl", "blurry, 1girl"),
        ("illustrious", "full", "worst quality", "worst quality"),
        ("illustrious", "light", "score_4, 1girl", "score_4, 1girl"),
        ("illustrious", "light", "signature", "masterpiece, best quality, signature"),
        ("noobai_eps", "standard", "hires", "masterpiece, best quality, newest, absurdres, hires"),
        ("noobai_eps", "standard", "oldest", "masterpiece, best quality, absurdres, highres, oldest"),
        ("noobai_eps", "light", "oldest", "masterpiece, best quality, oldest"),
        ("illustrious", "light", "blurry background", "masterpiece, best quality, blurry background"),
        ("illustrious", "light", "\n1girl \n", "masterpiece, best quality, \n1girl \n"),
        ("pony_v6", "light", "1girl", "score_9, score_8_up, score_7_up, 1girl"),
        ("pony_v6", "light", "score_9, 1girl", "score_9, score_8_up, score_7_up, 1girl"),
        ("pony_v6", "light", "score_8_up, 1girl", "score_9, score_8_up, score_7_up, 1girl"),
        ("animagine_40", "light", "1girl", "1girl, masterpiece, high score"),
        ("animagine_40", "light", "1girl,", "1girl, masterpiece, high score"),
        ("animagine_40", "light", "masterpiece", "masterpiece, high score"),
        ("animagine_40", "light", "", "masterpiece, high score"),
        ("sdxl", "full", "1girl", "1girl"),
        ("flux1_dev", "full", "a fox girl in a burning forest", "a fox girl in a burning forest"),
        ("tagloom_tiny", "light", "1girl", "masterpiece, best quality, 1girl"),
    ],
)
def test_enhanced_prompts(family, level, text, expected):
    assert enhance(text, get_family(family), level).text == expected


def test_the_standard_level_is_the_usual_one():
    family = get_family("illustrious")
    assert enhance("1girl", family) == enhance("1girl", family, "standard")


def test_what_was_added_and_what_was_not_is_told_with_the_reason():
    result = enhance("masterpiece, 1girl", get_family("illustrious"), "light")
    assert result.added == ("best quality",)
    assert result.left_out == (("masterpiece", "already there"),)
    assert result.report() == "added: best quality\nleft out masterpiece: already there"


def test_a_prompt_that_asks_for_low_quality_is_left_alone_and_told_so():
    result = enhance("1girl, blurry", get_family("illustrious"), "light")
    assert result.text == "1girl, blurry"
    assert result.added == ()
    assert "'blurry'" in result.report()
    assert [tag for tag, _ in result.left_out] == ["masterpiece", "best quality"]


@pytest.mark.parametrize(
    ("family", "level", "enabled", "word"),
    [
        ("illustrious", "standard", False, "off"),
        ("sdxl", "standard", True, "SDXL 1.0"),
        ("illustrious", "none", True, "'none'"),
    ],
)
def test_adding_nothing_says_why(family, level, enabled, word):
    result = enhance("1girl", get_family(family), level, enabled)
    assert result.text == "1girl"
    assert "added nothing" in result.report()
    assert word in result.report()


@pytest.mark.parametrize(
    ("family", "text", "preset", "positive", "expected"),
    [
        ("tagloom_tiny", "", "none", "", ""),
        ("tagloom_tiny", "hat", "none", "", "hat"),
        ("tagloom_tiny", "", "text", "", "watermark, signature, username"),
        ("tagloom_tiny", "hat", "text", "", "hat, watermark, signature, username"),
        ("tagloom_tiny", "Signature, hat", "text", "", "Signature, hat, watermark, username"),
        ("tagloom_tiny", "(watermark:1.4)", "text", "", "(watermark:1.4), signature, username"),
        ("tagloom_tiny", "", "background", "1girl, simple background", ""),
        ("tagloom_tiny", "", "background", "1girl, (Simple_Background:1.2)", ""),
        ("tagloom_tiny", "", "background", "plain background", ""),
        ("tagloom_tiny", "plain background", "background", "", "plain background"),
        ("tagloom_tiny", "", "background", "1girl", "simple background"),
        ("tagloom_tiny", "hat,", "background", "", "hat, simple background"),
        ("pony_v6", "", "recommended", "", ""),
        ("pony_v6", "", "quality", "", "score_6, score_5, score_4"),
        ("flux1_dev", "hat", "everything", "", "hat"),
    ],
)
def test_negative_prompts(family, text, preset, positive, expected):
    assert compose_negative(text, get_family(family), preset, positive).text == expected


def test_the_recommended_negative_is_the_family_s_own_presets():
    family = get_family("illustrious")
    assert names(compose_negative("", family).text) == [
        *family.negative.presets["quality"],
        *family.negative.presets["anatomy"],
        *family.negative.presets["text"],
    ]


def test_everything_is_all_presets():
    family = get_family("illustrious")
    wanted = {tag for preset in EVERYTHING for tag in family.negative.presets[preset]}
    assert set(names(compose_negative("", family, "everything").text)) == wanted


def test_what_the_prompt_asks_for_is_told():
    result = compose_negative("", get_family("tagloom_tiny"), "background", "simple background")
    assert result.left_out == (("simple background", "the prompt asks for it"),)


@pytest.mark.parametrize(("family", "enabled", "word"), [("flux1_dev", True, "ignores"), ("sdxl", False, "off")])
def test_an_untouched_negative_says_why(family, enabled, word):
    result = compose_negative("hat", get_family(family), enabled=enabled)
    assert result.text == "hat"
    assert word in result.report()


@thorough
@given(prompts, families, levels)
@example("1girl\\", AT_THE_END, "light")
@example("1girl\\,", AT_THE_END, "light")
def test_enhancing_twice_adds_nothing(text, family, level):
    once = enhance(text, family, level)
    twice = enhance(once.text, family, level)
    assert twice.text == once.text
    assert twice.added == ()


@thorough
@given(prompts, families, presets, prompts)
@example("hat\\", AT_THE_END, "text", "1girl")
def test_composing_a_negative_twice_adds_nothing(text, family, preset, positive):
    once = compose_negative(text, family, preset, positive)
    twice = compose_negative(once.text, family, preset, positive)
    assert twice.text == once.text
    assert twice.added == ()


@thorough
@given(prompts, families, levels, presets)
def test_the_user_s_text_survives_letter_by_letter(text, family, level, preset):
    """Only a text of nothing but white space may give way to what is added."""
    for result in (enhance(text, family, level), compose_negative(text, family, preset)):
        letters = iter(result.text)
        assert all(letter in letters for letter in text) or not text.strip()
        assert len(result.text) == len(text) or result.added or result.system


@thorough
@given(prompts, families, levels, presets)
def test_off_is_untouched(text, family, level, preset):
    assert enhance(text, family, level, enabled=False).text == text
    assert compose_negative(text, family, preset, enabled=False).text == text


@thorough
@given(prompts, families, levels, presets, prompts)
def test_no_tag_is_added_that_is_there_already(text, family, level, preset, positive):
    """Each added tag stands exactly once in the result, and the user's tags keep their number."""
    for result in (enhance(text, family, level), compose_negative(text, family, preset, positive)):
        before, after = Counter(names(text)), Counter(names(result.text.removeprefix(result.system)))
        assert all(after[tag] == 1 for tag in result.added)
        assert all(after[name] == count for name, count in before.items())


@thorough
@given(families, presets, prompts)
def test_nothing_goes_into_the_negative_that_the_prompt_asks_for(family, preset, positive):
    assert set(compose_negative("", family, preset, positive).added).isdisjoint(names(positive))
