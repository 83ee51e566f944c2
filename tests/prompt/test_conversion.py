"""Conversion between dialects keeps effective weights, and says what it can't keep."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import UnknownDialect
from tagloom.prompt.syntax import DIALECTS, attention, convert, parse

NEAR = 2e-4
PIECES = [
    *("(", ")", "[", "]", "{", "}", ":1.2)", ":0.5)", "::", "1.5::", "++", "--", ")1.3", ", ", " ", "\\", r"\(", r"\)"),
    *(
        "1girl",
        "long hair",
        ":3",
        ";)",
        "fire",
        "a",
        "AND",
        "BREAK",
        "<lora:x:1>",
        "[a:b:0.5]",
        "[a|b]",
        "# note",
        "\n",
    ),
    *("é", "初音ミク", "\0", "｛", "_", "^_^", ":", "1.2"),
]
prompts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=40)


def weights(text: str, dialect: str, tag_aware: bool = False) -> list[tuple[str, float]]:
    """Each encoded character with its weight."""
    return [(char, segment.weight) for segment in attention(text, dialect, tag_aware) for char in segment.text]


@pytest.mark.parametrize(
    ("text", "source", "target", "expected"),
    [
        ("((a:1.5):1.2), b", "a1111", "comfyui", "(a:1.8), b"),
        ("((a:1.5):1.2), b", "comfyui", "a1111", "(a:1.5), b"),
        ("(a (b:1.5) c:1.2)", "a1111", "comfyui", "(a :1.2)(b:1.8)( c:1.2)"),
        ("[a], ([b])", "a1111", "comfyui", "(a:0.9091), b"),
        ("[a]", "comfyui", "a1111", r"\[a\]"),
        ("(unclosed, a", "a1111", "comfyui", "(unclosed, a:1.1)"),
        ("(unclosed, a", "comfyui", "a1111", r"\(unclosed, a"),
        (r"a \(b\), a\b", "a1111", "comfyui", r"a \(b\), ab"),
        (r"a\b", "comfyui", "a1111", r"a\\b"),
        ("{{x}}, [y], {z", "novelai3", "comfyui", "(x:1.1025), (y:0.9524), (z:1.05)"),
        ("1.5::x, y::, -1::hat::", "novelai4", "a1111", "(x, y:1.5), (hat:-1)"),
        ("(x:1.1025), y", "comfyui", "novelai3", "{{x}}, y"),
        ("(x:0.5), y", "a1111", "novelai4", "0.5::x::, y"),
        ("a++, (b c)1.2, (d+ e)++", "compel", "comfyui", "(a:1.21), (b c:1.2), (d:1.331)( e:1.21)"),
        ("(x:1.2), see (y)", "comfyui", "compel", "(x)1.2, see (y)1.1"),
        ("(x:1.2), y", "a1111", "comfyui", "(x:1.2), y"),
        ("(a:1.2), ;), (b:1.2)", "comfyui", "comfyui", r"(a:1.2), ;\), (b:1.2)"),
        ("(smile, ;), blush:1.2)", "comfyui", "comfyui", r"(smile, ;\), blush:1.2)"),
        ("(:3)", "comfyui", "a1111", "(:3:1.1)"),
        (";), (hat)", "novelai3", "comfyui", r";\), \(hat\)"),
        ("2b (nier:automata)", "a1111", "a1111", r"2b \(nier:automata\)"),
        ("(reverse:1999)", "comfyui", "comfyui", "(reverse:1999:1.1)"),
        ("((reverse:1999):1.3)", "a1111", "a1111", "((reverse:1999:1.1):1.3)"),
    ],
)
def test_a_prompt_means_the_same_in_another_dialect(text, source, target, expected):
    conversion = convert(text, source, target)
    assert conversion.text == expected
    assert conversion.losses == ()
    assert conversion.report() == "nothing is lost"


@pytest.mark.parametrize(
    ("text", "source", "target", "expected", "lost"),
    [
        ("a AND b:0.5", "a1111", "comfyui", "a, b", ["AND", ":0.5"]),
        ("a BREAK b", "a1111", "comfyui", "a, b", ["BREAK"]),
        ("[day:night:0.7], x", "a1111", "comfyui", "day, x", ["[day:night:0.7]"]),
        ("[day:night:3], x", "a1111", "comfyui", "night, x", ["[day:night:3]"]),
        ("[late:0.8]x", "a1111", "comfyui", "x", ["[late:0.8]"]),
        ("[red|blue] hair", "a1111", "novelai4", "red hair", ["[red|blue]"]),
        ("<lora:foo:0.8>, x", "a1111", "comfyui", "x", ["<lora:foo:0.8>"]),
        ("x, # a note", "a1111", "comfyui", "x", ["# a note"]),
        ("x, <lora:foo:1>", "a1111", "comfyui", "x", ["<lora:foo:1>"]),
        ("x <lora:foo:1>, y", "a1111", "comfyui", "x, y", ["<lora:foo:1>"]),
        ("(x, <lora:foo:1>:1.2), y", "a1111", "comfyui", "(x:1.2), y", ["<lora:foo:1>"]),
        ("x, <lora:a:1> BREAK y # b", "a1111", "comfyui", "x, y", ["<lora:a:1>", "BREAK", "# b"]),
        ("x, <lora:a:1> AND <lora:b:1>, y", "a1111", "comfyui", "x, y", ["<lora:a:1>", "AND", "<lora:b:1>"]),
        ("(x:1.2)", "comfyui", "novelai3", "{{{{x}}}}", ["x"]),
        ("(x:-1)", "comfyui", "compel", "x", ["x"]),
        ("(x:inf)", "comfyui", "a1111", "x", ["x"]),
        ("[x]", "comfyui", "novelai4", "[x]", ["[x]"]),
        ("1girl, :3", "comfyui", "a1111", "1girl, :3,", [""]),
        ("1girl, :3", "a1111", "a1111", "1girl, :3,", [":3"]),
        ("#compass, x", "a1111", "a1111", "#compass, x", ["#compass"]),
        ("fire AND ice", "comfyui", "a1111", "fire and ice", ["fire AND ice"]),
        ("(a BREAK b:1.2)", "a1111", "comfyui", "(a:1.2)(BREAK:-1.2)(b:1.2)", ["BREAK"]),
    ],
)
def test_what_can_t_be_said_is_listed_with_its_place(text, source, target, expected, lost):
    conversion = convert(text, source, target)
    assert conversion.text == expected
    assert [text[loss.start : loss.end] for loss in conversion.losses] == lost
    assert all(len(loss.message) > 20 for loss in conversion.losses)


@settings(deadline=None, max_examples=1500)
@given(prompts, st.sampled_from(DIALECTS), st.sampled_from(DIALECTS), st.booleans())
def test_weights_stay_unless_a_loss_is_listed(text, source, target, tag_aware):
    conversion = convert(text, source, target, tag_aware)
    if conversion.losses or source == target:
        return
    wanted, found = weights(text, source, tag_aware), weights(conversion.text, target)
    assert [char for char, _ in found] == [char for char, _ in wanted]
    for (_, weight), (_, other) in zip(found, wanted, strict=True):
        assert weight == other or math.isclose(weight, other, rel_tol=NEAR, abs_tol=NEAR)


@settings(deadline=None, max_examples=500)
@given(prompts, st.sampled_from(DIALECTS))
def test_what_is_misread_is_escaped_or_listed(text, dialect):
    conversion = convert(text, dialect, dialect)
    if not conversion.losses:
        assert weights(conversion.text, dialect) == weights(conversion.text, dialect, tag_aware=True)


@settings(deadline=None, max_examples=500)
@given(prompts, st.sampled_from(DIALECTS))
def test_escaping_a_dialect_s_own_misread_tags_keeps_their_text(text, dialect):
    """Within one dialect only the tags change that its own parser would take for syntax."""
    tree = parse(text, dialect)
    if not tree.kept:
        assert convert(text, dialect, dialect).text == text


def test_an_unknown_dialect_is_named():
    with pytest.raises(UnknownDialect, match="did you mean comfyui"):
        convert("a", "comfyu", "a1111")
