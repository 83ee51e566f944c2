"""Chance that is none: what seeds choose, how often, and that choices don't touch one another."""

import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.prompt.errors import PromptError
from tagloom.prompt.syntax import Kind, parse
from tagloom.prompt.wildcards import WildcardFolders, combinations, expand
from tagloom.prompt.wildcards.draws import Odds, Seeded
from tagloom.prompt.wildcards.sites import Region, Site, read_prompt

DIALECTS = ("a1111", "comfyui")
TEXT = st.text(alphabet="ab_{}|$:()[]\\,1-2 \n#*/<>\0", max_size=60) | st.text(max_size=30)
PIECES = [
    "{",
    "|",
    "}",
    "2$$",
    "1-2$$",
    "and$$",
    "0.5::",
    "__x__",
    "__y/*__",
    "a",
    ",_",
    "(",
    ":1.2)",
    ":)",
    "[",
    "]",
    "\\",
]
PROMPTS = st.lists(st.sampled_from(PIECES) | TEXT, max_size=30).map("".join)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("wildcards")
    (root / "x.txt").write_text("red\n3::blue\n__y/z__\n{p|q}\n", encoding="utf-8")
    (root / "w.yaml").write_text("y: {z: [one, two]}\n", encoding="utf-8")
    return WildcardFolders(root)


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (0, "c f, e one h"),
        (1, "c f, d two i, h"),
        (-1, "a e, f two g, i"),
        (2**64 - 1, "b d, e two g, h"),
    ],
)
def test_a_seed_chooses_the_same_for_ever(seed, expected, folders):
    """Saved workflows depend on it: never change how draws are made."""
    assert expand("{a|b|c} {2$$d|e|f} __x__ {1-3$$g|h|i}", seed, folders).text == expected


def test_no_hash_seed_makes_a_difference(folders):
    text = "__**__ {3$$a|b|c|d} __x__"
    code = f"from tagloom.prompt.wildcards import expand; print(expand({text!r}, 7, {str(folders.folders[0])!r}).text)"
    for hash_seed in "12":
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.rstrip("\n") == expand(text, 7, folders).text


SEEDS = range(2000)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("{a|b}", {"a": 0.5, "b": 0.5}),
        ("{0.5::a|2::b}", {"a": 0.2, "b": 0.8}),
        ("{a|b|0::c|2::d}", {"a": 0.25, "b": 0.25, "d": 0.5}),
        ("__x__", {"red": 1 / 6, "blue": 0.5, "one": 1 / 12, "two": 1 / 12, "p": 1 / 12, "q": 1 / 12}),
        ("{2$$a|b|c}", {f"{x}, {y}": 1 / 6 for x in "abc" for y in "abc" if x != y}),
        ("{2$$2::a|b|c}", {"a, b": 1 / 4, "a, c": 1 / 4, "b, a": 1 / 6, "c, a": 1 / 6, "b, c": 1 / 12, "c, b": 1 / 12}),
        ("{1-2$$$$a|b}", {"a": 0.25, "b": 0.25, "ab": 0.25, "ba": 0.25}),
        ("{a|b}{a|b}", {"aa": 0.25, "ab": 0.25, "ba": 0.25, "bb": 0.25}),
        ("{{a|b}|{c|d}}", dict.fromkeys("abcd", 0.25)),
    ],
)
def test_shares(text, shares, folders):
    """Within 4 standard deviations of a share over 2,000 seeds."""
    found = [expand(text, seed, folders).text for seed in SEEDS]
    assert set(found) == set(shares)
    for result, share in shares.items():
        deviation = (len(SEEDS) * share * (1 - share)) ** 0.5
        assert abs(found.count(result) - len(SEEDS) * share) < 4 * deviation, result


def test_draws_without_putting_back_are_right_for_skewed_weights():
    """The first of two is drawn by weight, the second by weight among the rest."""
    odds = Odds([100, 1, 3])
    found = [tuple(Seeded(seed).sample(b"", odds, 2)) for seed in SEEDS]
    assert all(first != second for first, second in found)
    behind = [second for first, second in found if first == 0]
    assert abs(behind.count(2) / len(behind) - 0.75) < 0.05


def picks(text: str, seed: int, folders: WildcardFolders) -> list[str]:
    return [choice.picked[0].text for choice in expand(text, seed, folders).choices]


