"""Effective weights in A1111's and ComfyUI's dialects, as their own parsers give them for the known hard prompts."""

import math

import pytest

from tagloom.prompt.errors import UnknownDialect
from tagloom.prompt.syntax import attention

Pairs = list[tuple[str, float]]
DOWN = 1 / 1.1
BREAK = ("BREAK", -1.0)


def pairs(text: str, dialect: str, tag_aware: bool = False) -> Pairs:
    return [(segment.text, segment.weight) for segment in attention(text, dialect, tag_aware)]


def about(expected: Pairs) -> list:
    return [(text, pytest.approx(weight)) for text, weight in expected]


HOUSE = "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky)))."
HOUSE_IN_A1111 = [
    *[("a ", 1.0), ("house", 1.573), (" ", 1.1), ("on", 1.0), (" a ", 1.1), ("hill", 0.55), (", sun, ", 1.1)],
    *[("sky", 1.4641), (".", 1.1)],
]
CASES: list[tuple[str, Pairs, Pairs]] = [
    # text, A1111, ComfyUI
    ("", [("", 1)], []),
    ("normal text", [("normal text", 1)], [("normal text", 1)]),
    (
        "an (important) word",
        [("an ", 1), ("important", 1.1), (" word", 1)],
        [("an ", 1), ("important", 1.1), (" word", 1)],
    ),
    # unbalanced: A1111 weights to the end, ComfyUI takes all behind the bracket for text
    (HOUSE, HOUSE_IN_A1111, [("a ", 1), (HOUSE[2:], 1)]),
    ("(unbalanced", [("unbalanced", 1.1)], [("(unbalanced", 1)]),
    ("a) b (c", [("a) b ", 1), ("c", 1.1)], [("a) b (c", 1)]),
    ("((a)", [("a", 1.21)], [("(a", 1.1)]),
    ("(a))", [("a", 1.1), (")", 1)], [("a", 1.1), (")", 1)]),
    # nesting multiplies, or replaces
    ("((a:1.5):1.2)", [("a", 1.8)], [("a", 1.5)]),
    ("(a (b:1.5) c:1.2)", [("a ", 1.2), ("b", 1.8), (" c", 1.2)], [("a ", 1.2), ("b", 1.5), (" c", 1.2)]),
    ("((a):1.5)", [("a", 1.65)], [("a", 1.65)]),
    ("((a:1.1))", [("a", 1.21)], [("a", 1.1)]),
    ("(((((((a)))))))", [("a", 1.9487171)], [("a", 1.9487171)]),
    # numbers
    ("(a:1.2:1.3)", [("a:1.2", 1.3)], [("a:1.2", 1.3)]),
    ("(a:b:1.2)", [("a:b", 1.2)], [("a:b", 1.2)]),
    ("(a: 1.2 )", [("a", 1.2)], [("a", 1.2)]),
    ("(a:1.2 , b)", [("a:1.2 , b", 1.1)], [("a:1.2 , b", 1.1)]),
    ("(a:-1)", [("a", -1)], [("a", -1)]),
    ("(a:+1.2)", [("a", 1.2)], [("a", 1.2)]),
    ("(a:0)", [("a", 0)], [("a", 0)]),
    ("(a:.5)", [("a", 0.5)], [("a", 0.5)]),
    ("(a:1.)", [("a", 1)], [("a", 1)]),
    ("(a:1e2)", [("a:1e2", 1.1)], [("a", 100)]),
    ("(avengers: infinity)", [("avengers: infinity", 1.1)], [("avengers", math.inf)]),
    ("(y:2_024)", [("y:2_024", 1.1)], [("y", 2024)]),
    ("(a:１.５)", [("a", 1.5)], [("a", 1.5)]),
    ("(a:)", [("a:", 1.1)], [("a:", 1.1)]),
    ("(:1.2)", [("", 1)], [(":1.2", 1.1)]),
    ("()", [("", 1)], []),
    ("a:1.2", [("a:1.2", 1)], [("a:1.2", 1)]),
    (
        "(masterpiece:1.2, best quality:1.2)",
        [("masterpiece:1.2, best quality", 1.2)],
        [("masterpiece:1.2, best quality", 1.2)],
    ),
    ("(a:1.2)(b:1.2)", [("ab", 1.2)], [("a", 1.2), ("b", 1.2)]),
    ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)], [("unnecessary", 1.1), ("parens", 1.1)]),
    ("（a:1.2）", [("（a:1.2）", 1)], [("（a:1.2）", 1)]),
    ("(a：1.2)", [("a：1.2", 1.1)], [("a：1.2", 1.1)]),
    # square brackets
    ("[a:1.2]", [("a:1.2", DOWN)], [("[a:1.2]", 1)]),
    ("[[a]]", [("a", DOWN * DOWN)], [("[[a]]", 1)]),
    ("([a])", [("a", 1)], [("[a]", 1.1)]),
    ("[(a:1.5)]", [("a", 1.5 / 1.1)], [("[", 1), ("a", 1.5), ("]", 1)]),
    ("(a [b) c]", [("a ", 1.1), ("b", 1), (" c", DOWN)], [("a [b", 1.1), (" c]", 1)]),
    (
        "under_night_in-birth_exe:late[st]",
        [("under_night_in-birth_exe:late", 1), ("st", DOWN)],
        [("under_night_in-birth_exe:late[st]", 1)],
    ),
    # BREAK
    ("(a BREAK b:1.2)", [("a", 1.2), ("BREAK", -1.2), ("b", 1.2)], [("a BREAK b", 1.2)]),
    ("a,BREAK,b", [("a,", 1), BREAK, (",b", 1)], [("a,BREAK,b", 1)]),
    ("a  BREAK\nb", [("a", 1), BREAK, ("b", 1)], [("a  BREAK\nb", 1)]),
    ("BREAK a", [("", 1), BREAK, ("a", 1)], [("BREAK a", 1)]),
    ("aBREAK b", [("aBREAK b", 1)], [("aBREAK b", 1)]),
    # escapes
    (r"a \(b\)", [("a (b)", 1)], [("a (b)", 1)]),
    (r"\(literal\]", [("(literal]", 1)], [(r"(literal\]", 1)]),
    (r"a \\(b\\)", [("a \\", 1), ("b\\", 1.1)], [(r"a \(b\)", 1)]),
    (r"a\b", [("ab", 1)], [(r"a\b", 1)]),
    (r"\m/", [("m/", 1)], [(r"\m/", 1)]),
    ("a\\", [("a", 1)], [("a\\", 1)]),
    # tags that look like syntax, read as syntax
    ("(:3)", [("", 1)], [(":3", 1.1)]),
    ("(:3:1.2)", [(":3", 1.2)], [(":3", 1.2)]),
    (r"(>:\):1.2)", [(">:)", 1.2)], [(">:)", 1.2)]),
    (r"(;\):1.3)", [(";)", 1.3)], [(";)", 1.3)]),
    (";), (a:1.2), b", [(";), ", 1), ("a", 1.2), (", b", 1)], [(";), (a:1.2), b", 1)]),
    (":(, x", [(":", 1), (", x", 1.1)], [(":", 1), ("(, x", 1)]),
    ("(smile, ;), blush:1.2)", [("smile, ;", 1.1), (", blush:1.2)", 1)], [("smile, ;", 1.1), (", blush:1.2)", 1)]),
    ("(reverse:1999)", [("reverse", 1999)], [("reverse", 1999)]),
    ("(7:24)", [("7", 24)], [("7", 24)]),
    ("(code:074)", [("code", 74)], [("code", 74)]),
    ("2b (nier:automata)", [("2b ", 1), ("nier:automata", 1.1)], [("2b ", 1), ("nier:automata", 1.1)]),
]


