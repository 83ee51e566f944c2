from __future__ import annotations

from itertools import pairwise

import pytest

from tagloom.prompt import GROUPS, PromptError, UnknownDialect, describe, get_family, sort_tags
from tagloom.prompt.compose import items
from tagloom.prompt.compose.sorting import longest_rise
from tagloom.prompt.syntax import parse

BLOCKS = {
    "quality": "masterpiece, best quality, amazing quality, very aesthetic, 4k, high resolution, ultra-detailed, "
    "absurdres, newest, scenery",
    "body": "1girl, furry, anthro, phoenix fox girl, orange fur, long hair, multicolored glowing hair,gradient hair, "
    "flame hair, glowing orange hair, floating hair, hair between eyes, gradient orange yellow eyes,"
    "very large eyes, uneven eyes",
    "expression": "facing to the side, looking at viewer, upturned eyes,intimidating, smirk, smug, grin, crazy smile, "
    "long snout, sharp teeth",
    "clothing": "black headband with fire pattern, black collar with white spikes, cropped leather flaming red jacket "
    "over collared impossible white shirt, underbust belt",
    "pose": "portrait, upper body, close-up, foreshortening, dutch angle",
    "background": "(detailed fire forest background, fiery background:1.2), (blue fire:1.2)",
}
BEHIND_AND = (
    " AND red fire,\ndark ambient, glow, detailed eyes, depth of field, detailed fluffy fur, volumetric lighting"
)


@pytest.mark.parametrize("dialect", ["a1111", "comfyui"])
def test_the_specification_s_example_is_in_order_already(dialect):
    text = "\n".join(BLOCKS.values()) + BEHIND_AND
    assert sort_tags(text, dialect=dialect).text == text


@pytest.mark.parametrize("joint", ["\n", ",\n", ", "])
@pytest.mark.parametrize("dialect", ["a1111", "comfyui"])
def test_the_specification_s_example_is_put_back_in_order(dialect, joint):
    """Whatever order its blocks are in, each group's tags come out in the group's place."""
    mixed = [BLOCKS[group] for group in ("background", "pose", "quality", "clothing", "body", "expression")]
    result = sort_tags(joint.join(mixed) + BEHIND_AND, dialect=dialect)
    start, _, rest = result.text.partition(" AND ")
    assert f" AND {rest}" == BEHIND_AND
    described = describe(start, dialect=dialect)
    found = [described.groups[group] for group in GROUPS]
    assert not described.groups["other"]
    assert all(left[-1].end < right[0].start for left, right in pairwise(found))
    for group, tags in zip(GROUPS, found, strict=True):
        assert [tag.name for tag in tags] == [tag.name for tag in describe(BLOCKS[group]).groups[group]]


def test_groups_of_a_prompt_of_lines_get_a_line_each():
    text = "forest\n1girl, masterpiece, red hair\nsmile"
    assert sort_tags(text).text == "masterpiece\n1girl, red hair\nsmile\nforest"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1boy, shirtless, rain, abs\n\n<lora:x:1>", "1boy, abs, shirtless, rain\n\n<lora:x:1>"),
        ("<lora:x:1>\nforest, 1girl", "1girl,\nforest,\n<lora:x:1>"),
    ],
)
def test_a_reference_on_a_line_of_its_own_breaks_no_list(text, expected):
    assert sort_tags(text).text == expected


