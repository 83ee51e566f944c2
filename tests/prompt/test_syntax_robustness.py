"""Hostile texts: very long, very deep, malformed. None throws, hangs or is changed; all of it takes seconds."""

import pytest

from tagloom.prompt.syntax import DIALECTS, attention, misreadings, parse, render, schedule, sub_prompts

LONG, DEEP, VERY_DEEP = 100_000, 2_000, 50_000
PIECES = [
    *("(", ")", "[", "]", "{", "}", "<", ">", "|", ":", ",", "_", "+", "-", "#", "\\", " ", "\n", "é", "\0", "\ud800"),
    *(
        "(:",
        "[|",
        "[:",
        "{|",
        "__",
        "<a:",
        "BREAK ",
        "AND ",
        "1.5::",
        "::",
        "a+",
        "\\\\",
        r"\(",
        "(a)",
        "[a|b]",
        "(a)1.2",
    ),
    *("(a:1.2),", "[a:b:3]", "[a:b:3] AND \\", "{2$$a|b}", "<lora:x:1>", "embedding:x", "__x__", "__x", "# a\n"),
    *(":)", ";), (a:1.2)", ":3|", r"\m/, ", "a:1 AND ", ": 1.2 ", "a b-- ", "(()", "())", "([)]", "x\\\n[a:b:1]"),
]
BRACKETS = ["()", "[]", "{}", "<>", "(]", "[}", "{)"]


def walk(text: str) -> None:
    """Read a text in every way there is."""
    for dialect in DIALECTS:
        tree = parse(text, dialect)
        assert render(tree) == text
        misreadings(tree)
        parse(text, dialect, tag_aware=False, wildcards=False)
        attention(text, dialect)
        attention(text, dialect, tag_aware=True)
    schedule(text, 20, tag_aware=True)
    sub_prompts(text)


def read(text: str, dialect: str) -> None:
    """Read a text once."""
    assert render(parse(text, dialect)) == text


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_much_of_one_thing(piece):
    read(piece * (LONG // len(piece)), DIALECTS[PIECES.index(piece) % len(DIALECTS)])
    walk(piece * 300)


@pytest.mark.parametrize("brackets", BRACKETS)
def test_brackets_in_brackets(brackets):
    """Nested, unclosed, stray, and with a tag, a colon or a bar at each depth."""
    opening, closing = brackets
    walk(opening * DEEP + "a" + closing * DEEP)
    walk(opening * DEEP + "a:1.2")
    walk("a" + closing * DEEP + opening)
    walk(f"{opening}a, " * DEEP + f":1.2{closing}" * DEEP)
    walk(f"{opening}a:" * DEEP + f"b:3{closing}" * DEEP)
    walk(f"{opening}a|" * DEEP + f"b{closing}" * DEEP)


@pytest.mark.parametrize(
    ("dialect", "brackets"), [("a1111", "()"), ("a1111", "[]"), ("comfyui", "()"), ("novelai4", "{}"), ("compel", "()")]
)
def test_very_many_brackets(dialect, brackets):
    opening, closing = brackets
    read(opening * VERY_DEEP, dialect)
    read(opening * VERY_DEEP + closing * VERY_DEEP, dialect)


@pytest.mark.parametrize(
    "text",
    [
        "ab" + " " * LONG + ":",
        ":" + " " * LONG + "1",
        "(a:" + " " * LONG + ")",
        "(a:" + "1" * LONG + ")",
        "[a:b:" + "1" * LONG + "]",
        "[a:b:1e" + "9" * LONG + "]",
        "[a:b:" + " " * LONG + "]",
        "{" + "1" * LONG + "|b}",
        "{" + "1" * LONG + "$$a|b}",
        "{" + "$$" * (LONG // 2) + "a|b}",
        "{" + "a|" * (LONG // 2) + "}",
        "1" * LONG + "::x::",
        "1." * (LONG // 2) + "::x",
        "(a" + ":1.2" * (LONG // 4) + ")",
        "__" + "x" * LONG + "__",
        "__" + "x/" * (LONG // 2) + "__",
        "<" + "a" * LONG + ":",
        "<lora:" + "x" * LONG,
        "<lora:x:1>" * (LONG // 10) + ":1.2",
        "x" * LONG + "+",
        "x" + "+" * LONG,
        "(" * DEEP + ":)" * DEEP + ", :3" * DEEP,
        ", ".join(f"[a{number}:b:{number / 1000}]" for number in range(2000)),
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_long_parts(text):
    walk(text)


@pytest.mark.parametrize(
    "text",
    ["(a:1..2)", "\\", "[", "]", ":", "|", "\0", "\ud800", "\udfff\ud800", "STYLE(A1111 b", "DEF(X=a", "[a:b:1e999]"],
)
def test_short_and_odd_ones(text):
    walk(text)
    walk(f"a, {text}, b")


def test_numbers_of_any_size():
    """More signs than floating point can follow count no further; other numbers are what Python makes of them."""
    assert attention("(a:1e999)", "comfyui")[0].weight == float("inf")
    assert 1 < attention("a" + "+" * LONG, "compel")[0].weight < float("inf")
    assert 0 < attention("a" + "-" * LONG, "compel")[0].weight < 1
    assert attention("(" * 10_000 + "a", "a1111")[0].weight == float("inf")
    assert schedule("[a:b:1e999]", 10) == [(10, "a")]
