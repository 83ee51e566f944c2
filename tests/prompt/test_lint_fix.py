from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagloom.prompt.families import get_family
from tagloom.prompt.lint import fix, fix_negative, lint, lint_negative, report
from tagloom.prompt.syntax import DIALECTS, Kind, parse

# The prompt, how it is meant, what the fixes that keep weights make of it, and what all fixes do.
CASES = [
    ("masterpiece, (smile:1.2), forest", {}, None, None),
    ("Masterpiece, Long_Hair, :D", {}, "masterpiece, long hair, :d", None),
    ("long hair blue eyes smile, 1girl long_hair", {}, "long hair, blue eyes, smile, 1girl", None),
    ("blush\nportrait\n\n(grin)", {}, "blush,\nportrait,\n\n(grin)", None),
    (",, blush,, ,grin", {}, "blush, grin", None),
    ("blush，grin、 forest", {}, "blush, grin, forest", None),
    ("（blush：１.２）, １girl", {}, "（blush：１.２）, 1girl", "(blush:1.2), 1girl"),
    ("blush, (grin), blush", {}, "blush, (grin)", None),
    ("(blush), grin, blush", {}, "(blush), grin, blush", "(blush), grin"),
    ("(blush, blush), grin\nblush, forest", {}, "(blush), grin,\nblush, forest", "(blush), grin,\nforest"),
    ("<lora:x:1>, blush, <lora:x:1>, blush", {}, "<lora:x:1>, blush, <lora:x:1>", None),
    ("(blush:4)", {}, "(blush:4)", "(blush:2)"),
    ("(avengers: infinity), grin", {}, "(avengers: infinity), grin", r"\(avengers: infinity\), grin"),
    ("(blush:1e0), (grin:+1.20)", {}, "(blush:1.0), (grin:1.2)", None),
    ("(blush:1,2), (grin:1..2)", {}, "(blush:1,2), (grin:1..2)", "(blush:1.2), (grin:1.2)"),
    ("(blush:1.2, grin:1.2)", {}, "(blush:1.2), (grin:1.2)", None),
    ("(blush:1.2, grin, forest:1.4)", {}, None, "(blush:1.2), (grin:1.4), (forest:1.4)"),
    ("best quality:1.2, grin", {}, None, "(best quality:1.2), grin"),
    ("blush, grin:1.2", {"dialect": "a1111"}, None, "blush, (grin:1.2)"),
    ("(blush:), (), grin, (:1.2)", {}, "(blush), grin", None),
    ("(blush 1.2), (grin, 1.2)", {}, None, "(blush:1.2), (grin:1.2)"),
    ("[blush:1.2], [grin]", {}, None, "(blush:1.2), (grin:0.91)"),
    ("{{{blush}}}, [[grin]], {hat, {cap}}", {}, None, "(blush:1.16), (grin:0.83), {hat, {cap}}"),
    ("{{{blush}}}, [[grin]]", {"dialect": "a1111"}, None, "(blush:1.16), [[grin]]"),
    ("{" * 30 + "blush" + "}" * 30, {}, None, None),
    ("1.5:: blue fire ::, 1girl", {}, None, "(blue fire:1.5), 1girl"),
    ("1.50::hat, cap::, .8::dress::", {"dialect": "a1111"}, None, "(hat, cap:1.5), (dress:0.8)"),
    ("1.5::hat::, 1girl", {"dialect": "compel"}, None, "(hat)1.5, 1girl"),
    ("9::hat::, 1girl", {}, None, "(hat:2), 1girl"),
    ("-1::hat::, 1.5::(cap)::, 1.5::dress", {}, None, None),
    ("1.5::hat BREAK cap::", {"dialect": "a1111"}, None, None),
    ("{1girl, red|blue hair", {}, None, None),
    ("(red hair1.3)", {}, None, "(red hair:1.3)"),
    ("blush), grin", {}, r"blush\), grin", None),
    ("blush), (grin:1.2)", {}, None, r"blush\), (grin:1.2)"),
    ("blush:1.2), grin", {}, None, "(blush:1.2), grin"),
    ("(blush:1.2, grin", {}, None, "(blush:1.2), grin"),
    ("(blush, grin", {"dialect": "a1111"}, "(blush, grin)", None),
    ("((blush, [grin AND (forest", {"dialect": "a1111"}, "((blush, [grin])) AND (forest)", None),
    ("(blush # a remark", {"dialect": "a1111"}, "(blush) # a remark", None),
    (";), (blush:1.2)", {}, r";\), (blush:1.2)", None),
    ("1girl, :3", {"dialect": "a1111"}, "1girl, :3,", None),
    ("(reverse:1999)", {}, "(reverse:1999:1.1)", None),
    ("2b (nier:automata), grin", {}, r"2b \(nier:automata\), grin", None),
    ("miku (vocaloid), grin", {}, None, r"miku \(vocaloid\), grin"),
    (r"bl\ush", {"dialect": "a1111"}, "blush", None),
    ("(blush, BREAK, grin:1.2)", {"dialect": "a1111"}, "(blush:1.2) BREAK (grin:1.2)", None),
    ("blush AND", {"dialect": "a1111"}, None, "blush"),
    ("AND blush", {"dialect": "a1111"}, None, "blush"),
    ("smile AND AND hat", {"dialect": "a1111"}, None, "smile AND hat"),
    ("AND AND hat AND :1.2 AND cap AND AND", {"dialect": "a1111"}, None, "hat AND cap"),
    ("1girl, smile :3", {"dialect": "a1111"}, None, "1girl, smile, :3,"),
    ("1girl, smile :3", {"dialect": "a1111", "tag_aware": False}, None, "1girl, smile, :3,"),
    ("hat, (cap), <lora:x:1> :3", {"dialect": "a1111"}, None, "hat, (cap), <lora:x:1>, :3,"),
    ("hat, (cap) :3 AND bow", {"dialect": "a1111"}, None, "hat, (cap), :3, AND bow"),
    ("hat AND :1.2 <lora:x:1>", {"dialect": "a1111"}, None, None),
    ("1girl, smile :2", {"dialect": "a1111"}, None, "1girl, (smile :2)"),
    ("<lora:x:1>, BREAK, blush AND, grin", {}, None, None),
    ("<lora:X_Y:1, blush", {"dialect": "a1111"}, None, None),
    ("(smile:1.2), (hat, cap:0.8)", {"dialect": "compel"}, None, "(smile)1.2, (hat, cap)0.8"),
    ("(smile:1.2)1.3, (smile:7), (:3)", {"dialect": "compel"}, None, None),
    ("forest, dress, (smile:1.2), 1girl, masterpiece", {}, None, None),
    ("score_9, masterpiece", {"family": "illustrious"}, "masterpiece", None),
    ("score 9, 1girl", {"family": "pony_v6"}, "score_9, 1girl", None),
    ("1girl, (smile:1.2) AND 1girl, (smile:1.2)", {"dialect": "a1111"}, None, None),
    ("[blush:grin:0.5], BREAK <lora:A_b:1> embedding:Foo_Bar, __Hair__", {"dialect": "a1111"}, None, None),
    ("A girl stands in the Forest. She smiles, and it rains.", {"family": "flux1_dev"}, None, None),
]


