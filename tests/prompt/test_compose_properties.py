"""What holds for every prompt, in every dialect: nothing is lost, no weight changes, a second time changes nothing."""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagloom.prompt.compose import (
    compose_negative,
    describe,
    enhance,
    format_prompt,
    items,
    merge,
    remove_repeats,
    sort_tags,
)
from tagloom.prompt.compose.grouping import known_name
from tagloom.prompt.families import get_family
from tagloom.prompt.lists import LAYOUTS
from tagloom.prompt.syntax import DIALECTS, Kind, attention, parse
from tagloom.prompt.syntax.edits import Edit, apply_edits

WORDS = [
    *("masterpiece", "best quality", "1girl", "Long_Hair", "smile", "hat", "sitting", "forest", "sks style", "blurry"),
    *("cat ears", "animal ears", ";)", ":3", ">:(", "^_^", "score_9", "re:zero", r"miku \(vocaloid\)", "a\\", "(x)"),
    *("<lora:foo:0.8>", "embedding:bad", "__hair__", "{red|blue} hair", "{hat|(smile}", "[smile:frown:0.5]"),
    *("[1girl|1boy]", "# note", "tag:1.5", "", " ", "a b", "masterpiece:1.2", "\N{CJK UNIFIED IDEOGRAPH-521D}", "\0"),
]
GROUPS = {
    "a1111": ["({}:1.2)", "({})", "[{}]", "(({}):1.1)", "({}:-0.5)"],
    "comfyui": ["({}:1.2)", "({})", "(({}):1.1)", "(({}:1.3))", "({}:0.5)"],
    "novelai3": ["{{{}}}", "[{}]", "{{{{{}}}}}"],
    "novelai4": ["{{{}}}", "[{}]", "1.2::{}::", "-1::{}::"],
    "compel": ["({})1.2", "({})++", "{}++", "(({})0.8)+"],
}
STRAY = [*"()[]{}:|\\,\n#", "::", " AND ", " BREAK ", "AND", ":1.2)", ":0.5 "]
JOINS = [", ", ", ", ", ", ",", " , ", "\n", ",\n", " ", "，", "\r\n", " AND ", " BREAK ", "\nBREAK\n", ":0.5 AND "]
some = settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])
FAMILIES = ["illustrious", "animagine_40", "pony_v6", "neta_lumina", "flux1_dev", "anima"]
families = st.sampled_from(FAMILIES).map(get_family)


@st.composite
def prompts(draw: st.DrawFn, dialect: str, stray: bool = True) -> str:
    """Draw a prompt of a dialect: tags and groups of tags between separators, now and then with stray syntax."""
    parts: list[str] = []
    for _ in range(draw(st.integers(0, 7))):
        inner = ", ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)))
        shape = draw(st.sampled_from(["{}", "{}", *GROUPS[dialect]]))
        parts += [shape.format(inner), draw(st.sampled_from(JOINS))]
        if stray and draw(st.integers(0, 7)) == 0:
            parts.append(draw(st.sampled_from(STRAY)))
    return "".join(parts[:-1] if draw(st.booleans()) else parts)


dialect_and_prompt = st.sampled_from(DIALECTS).flatmap(lambda dialect: st.tuples(st.just(dialect), prompts(dialect)))
any_text = st.tuples(st.sampled_from(DIALECTS), st.text())
either = dialect_and_prompt | any_text


def weights(text: str, dialect: str) -> Counter[tuple[str, str]]:
    """Return how often each character has each weight, by the dialect's own attention parser; comments don't count."""
    comments = [Edit(node.start, node.end, "") for node in parse(text, dialect).of_kind(Kind.COMMENT)]
    found: Counter[tuple[str, str]] = Counter()
    for segment in attention(apply_edits(text, comments), dialect, tag_aware=True):
        letters = (char for char in segment.text if not char.isspace() and char not in ",_，、")
        found.update((letter, f"{segment.weight:.6g}") for letter in letters)
    return found


