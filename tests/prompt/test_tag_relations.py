from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.prompt.tags import vocabulary
from tagloom.prompt.tags.listing import names_of, tag_data

NAMES = [entry.name for entry in vocabulary()]


@pytest.mark.parametrize(
    ("name", "implied"),
    [
        ("cat ears", {"animal ears"}),
        ("black thighhighs", {"thighhighs"}),
        ("serafuku", {"school uniform", "sailor collar", "uniform"}),
        ("holding umbrella", {"holding", "umbrella"}),
        ("absurdly long hair", {"very long hair", "long hair"}),
        ("red rose", {"rose", "flower"}),
        ("torn jeans", {"jeans", "torn pants", "torn clothes", "pants", "denim"}),
        ("thigh highs", set()),
        ("black thigh-highs", {"thighhighs"}),
        ("pointy ears", set()),
        ("holding hands", set()),
        ("no wings", set()),
        ("1girl", set()),
        ("no such tag", set()),
    ],
)
def test_implications(name, implied):
    assert set(vocabulary().implied(name)) == implied


def test_what_is_near_comes_first():
    assert vocabulary().implied("clownfish") == ("tropical fish", "fish", "animal")


def test_implications_name_known_tags_and_no_circle():
    """At least 1,500 tags imply others; none implies itself, or what implies it."""
    known = set(NAMES)
    listed = tag_data("implications")["tags"]
    assert set(listed) <= known
    assert {name for text in listed.values() for name in names_of(text)} <= known
    implying = {name: vocabulary().implied(name) for name in NAMES if vocabulary().implied(name)}
    assert len(implying) >= 1500
    assert [pair for pair in implying.items() if pair[0] in pair[1] or len(pair[1]) != len(set(pair[1]))] == []
    assert [
        (name, other) for name, others in implying.items() for other in others if name in implying.get(other, ())
    ] == []


def test_rules_of_implication_name_known_tags():
    rules = tag_data("implications")["rules"]
    known = set(NAMES)
    assert set(names_of(rules["endings"])) <= known
    assert {*rules["kinds"].values(), *rules["beginnings"].values(), *names_of(rules["except"])} <= known
    for ending in [*names_of(rules["endings"]), *rules["kinds"]]:
        assert any(name.endswith(f" {ending}") for name in NAMES), ending
    for beginning in rules["beginnings"]:
        assert any(name.startswith(f"{beginning} ") for name in NAMES), beginning


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("solo", "2girls"),
        ("solo", "multiple girls"),
        ("1girl", "3girls"),
        ("long hair", "short hair"),
        ("absurdly long hair", "very short hair"),
        ("blonde hair", "black hair"),
        ("blond hair", "black hair"),
        ("day", "night"),
        ("indoors", "outdoors"),
        ("white background", "outdoors"),
        ("closed eyes", "looking at viewer"),
        ("looking at viewer", "looking away"),
        ("open mouth", "closed mouth"),
        ("standing", "sitting"),
        ("standing", "wariza"),
        ("full body", "portrait"),
        ("newest", "oldest"),
        ("monochrome", "colorful"),
        ("barefoot", "black thighhighs"),
        ("masterpiece", "worst quality"),
    ],
)
def test_contradicting_tags(first, second):
    canonical_first = vocabulary().find(first).name
    assert second in vocabulary().conflicts(first)
    assert canonical_first in vocabulary().conflicts(second)
    assert [pair[:2] for pair in vocabulary().contradictions([first, second])] == [(canonical_first, second)]


@pytest.mark.parametrize(
    "names",
    [
        ["1girl", "1boy"],
        ["1girl", "solo", "long hair", "very long hair"],
        ["blonde hair", "black hair", "two-tone hair"],
        ["blonde hair", "black hair", "2girls"],
        ["blue eyes", "red eyes", "heterochromia"],
        ["short hair with long locks", "short hair", "long hair"],
        ["blush", "smile", "open mouth", ":d"],
        ["upper body", "from side", "profile"],
        ["bedroom", "window", "indoors", "outdoors"],
        ["long sleeves", "sleeveless", "jacket"],
        ["no such tag", "another one"],
        [],
    ],
)
def test_tags_that_go_together(names):
    assert vocabulary().contradictions(names) == ()


def test_a_contradiction_is_told_once_with_its_subject():
    found = vocabulary().contradictions(["night", "solo", "blue sky", "2girls", "solo"])
    assert found == (("night", "blue sky", "time of day"), ("solo", "2girls", "being alone"))


def test_conflicts_name_known_tags():
    known = set(NAMES)
    for rule in tag_data("conflicts")["rules"]:
        assert rule.keys() <= {"subject", "tags", "against", "unless"}
        for key in rule.keys() - {"subject"}:
            names = names_of(rule[key])
            assert len(names) == len(set(names))
            assert set(names) <= known, rule["subject"]
        assert "against" in rule or len(names_of(rule["tags"])) > 1


def test_no_tag_contradicts_itself_or_what_it_implies():
    for name in NAMES:
        assert not vocabulary().conflicts(name) & {name, *vocabulary().implied(name)}, name


def test_contradictions_go_both_ways():
    conflicts = {name: vocabulary().conflicts(name) for name in NAMES}
    assert [
        (name, other) for name, others in conflicts.items() for other in others if name not in conflicts[other]
    ] == []


@given(st.lists(st.sampled_from(NAMES), max_size=12))
def test_contradictions_are_pairs_of_conflicts(names):
    for first, second, _ in vocabulary().contradictions(names):
        assert second in vocabulary().conflicts(first)
        assert names.index(first) < names.index(second)


@given(st.lists(st.sampled_from(["solo", "1girl", "2girls", "day", "night", "smile", "frown"]), unique=True))
def test_without_excuses_every_pair_of_conflicts_is_told(names):
    told = {pair[:2] for pair in vocabulary().contradictions(names)}
    pairs = {pair for pair in itertools.combinations(names, 2) if pair[1] in vocabulary().conflicts(pair[0])}
    excused = {("smile", "frown"), ("frown", "smile")} if "2girls" in names else set()
    assert told == pairs - excused