@pytest.mark.parametrize(("text", "given", "kept", "free"), CASES)
def test_fixes(text, given, kept, free):
    setting = {"dialect": "comfyui"} | given | ({"family": get_family(given["family"])} if "family" in given else {})
    kept = text if kept is None else kept
    assert fix(text, **setting).text == kept
    assert fix(text, **setting, weights=True).text == (kept if free is None else free)


def test_a_fixed_prompt_says_what_was_done_and_what_is_left():
    fixed = fix("Smile, looking at veiwer")
    assert (fixed.text, [finding.code for finding in fixed.applied]) == ("smile, looking at veiwer", ["TL101"])
    assert [finding.code for finding in fixed.left] == ["TL501"]
    assert set(fixed.as_dict()) == {"text", "applied", "left", "remark"}


def test_what_has_too_many_parts_is_left_as_it_is_and_says_so():
    text = "Smile, " * 10_000
    fixed = fix(text)
    assert (fixed.text, fixed.applied, fixed.left[0].code) == (text, (), "TL101")
    assert fixed.report().startswith("mended nothing: the prompt has 20,001 tags, commas and brackets, and no more ")


def test_a_negative_prompt_is_mended_too():
    assert fix_negative("Lowres, lowres, bad_hands").text == "lowres, bad hands"


PIECES = [
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "|",
        ",",
        ", ",
        "\n",
        "\\",
        r"\(",
        r"\)",
        ":1.2",
        ":",
        ":3",
        ":1e1",
        ".5)",
        " 1.2)",
    ),
    *("<lora:x:1>", "embedding:A", "__a__", "AND", "BREAK", " ", " AND ", " BREAK ", "Long_Hair", "blue eyes", "smile"),
    *(
        ";)",
        ":(",
        "^_^",
        "score_9",
        "Masterpiece",
        "１",
        "（",
        "）",
        "：",
        "，",
        "é",
        "İ",
        "\0",
        "\ud800",
        "#",
        "::",
        "1.5::",
        "{{",
        "smile1.2",
        "2$$",
        "++",
        "1",
    ),
    *("(smile:1.2)", "(a, b:1.1)", "[a:b:0.5]", "(nier:automata)", "(:1.2)", "()", "reverse:1999", "long hair", "_"),
]
prompts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=30)
dialects = st.sampled_from(DIALECTS)