@pytest.mark.parametrize(("text", "expected"), [(text, a1111) for text, a1111, _ in CASES])
def test_a1111(text, expected):
    assert pairs(text, "a1111") == about(expected)


@pytest.mark.parametrize(("text", "expected"), [(text, comfyui) for text, _, comfyui in CASES])
def test_comfyui(text, expected):
    assert pairs(text, "comfyui") == about(expected)


def test_not_a_number_is_a_weight_in_comfyui():
    """Python's `float` reads it, so ComfyUI does; in A1111 it is text."""
    [(text, weight)] = pairs("(a:nan)", "comfyui")
    assert text == "a"
    assert math.isnan(weight)
    assert pairs("(a:nan)", "a1111") == about([("a:nan", 1.1)])


@pytest.mark.parametrize("dialect", ["a1111", "comfyui"])
def test_a_number_with_two_points_is_text(dialect):
    """A1111 itself fails at it with a ValueError."""
    assert pairs("(a:1..2), b", dialect) == about([("a:1..2", 1.1), (", b", 1)])


def test_a_stray_bracket_takes_the_weights_of_all_that_follows_in_comfyui():
    assert pairs("a), (b:1.3), (c)", "comfyui") == [("a), (b:1.3), (c)", 1)]


def test_what_is_closed_before_an_unclosed_bracket_keeps_its_weight_in_comfyui():
    assert pairs("(a:1.2), (b", "comfyui") == [("a", 1.2), (", ", 1), ("(b", 1)]


@pytest.mark.parametrize(
    ("text", "dialect", "spans"),
    [
        ("a (b:1.2), c", "comfyui", [(0, 2), (3, 4), (9, 12)]),
        ("a (b:1.2), c", "a1111", [(0, 2), (3, 4), (9, 12)]),
        (r"(x \(y\):1.2)", "comfyui", [(1, 8)]),
        ("[[a]] b", "a1111", [(2, 3), (5, 7)]),
        ("{{x}}, y", "novelai3", [(2, 3), (5, 8)]),
        ("1.5::x, y:: z", "novelai4", [(5, 9), (11, 13)]),
    ],
)
def test_segments_know_where_they_stand(text, dialect, spans):
    assert [(segment.start, segment.end) for segment in attention(text, dialect)] == spans


def test_an_unknown_dialect_is_refused_with_the_nearest_one():
    with pytest.raises(UnknownDialect, match="did you mean comfyui"):
        attention("a", "comfy-ui")
    with pytest.raises(UnknownDialect, match="known are a1111, comfyui"):
        attention("a", "☃")
