"""A prompt matrix: all combinations, what sets each apart, and how many there may be."""

import pytest

from tagloom.prompt.errors import ExpansionTooLarge, UnknownWildcard
from tagloom.prompt.wildcards import MOST_LISTED, combinations, expand, matrix


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "place.txt").write_text("forest\n{dark|light} city", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("1girl, {red|blue} hair, __place__", "red · forest|red · dark city|red · light city|blue · forest|"
         "blue · dark city|blue · light city"),
        ("{a {b|c}|d} hat", "a b|a c|d"),
        ("{2$$red|{blue|green}}", "red, blue|red, green|blue, red|green, red"),
        ("{red hat, |}smile", "red hat|nothing"),
        ("{always} {0::never|same} {red|blue}", "red|blue"),
        ("{red|\n  deep\n  blue\n} hair", "red|deep blue"),
        ("({red|blue} hair:1.{1|2})", "red · 1|red · 2|blue · 1|blue · 2"),
        ("{<lora:a:1>|<lora:b:1>}", "<lora:a:1>|<lora:b:1>"),
        ("{red|red}", "|"),
        ("1girl", ""),
    ],
)  # fmt: skip
def test_labels_say_what_differs(text, labels, folder):
    found = matrix(text, folder)
    assert found.labels == tuple(labels.split("|"))
    assert found.prompts == tuple(expanded.text for expanded in combinations(text, folder))


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{a|a} b {c {d|d}|c {d|d}}{|}", ("a", "c d", "")),
        ("{2$$ and $$a|a}, __hat__", ("a and a", "straw hat")),
        ("a", ()),
    ],
)
def test_an_expansion_tells_what_became_of_each_place(text, filled, tmp_path):
    (tmp_path / "hat.txt").write_text("{straw|straw} hat", encoding="utf-8")
    assert expand(text, 3, tmp_path).filled == filled


def test_the_dialect_says_what_is_a_variant():
    assert matrix("{red|blue}", dialect="novelai4").prompts == ("{red|blue}",)
    assert matrix("|_|, {a|b}", tag_aware=True).prompts == ("|_|, a", "|_|, b")


@pytest.mark.parametrize(
    ("count", "limit", "message"),
    [
        (17, 16, r"^the prompt has 17 combinations, and limit is 16; raise limit to 17, or use fewer options$"),
        (2, 1, "raise limit to 2"),
        (MOST_LISTED + 1, MOST_LISTED, f"takes at most {MOST_LISTED}; use fewer wildcards .* the node Wildcards"),
        (MOST_LISTED + 1, 10**6, f"takes at most {MOST_LISTED}"),
    ],
)
def test_too_many_are_refused(count, limit, message):
    with pytest.raises(ExpansionTooLarge, match=message):
        matrix("{" + "|".join(map(str, range(count))) + "}", limit=limit)


def test_so_many_that_nobody_counts_are_refused_at_once():
    with pytest.raises(ExpansionTooLarge, match="has 1,000,000,000,000,000,000 or more combinations"):
        matrix("{a|b}" * 5000)


@pytest.mark.parametrize("limit", [16, MOST_LISTED])
def test_as_many_as_the_limit_are_made(limit):
    assert len(matrix("{" + "|".join(map(str, range(limit))) + "}", limit=limit).prompts) == limit


def test_an_unknown_wildcard_is_the_error_that_it_always_is(folder):
    with pytest.raises(UnknownWildcard, match="did you mean place"):
        matrix("{a|__plase__}", folder)


def test_the_report():
    assert matrix("{red|red|blue}\nhat, {3$$x}").report().splitlines() == [
        "combinations: 3",
        "red -> red hat, x",
        "red -> red hat, x",
        "blue -> blue hat, x",
        "prompts that are the same as one before: 1",
        "{3$$x} at character 21, in line 2: 3 options are asked for, but there are 1: no more are taken",
    ]