def tags(text: str, dialect: str) -> Counter[tuple[str, str]]:
    return Counter((known_name(tag.name), f"{tag.weight:.6g}") for tag in parse(text, dialect).tags)


def others(text: str, dialect: str) -> Counter[tuple[Kind, str]]:
    """Return everything that is neither a tag nor a bracket or a separator."""
    tree = parse(text, dialect)
    silent = (Kind.PROMPT, Kind.ATTENTION, Kind.TAG, Kind.SEPARATOR, Kind.SPACE, Kind.EDGE, Kind.AND, Kind.BREAK)
    found = Counter((node.kind, tree.source(node).strip()) for node in tree.nodes if node.kind not in silent)
    return found + Counter((node.kind, "") for node in tree.of_kind(Kind.AND, Kind.BREAK))


@some
@given(either, st.booleans(), st.booleans())
def test_sorting_keeps_every_tag_with_its_weight(pair, split, subgroups):
    dialect, text = pair
    result = sort_tags(text, dialect=dialect, split=split, subgroups=subgroups).text
    assert tags(result, dialect) == tags(text, dialect)
    assert weights(result, dialect) == weights(text, dialect)
    assert others(result, dialect) == others(text, dialect)


@some
@given(either, st.booleans(), st.booleans(), families)
def test_sorting_twice_changes_nothing(pair, split, subgroups, family):
    dialect, text = pair
    once = sort_tags(text, family, dialect=dialect, split=split, subgroups=subgroups)
    twice = sort_tags(once.text, family, dialect=dialect, split=split, subgroups=subgroups)
    assert (twice.text, twice.changes) == (once.text, ())


@some
@given(either)
def test_sorting_moves_nothing_across_borders(pair):
    """What stands between two ANDs or BREAKs stays there; each part holds the tags that it held."""
    dialect, text = pair
    assert parts(sort_tags(text, dialect=dialect).text, dialect) == parts(text, dialect)


def parts(text: str, dialect: str) -> list[Counter[str]]:
    found: list[Counter[str]] = [Counter()]
    for node in parse(text, dialect).nodes:
        if node.kind in (Kind.AND, Kind.BREAK):
            found.append(Counter())
        elif node.kind is Kind.TAG:
            found[-1][str(node.value)] += 1
    return found


@some
@given(either, st.sampled_from(LAYOUTS), st.booleans(), st.booleans())
def test_formatting_keeps_every_tag_with_its_weight_in_its_place(pair, layout, spaces, escapes):
    dialect, text = pair
    result = format_prompt(text, dialect=dialect, layout=layout, spaces=spaces, escapes=escapes).text
    before = [(tag.name, f"{tag.weight:.6g}") for tag in parse(text, dialect).tags]
    assert [(tag.name, f"{tag.weight:.6g}") for tag in parse(result, dialect).tags] == before
    assert weights(result, dialect) == weights(text, dialect)
    assert others(result, dialect) == others(text, dialect)


@some
@given(either, st.sampled_from(LAYOUTS), st.booleans(), st.booleans())
def test_formatting_twice_changes_nothing(pair, layout, spaces, escapes):
    dialect, text = pair
    once = format_prompt(text, dialect=dialect, layout=layout, spaces=spaces, escapes=escapes)
    assert format_prompt(once.text, dialect=dialect, layout=layout, spaces=spaces, escapes=escapes).text == once.text


@some
@given(either, st.booleans(), st.booleans())
def test_removing_repeats_twice_changes_nothing(pair, implied, across):
    dialect, text = pair
    once = remove_repeats(text, dialect=dialect, implied=implied, across=across)
    twice = remove_repeats(once.text, dialect=dialect, implied=implied, across=across)
    assert (twice.text, twice.changes) == (once.text, ())


@some
@given(either, st.booleans())
def test_removing_repeats_loses_no_tag_and_makes_no_weight(pair, across):
    dialect, text = pair
    before, after = tags(text, dialect), tags(remove_repeats(text, dialect=dialect, across=across).text, dialect)
    assert after <= before
    assert {name for name, _ in after} == {name for name, _ in before}