@pytest.mark.parametrize(
    ("before", "after", "unchanged"),
    [
        ("{a|b} {c|d|e} {f|g}", "{a|b} {x|y|z|w} {f|g}", [(0, 0), (2, 2)]),
        ("{a|b} {c|d} __x__", "{a|b} {{p|q|r}|d} and more __x__", [(0, 0)]),
        ("{a|b} __y/z__ {f|g}", "{a|b} __w__ {f|g} __y/z__", [(0, 0), (1, 3), (2, 2)]),
        ("{a {c|d}|b {c|d}}", "{x {c|d}|y {c|d}}", [(1, 1)]),
        ("{{a|b|c}|{a|b|c}}", "{{q|r}|{q|r}}", [(0, 0)]),
    ],
)
def test_changing_one_does_not_change_the_others(before, after, unchanged, tmp_path, folders):
    (tmp_path / "w.txt").write_text("1\n2\n3", encoding="utf-8")
    both = WildcardFolders([*folders.folders, tmp_path])
    place = {option: index for index, option in enumerate("abcdefghijklmnopqrstuvwxyz")}
    for seed in range(200):
        old, new = picks(before, seed, both), picks(after, seed, both)
        for left, right in unchanged:
            if left == 0 and before.startswith("{{"):
                assert ("{a" in old[0]) == ("{q" in new[0])
            else:
                assert old[left] == new[right], (seed, place)


def test_other_lines_change_nothing_elsewhere(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("{a|b|c}\n{a|b|c}", encoding="utf-8")
    before = [expand("{p|q} __x__ {r|s}", seed, tmp_path).text for seed in range(100)]
    path.write_text("# more\n{a|b|c}\n{a|b|c}\n{a|b|c}", encoding="utf-8")
    assert [expand("{p|q} __x__ {r|s}", seed, tmp_path).text for seed in range(100)] == before


@given(PROMPTS, st.integers(), st.sampled_from(DIALECTS), st.booleans())
def test_only_choices_change_and_nothing_else_is_raised(folders, text, seed, dialect, tag_aware):
    try:
        expanded = expand(text, seed, folders, dialect, tag_aware)
    except PromptError:
        return
    assert expand(text, seed, folders, dialect, tag_aware) == expanded
    place = end = 0
    for site in read_prompt(text, dialect, tag_aware).region.sites:
        kept = text[end : site.start]
        place = expanded.text.index(kept, place) + len(kept)
        end = site.end
    assert expanded.text[place:].endswith(text[end:])
    if not expanded.choices:
        assert expanded.text == text


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5), st.integers(), st.integers(0, 4))
def test_each_choice_is_one_of_the_options(options, seed, count):
    text = f"{{{count}$$+$$" + "|".join(options) + "}"
    [choice] = expand(text, seed).choices
    chosen = [pick.text for pick in choice.picked]
    assert len(chosen) == min(count, len(options))
    assert all(chosen.count(option) <= options.count(option) for option in chosen)


@given(PROMPTS, st.sampled_from(DIALECTS), st.booleans())
def test_sites_are_the_trees(text, dialect, tag_aware):
    """One grammar: each wildcard and variant of the syntax tree is a site, if no backslash protects it."""
    tree = parse(text, dialect, tag_aware)
    found: dict[tuple[int, int], Site] = {}
    waiting: list[Region] = [read_prompt(text, dialect, tag_aware).region]
    while waiting:
        for site in waiting.pop().sites:
            found[site.start, site.end] = site
            waiting += site.options
    wildcards = {(node.start, node.end): node.value for node in tree.of_kind(Kind.WILDCARD)}
    assert {span: site.name for span, site in found.items() if site.name is not None} == wildcards
    if "\\" not in text:
        assert {(node.start, node.end) for node in tree.of_kind(Kind.VARIANT)} <= set(found)


@pytest.mark.parametrize(
    "text",
    [
        "1girl, {a|b}, " * 7000,
        "{|}" * 20_000,
        "{1-$$" + "2::a|b|" * 14_000 + "}",
        "{a|" * 2000 + "b" + "}" * 2000,
        "{" * 2000 + "b" * 90_000 + "|c}" * 2000,
        "{2$$" * 2000 + "a" + "}" * 2000,
        "(" * 2000 + "{a|b}" + ")" * 2000,
        "{" * 100_000,
        "{" + "1" * 99_990 + "|a}",
        "{a\nb" + " " * 99_990 + "|c}",
        "_" * 100_000,
        "\\" * 99_995 + "{a|b}",
        "{\0|\ud800}" * 10_000,
        "__" + "*a" * 90 + "__",
    ],
    ids=lambda text: f"{text[:12]!r}",
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_takes_long(text, dialect, folders):
    for make in (lambda: expand(text, 1, folders, dialect), lambda: combinations(text, folders, dialect).count):
        start = time.process_time()
        try:
            make()
        except PromptError:
            assert "*a" in text
        assert (
            time.process_time() - start < 20
        )  # the figure is in benchmarks/hostile.py; a walk that is not linear takes minutes