def words(text: str, dialect: str, tag_aware: bool) -> Counter[tuple[str, float]]:
    """Each word of a prompt's tags with the weight that it is encoded with."""
    return Counter(
        (word, round(tag.weight, 6))
        for tag in parse(text, dialect, tag_aware).tags
        for word in re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", tag.name.replace("\\", "")))
    )


def references(text: str, dialect: str) -> list[str]:
    tree = parse(text, dialect)
    return [tree.source(node) for node in tree.of_kind(Kind.LORA, Kind.EMBEDDING, Kind.WILDCARD)]


@settings(deadline=None, max_examples=400)
@given(prompts, dialects, st.booleans())
@example("(masterpiece:1.2, best quality:1.2)", "a1111", True)
@example("a AND (b:1.2", "a1111", True)
@example(";), (a:1.2)", "comfyui", False)
def test_fixing_keeps_each_word_s_weight_and_all_references(text, dialect, tag_aware):
    fixed = fix(text, dialect=dialect, tag_aware=tag_aware).text
    assert not words(fixed, dialect, tag_aware) - words(text, dialect, tag_aware)
    assert references(fixed, dialect) == references(text, dialect)


@settings(deadline=None, max_examples=400)
@given(prompts, dialects)
@example("[:1e1", "a1111")
def test_fixing_only_takes_out_what_a_finding_names(text, dialect):
    fixed = fix(text, dialect=dialect)
    gone = words(text, dialect, True) - words(fixed.text, dialect, True)
    removing = {"TL105", "TL107", "TL205", "TL206", "TL209", "TL210", "TL401"}
    assert not gone or removing & {finding.code for finding in fixed.applied}


@settings(deadline=None, max_examples=300)
@given(prompts, dialects, st.booleans(), st.booleans())
@example("(((:1.2)))", "comfyui", False, True)
@example("Long_Hair,,long hair", "a1111", True, True)
def test_fixing_twice_changes_nothing_more(text, dialect, weights, tag_aware):
    once = fix(text, dialect=dialect, weights=weights, tag_aware=tag_aware).text
    assert fix(once, dialect=dialect, weights=weights, tag_aware=tag_aware).text == once


@settings(deadline=None, max_examples=400)
@given(prompts, prompts, dialects, st.sampled_from([None, "illustrious", "pony_v6", "qwen_image"]))
def test_places_and_edits_lie_in_the_text(text, other, dialect, family):
    profile = get_family(family) if family else None
    found = lint(text, dialect=dialect, family=profile, negative=other)
    found += lint_negative(text, dialect=dialect, family=profile, positive=other)
    for finding in found:
        assert 0 <= finding.start < finding.end <= len(text), finding
        edits = [*(finding.fixes or ()), *(edit for _, edits in finding.suggestions for edit in edits)]
        assert all(0 <= edit.start <= edit.end <= len(text) for edit in edits), finding
        assert finding.fixes != ()
    report(text, found).encode()


HUGE = {
    "NUL": "\0" * 100_000,
    "lone surrogates": "\ud800, " * 10_000,
    "2,000 brackets": "(" * 2000 + "a" + ")" * 2000,
    "2,000 weights": "(" * 2000 + "a" + ":1.2)" * 2000,
    "2,000 unclosed": "(" * 2000,
    "2,000 schedules": "[a:" * 2000 + "b" + ":0.5]" * 2000,
    "5,000 unknown tags": ", ".join(f"zqx{number:04}word" for number in range(5000)),
    "5,000 misspelt tags": ", ".join(f"blak{number:04}hair" for number in range(5000)),
    "one long tag": "long hair " * 10_000,
    "backslashes": "\\" * 100_000,
    "closing": ")" * 100_000,
    "ANDs": "(a AND b) " * 5_000,
    "empty ANDs": "AND " * 25_000,
    "unclosed references": "<lora:x:1, " * 9_000,
    "broken alternations": "[a|b:0.5], [c:d:0.5], " * 4_500,
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("dialect", ["a1111", "comfyui"])
def test_no_prompt_takes_long(text, dialect):
    """Processor time, so that a busy machine fails nothing."""
    lint("zqxword")  # reads the vocabulary
    begun = time.process_time()
    found = lint(text, dialect=dialect)
    assert time.process_time() - begun < 1
    begun = time.process_time()
    fix(text, dialect=dialect)
    assert time.process_time() - begun < 3
    report(text, found[:20]).encode()
