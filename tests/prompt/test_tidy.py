"""Tidying is joining, removing repeats, sorting and formatting, in this order; each can be left out but the last."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import (
    LAYOUTS,
    PromptError,
    UnknownDialect,
    format_prompt,
    get_family,
    merge,
    remove_repeats,
    sort_tags,
    tidy,
)
from tagloom.prompt.syntax import DIALECTS, parse_tags

MESSY = "forest,, (smile:1.2) , 1girl, smile,masterpiece"
PIECES = [
    *("masterpiece", "1girl", "Long_Hair", "smile", "(smile:1.2)", "black jacket", "forest", ";)", "[hat]", "((hat))"),
    *("<lora:x:1>", "[day:night:0.5]", "{a|b}", "AND", "BREAK", ",", ",,", "\n", " ", "(", ")"),
]
prompts = st.lists(st.sampled_from(PIECES), max_size=8).map(", ".join) | st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (MESSY, {}, "masterpiece, 1girl, (smile:1.2), forest"),
        (MESSY, {"sort": False}, "forest, (smile:1.2), 1girl, masterpiece"),
        (MESSY, {"repeats": False}, "masterpiece, 1girl, (smile:1.2), smile, forest"),
        (MESSY, {"sort": False, "repeats": False}, "forest, (smile:1.2), 1girl, smile, masterpiece"),
        (MESSY, {"second": "hat, 1girl"}, "masterpiece, 1girl, (smile:1.2), hat, forest"),
        ("1girl", {"second": " \n "}, "1girl"),
        ("", {"second": "1girl"}, "1girl"),
        ("", {}, ""),
        ("masterpiece, 1girl, forest", {"layout": "lines"}, "masterpiece,\n1girl,\nforest"),
        ("masterpiece,\n1girl", {"layout": "one line"}, "masterpiece, 1girl"),
        ("score_9, 1girl", {"family": get_family("pony_v6")}, "score_9, 1girl"),
        ("1girl, hat AND hat", {"dialect": "a1111"}, "1girl, hat AND hat"),
        ("1girl, [[hat]], (hat:0.9)", {"dialect": "a1111"}, "1girl, (hat:0.9)"),
        ("hat, ;), ;)", {}, ";), hat"),
    ],
)
def test_a_tidy_prompt(text, options, expected):
    assert tidy(text, **options).text == expected


@pytest.mark.parametrize(("sort", "repeats"), [*itertools.product([True, False], repeat=2)])
@pytest.mark.parametrize("second", ["", "hat, smile, (blue fire:1.3)"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dialect", ["a1111", "comfyui"])
def test_it_is_the_four_steps_in_their_order(sort, repeats, second, layout, dialect):
    family = get_family("illustrious")
    text, changes, remarks = MESSY, [], {}
    steps = [
        (bool(second), lambda prompt: merge(prompt, second, dialect=dialect)),
        (repeats, lambda prompt: remove_repeats(prompt, dialect=dialect)),
        (sort, lambda prompt: sort_tags(prompt, family, dialect=dialect)),
        (True, lambda prompt: format_prompt(prompt, dialect=dialect, layout=layout, family=family)),
    ]
    for wanted, step in steps:
        if wanted:
            done = step(text)
            text = done.text
            changes += done.changes
            remarks |= dict.fromkeys(done.remarks)
    result = tidy(MESSY, second, dialect=dialect, sort=sort, repeats=repeats, layout=layout, family=family)
    assert (result.text, result.changes, result.remarks) == (text, tuple(changes), tuple(remarks))


def test_every_change_is_told():
    result = tidy("forest, smile, 1girl, smile", "hat")
    assert [change.what for change in result.changes] == ["added", "removed", "moved", "moved"]
    assert "removed smile: repeated" in result.report()


def test_a_tidy_prompt_is_left_letter_by_letter():
    result = tidy("masterpiece, 1girl, (smile:1.20), forest")
    assert result.text == "masterpiece, 1girl, (smile:1.20), forest"
    assert (result.changes, result.report()) == ((), "changed nothing")


def test_what_contradicts_in_the_second_prompt_is_remarked_once():
    result = tidy("1girl, long hair", "short hair")
    assert len([remark for remark in result.remarks if "contradict" in remark]) == 1


def test_tags_that_look_like_syntax_stay_unless_they_are_read_to_the_letter():
    text = "(reverse:1999), hat, reverse:1999"
    assert [tag.name for tag in parse_tags(tidy(text, dialect="comfyui").text, "comfyui")] == ["reverse:1999", "hat"]
    assert len(parse_tags(tidy(text, dialect="comfyui", tag_aware=False).text, "comfyui", tag_aware=False)) == 3


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [({"layout": "wide"}, PromptError, "'wide'"), ({"dialect": "webui"}, UnknownDialect, "'webui'")],
)
@pytest.mark.parametrize("switched", [True, False])
def test_what_does_not_exist_is_refused_whatever_is_switched_off(options, error, named, switched):
    with pytest.raises(error, match=named):
        tidy("1girl", sort=switched, repeats=switched, **options)


def test_what_has_too_many_parts_is_left_as_it_is_and_says_so():
    text = "smile, " * 12_000
    assert tidy(text).text == text
    assert tidy(text).remarks == ("left as it is: 12,000 commas and brackets; more than 10,000 are too many",)
    with pytest.raises(PromptError, match="these prompts can't be joined: 12,000 commas and brackets"):
        merge(text, "blush")


def lasting(text: str, dialect: str) -> dict[str, float]:
    """Return each tag's strongest weight: what tidying must keep."""
    weights: dict[str, float] = {}
    for tag in parse_tags(text, dialect):
        weights[tag.name] = max(weights.get(tag.name, 0), abs(tag.weight))
    return {name: round(weight, 3) for name, weight in weights.items()}


@settings(deadline=None)
@given(prompts, st.sampled_from(DIALECTS))
def test_tidying_keeps_each_tag_with_its_strongest_weight_and_is_idempotent(text, dialect):
    once = tidy(text, dialect=dialect)
    assert lasting(once.text, dialect) == lasting(text, dialect)
    assert tidy(once.text, dialect=dialect).text == once.text