@some
@given(either, st.booleans())
def test_removing_repeats_leaves_all_else(pair, implied):
    dialect, text = pair
    assert others(remove_repeats(text, dialect=dialect, implied=implied).text, dialect) == others(text, dialect)


@some
@given(st.sampled_from(DIALECTS).flatmap(lambda name: st.tuples(st.just(name), prompts(name), prompts(name))))
def test_merging_keeps_the_tags_of_both(triple):
    dialect, first, second = triple
    result = merge(first, second, dialect=dialect)
    both = tags(first, dialect) + tags(second, dialect)
    assert tags(result.text, dialect) <= both
    if "not joined" not in result.report():
        assert {name for name, _ in tags(result.text, dialect)} == {name for name, _ in both}


@some
@given(either, families, st.sampled_from(["light", "standard", "full"]))
def test_enhancing_weights_the_added_tags_by_one_and_leaves_the_rest(pair, family, level):
    dialect, text = pair
    result = enhance(text, family, level, dialect=dialect)
    added = Counter((known_name(tag), "1") for tag in result.added)
    body = result.text.removeprefix(result.system)
    assert tags(body, dialect) == tags(text, dialect) + added
    assert weights(body, dialect) == weights(text, dialect) + weights(", ".join(result.added), dialect)
    assert others(body, dialect) == others(text, dialect)


@some
@given(either, families, st.sampled_from(["light", "standard", "full"]))
def test_enhancing_twice_adds_nothing(pair, family, level):
    dialect, text = pair
    once = enhance(text, family, level, dialect=dialect)
    twice = enhance(once.text, family, level, dialect=dialect)
    assert (twice.text, twice.added, twice.system) == (once.text, (), "")


@some
@given(either, families)
def test_negatives_weight_the_added_tags_by_one_and_leave_the_rest(pair, family):
    dialect, text = pair
    result = compose_negative(text, family, ["quality", "text"], dialect=dialect)
    added = Counter((known_name(tag), "1") for tag in result.added)
    assert tags(result.text.removeprefix(result.system), dialect) == tags(text, dialect) + added


@some
@given(either)
def test_the_items_and_what_is_between_them_are_the_prompt(pair):
    dialect, text = pair
    found = items(parse(text, dialect))
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert all(text[item.start : item.end].strip(" ") for item in found)


@some
@given(either)
def test_every_tag_is_described_once(pair):
    dialect, text = pair
    described = Counter(tag.start for tags in describe(text, dialect=dialect).groups.values() for tag in tags)
    assert described == Counter(tag.start for tag in parse(text, dialect).tags)


LONG = [
    *("(" * 2000 + "smile" + ")" * 2000, "(" * 2000, "[" * 2000 + "a:b:0.5" + "]" * 2000, "1girl, " * 2000),
    *("forest, (1girl, smile:1.2), " * 500, "a" * 100_000, "a AND " * 2000, "a:-1 AND " * 1400),
    *("\0\ud800, " * 3000, "(smile, forest, " * 800, "{hat|smile}, " * 1000, "(a (b), " * 1500),
    *("long hair " * 10_000, "(a), " * 2500),
]


@pytest.mark.parametrize("text", LONG, ids=lambda text: repr(text[:12]))
def test_long_and_deep_prompts_take_little_time(text, dialect="a1111"):
    """Each takes about a fifth of a second at most; the limit leaves room for a busy machine."""
    family = get_family("animagine_40")
    calls = [
        lambda: sort_tags(text, dialect=dialect, subgroups=True),
        lambda: remove_repeats(text, dialect=dialect, implied=True, across=True),
        lambda: format_prompt(text, dialect=dialect, layout="lines", spaces=True, escapes=True),
        lambda: enhance(text, family, dialect=dialect),
        lambda: compose_negative(text, family, positive=text, dialect=dialect),
        lambda: merge(text, "smile", dialect=dialect),
        lambda: describe(text, dialect=dialect),
    ]
    for call in calls:
        start = time.process_time()
        call()
        assert time.process_time() - start < 1
