from __future__ import annotations

import pytest

from tagloom.prompt import merge, remove_repeats


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("1girl, smile", "1girl, smile"),
        ("smile, 1girl, smile", "smile, 1girl"),
        ("smile, 1girl, smile,", "smile, 1girl,"),
        ("smile,smile,smile", "smile"),
        ("Long_Hair, long hair, LONG HAIR", "Long_Hair"),
        (r"miku \(vocaloid\), hat, miku_\(vocaloid\)", r"miku \(vocaloid\), hat"),
        ("1 girl, hat, 1girl", "1 girl, hat"),
        ("smile, hat\nsmile\ngrin", "smile, hat\ngrin"),
        ("hat\nsmile, smile\ngrin", "hat\nsmile\ngrin"),
        ("smile, hat, (smile:1.3)", "(smile:1.3), hat"),
        ("(smile:1.3), hat, smile", "(smile:1.3), hat"),
        ("(smile:0.8), hat, smile", "smile, hat"),
        ("smile, (hat, smile:1.3)", "(hat, smile:1.3)"),
        ("(smile, hat:1.3), smile", "(smile, hat:1.3)"),
        ("(smile, hat:1.3), ((smile)), hat", "(smile, hat:1.3)"),
        ("(hat, smile, hat:1.3)", "(hat, smile:1.3)"),
        ("smile, (smile), [smile]", "(smile)"),
        ("smile AND smile", "smile AND smile"),
        ("smile, hat BREAK smile, hat", "smile, hat BREAK smile, hat"),
        ("[smile:frown:0.5], smile", "[smile:frown:0.5], smile"),
        ("{smile|grin}, smile, smile", "{smile|grin}, smile"),
        ("smile <lora:a:1>, smile", "smile <lora:a:1>, smile"),
        ("<lora:a:1>, <lora:a:1>", "<lora:a:1>, <lora:a:1>"),
        (";), hat, ;)", ";), hat"),
        ("smile, (hat, smile", "(hat, smile"),
        ("# smile\nsmile, hat, smile", "# smile\nsmile, hat"),
        ("long smile, smile", "long smile, smile"),
        ("cat ears, animal ears", "cat ears, animal ears"),
    ],
)
def test_repeats_are_removed(text, expected):
    assert remove_repeats(text, dialect="a1111").text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat ears, animal ears", "cat ears"),
        ("animal ears, cat ears", "cat ears"),
        ("(animal ears:1.3), cat ears", "(animal ears:1.3), cat ears"),
        ("animal ears, (cat ears:1.3)", "(cat ears:1.3)"),
        ("animal ears AND cat ears", "animal ears AND cat ears"),
    ],
)
def test_implied_tags_are_removed_on_request(text, expected):
    assert remove_repeats(text, dialect="a1111", implied=True).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("smile, hat BREAK smile, 1girl", "smile, hat BREAK 1girl"),
        ("smile, hat BREAK smile", "smile, hat BREAK smile"),
        ("smile, hat AND smile, hat", "smile, hat AND smile, hat"),
        ("smile BREAK (smile:1.4), 1girl", "smile BREAK (smile:1.4), 1girl"),
        ("smile, hat BREAK (smile:1.4), 1girl", "hat BREAK (smile:1.4), 1girl"),
    ],
)
def test_repeats_across_borders_are_removed_on_request(text, expected):
    assert remove_repeats(text, dialect="a1111", across=True).text == expected


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("comfyui", "smile, ((smile:1.3):1.2)", "((smile:1.3):1.2)"),
        ("novelai4", "smile, hat, 1.3::smile::", "1.3::smile::, hat"),
        ("compel", "smile, hat, (smile)1.3", "(smile)1.3, hat"),
        ("novelai3", "smile, hat, {smile}", "{smile}, hat"),
    ],
)
def test_repeats_of_other_dialects(dialect, text, expected):
    assert remove_repeats(text, dialect=dialect).text == expected


def test_removals_and_the_weight_that_stays_are_told():
    result = remove_repeats("smile, hat, (smile:1.3)")
    assert result.report().splitlines() == [
        "removed (smile:1.3): repeated",
        "weight smile: is now (smile:1.3), the strongest of its repeats",
    ]
    assert remove_repeats("animal ears, cat ears", implied=True).report() == "removed animal ears: implied by cat ears"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), ""),
        (("", " "), ""),
        (("1girl",), "1girl"),
        (("1girl", "smile"), "1girl, smile"),
        (("1girl, ", "smile"), "1girl, smile"),
        (("1girl\n", "\nsmile"), "1girl, smile"),
        (("1girl, smile", "(smile:1.2), hat"), "1girl, (smile:1.2), hat"),
        (("1girl", "smile", "1girl, hat"), "1girl, smile, hat"),
        (("(1girl", "smile"), "smile, (1girl"),
        (("1girl AND forest:0.5", "smile"), "smile, 1girl AND forest:0.5"),
        (("1girl # note", "smile"), "smile, 1girl # note"),
    ],
)
def test_merged_prompts(texts, expected):
    assert merge(*texts, dialect="a1111").text == expected


def test_where_merging_puts_a_prompt_is_told():
    assert "added smile: in front of the rest" in merge("(1girl", "smile", dialect="a1111").report()


def test_prompts_that_can_t_be_joined_are_told():
    result = merge("(1girl", "(smile", dialect="a1111")
    assert result.text == "(1girl"
    assert "(smile: not joined" in result.report()


def test_contradictions_between_prompts_are_told():
    report = merge("1girl, smile", "2girls").report()
    assert "1girl and 2girls contradict one another" in report
    assert "contradict" not in merge("1girl, 2girls", "smile").report()