def test_a_list_of_lines_stays_one():
    assert sort_tags("forest\n1girl\nred hair").text == "1girl\nred hair\nforest"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" , ,", " , ,"),
        ("1girl", "1girl"),
        ("masterpiece, 1girl,", "masterpiece, 1girl,"),
        ("1girl,masterpiece ,  forest", "masterpiece,1girl ,  forest"),
        ("smile, 1girl, grin, solo", "1girl, solo, smile, grin"),
        ("forest, (masterpiece:1.2)", "(masterpiece:1.2), forest"),
        (r"forest, miku \(vocaloid\)", r"forest, miku \(vocaloid\)"),
        ("xqz, masterpiece, 1girl", "masterpiece, xqz, 1girl"),
        ("forest, xqz, 1girl, yqz", "1girl, yqz, forest, xqz"),
        ("(smile, red hair:1.2)", "(red hair:1.2), (smile:1.2)"),
        ("(red hair, smile:1.2)", "(red hair, smile:1.2)"),
        ("(red hair, smile:1.2), 1girl", "(red hair:1.2), 1girl, (smile:1.2)"),
        ("(red hair, smile:1.2), masterpiece", "masterpiece, (red hair, smile:1.2)"),
        ("(forest, (red hair:1.3), smile)", "((red hair:1.3)), (smile), (forest)"),
        ("(smile, xqz, red hair)", "(red hair), (smile, xqz)"),
        ("forest, [smile:frown:0.5], 1girl", "1girl, [smile:frown:0.5], forest"),
        ("forest, {red|blue} hair", "{red|blue} hair, forest"),
        ("forest, __outfit__, 1girl", "1girl, forest, __outfit__"),
        ("<lora:foo:0.8>, forest, 1girl", "1girl, forest, <lora:foo:0.8>"),
        ("forest, 1girl <lora:foo:0.8>", "1girl <lora:foo:0.8>, forest"),
        ("forest, 1girl, ;)", "1girl, ;), forest"),
        ("forest, 1girl AND smile, masterpiece", "1girl, forest AND masterpiece, smile"),
        ("forest, 1girl, BREAK smile, masterpiece", "1girl, forest, BREAK masterpiece, smile"),
        ("forest, 1girl, # forest\nsmile, masterpiece", "1girl, forest, # forest\nmasterpiece, smile"),
        ("forest, 1girl, (smile, masterpiece", "1girl, forest, (smile, masterpiece"),
        ("forest, 1girl), smile, masterpiece", "forest, 1girl), masterpiece, smile"),
        ("forest, dog, cat, masterpiece:1.2", "masterpiece, forest, dog, cat:1.2"),
    ],
)
def test_sorted_prompts(text, expected):
    assert sort_tags(text, dialect="a1111").text == expected


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("comfyui", "(smile, red hair:1.2)", "(red hair:1.2), (smile:1.2)"),
        ("comfyui", "((smile, red hair:1.2):1.5)", "((red hair:1.2):1.5), ((smile:1.2):1.5)"),
        ("comfyui", "[smile], red hair", "red hair, [smile]"),
        ("comfyui", "smile, (red hair:1.2), (forest, 1girl", "(red hair:1.2), smile, (forest, 1girl"),
        ("novelai3", "{{smile, red hair}}", "{{red hair}}, {{smile}}"),
        ("novelai4", "1.2::smile, red hair::", "1.2::red hair::, 1.2::smile::"),
        ("compel", "(smile, red hair)1.2, 1girl++", "(red hair)1.2, 1girl++, (smile)1.2"),
    ],
)
def test_sorted_prompts_of_other_dialects(dialect, text, expected):
    assert sort_tags(text, dialect=dialect).text == expected


def test_quality_comes_last_where_the_family_was_taught_so():
    family = get_family("animagine_40")
    assert sort_tags("masterpiece, forest, 1girl, <lora:x:1>", family).text == "1girl, forest, masterpiece, <lora:x:1>"


def test_a_family_that_reads_sentences_is_left_alone():
    result = sort_tags("a forest, 1girl", get_family("flux1_dev"))
    assert result.text == "a forest, 1girl"
    assert "sentences" in result.report()


def test_sub_groups_are_ordered_on_request():
    text = "green eyes, long hair, fox girl, 1girl"
    assert sort_tags(text).text == text
    assert sort_tags(text, subgroups=True).text == "1girl, fox girl, long hair, green eyes"


def test_pony_s_score_words_come_in_their_order():
    text = "score_7_up, score_9, 1girl, score_8_up"
    wanted = "score_9, score_8_up, score_7_up, 1girl"
    assert sort_tags(text, get_family("pony_v6"), subgroups=True).text == wanted


def test_another_order_of_the_groups():
    assert sort_tags("masterpiece, 1girl, forest", order=["background"]).text == "forest, masterpiece, 1girl"
    with pytest.raises(PromptError, match="no tag group 'hair'"):
        sort_tags("1girl", order=["hair"])


def test_groups_stay_whole_on_request():
    assert sort_tags("(smile, red hair:1.2), forest, 1girl", split=False).text == "1girl, (smile, red hair:1.2), forest"


def test_an_unknown_dialect_is_refused():
    with pytest.raises(UnknownDialect):
        sort_tags("1girl", dialect="midjourney")


def test_the_report_tells_the_fewest_moves():
    result = sort_tags("1girl, red hair, smile, masterpiece")
    assert result.report() == "moved masterpiece: to the front"
    assert sort_tags("masterpiece").report() == "changed nothing"


def test_the_report_writes_tags_as_they_are():
    assert sort_tags("1girl, forest, :d").report() == "moved :d: behind 1girl"
    assert sort_tags("masterpiece, forest, blush, :d").report() == "moved forest: behind :d"


def test_what_items_hold():
    found = items(parse("(smile, red hair:1.2), <lora:x:1>, a (b", "a1111"))
    assert [item.names for item in found] == [("smile", "red hair"), (), ("a", "b")]
    assert [item.reference for item in found] == [False, True, False]
    assert [item.fixed for item in found] == [False, False, True]


@pytest.mark.parametrize(
    ("numbers", "length"), [([], 0), ([1], 1), ([3, 0, 1, 2], 3), ([2, 1, 0], 1), ([0, 4, 1, 5, 2, 6], 4)]
)
def test_the_longest_rise(numbers, length):
    found = longest_rise(numbers)
    assert len(found) == length
    assert [number for number in numbers if number in found] == sorted(found)
