"""NovelAI's and compel's weights, and what all dialects share: references, wildcards, variants, comments."""

import pytest

from tagloom.prompt.syntax import DIALECTS, Kind, attention, parse

UP, DOWN = 1.05, 1 / 1.05


def pairs(text: str, dialect: str) -> list[tuple[str, float]]:
    return [(segment.text, segment.weight) for segment in attention(text, dialect)]


def about(expected: list[tuple[str, float]]) -> list:
    return [(text, pytest.approx(weight)) for text, weight in expected]


def found(text: str, kind: Kind, **options) -> list[str]:
    tree = parse(text, **options)
    return [tree.source(node) for node in tree.of_kind(kind)]


@pytest.mark.parametrize("dialect", ["novelai3", "novelai4"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", [("x", 1)]),
        ("{{x}}", [("x", UP * UP)]),
        ("[[x]]", [("x", DOWN * DOWN)]),
        ("{x", [("x", UP)]),
        ("[x, y", [("x, y", DOWN)]),
        ("{[x]}", [("x", 1)]),
        ("a {b}, c", [("a ", 1), ("b", UP), (", c", 1)]),
        ("(a:1.2)", [("(a:1.2)", 1)]),
        (r"a \(b\)", [(r"a \(b\)", 1)]),
    ],
)
def test_novelai_s_brackets_multiply_by_1_05(dialect, text, expected):
    assert pairs(text, dialect) == about(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.5::x, y::", [("x, y", 1.5)]),
        ("-1::hat::", [("hat", -1)]),
        ("a, 0.5::b::, c", [("a, ", 1), ("b", 0.5), (", c", 1)]),
        ("1.5::x, y", [("x, y", 1.5)]),
        (".5::x::", [("x", 0.5)]),
        ("{1.5::x::}", [("x", 1.5 * UP)]),
    ],
)
def test_novelai_4_has_numbers(text, expected):
    assert pairs(text, "novelai4") == about(expected)
    assert pairs("1.5::x, y::", "novelai3") == [("1.5::x, y::", 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a++", [("a", 1.21)]),
        ("a--", [("a", 0.81)]),
        ("(a+ b)++", [("a", 1.331), (" b", 1.21)]),
        ("(a b)1.2", [("a b", 1.2)]),
        ("(a b)-", [("a b", 0.9)]),
        ("((a)1.5 b)1.2", [("a", 1.8), (" b", 1.2)]),
        ("see-through-", [("see-through", 0.9)]),
        ("see-through", [("see-through", 1)]),
        ("6+girls", [("6+girls", 1)]),
        (r"a \(b\)", [("a (b)", 1)]),
        (r"a \(b\)++", [("a ", 1), ("(b)", 1.21)]),
    ],
)
def test_compel(text, expected):
    """Down is 0.9, not 1 / 1.1."""
    assert pairs(text, "compel") == about(expected)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_lora_is_one_leaf_wherever_it_stands(dialect):
    text = "<lora:a:0.8:1>, x, (y <lora:b__c:1, (d:1>:1.2)"
    assert found(text, Kind.LORA, dialect=dialect) == ["<lora:a:0.8:1>", "<lora:b__c:1, (d:1>"]
    tree = parse(text, dialect)
    assert tree.of_kind(Kind.LORA)[0].value == "lora:a:0.8:1"
    assert [tag.name for tag in tree.tags if "x" in tag.name] == ["x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<lora:x:1>", ["<lora:x:1>"]),
        ("<hypernet:x:1>", ["<hypernet:x:1>"]),
        ("<lora:>", []),
        ("<lora>", []),
        ("< lora:x:1>", []),
        ("<3, >:3, a:b>", []),
        ("<lora:a:1><lora:b:1>", ["<lora:a:1>", "<lora:b:1>"]),
    ],
)
def test_what_is_a_lora(text, expected):
    assert found(text, Kind.LORA) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("embedding:easynegative", ["embedding:easynegative"]),
        ("a, (embedding:x.pt:1.2), b", ["embedding:x.pt"]),
        ("a embedding:x, b", ["embedding:x"]),
        ("anembedding:x", []),
    ],
)
def test_embeddings(text, expected):
    for dialect in ("a1111", "comfyui"):
        assert found(text, Kind.EMBEDDING, dialect=dialect) == expected


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__hair__", ["__hair__"]),
        ("a, __colors/warm__ hair", ["__colors/warm__"]),
        ("__*__, __a*b__", ["__*__", "__a*b__"]),
        ("(__hair__:1.2)", ["__hair__"]),
        ("x__x, @__@, __, ____, a __ b", []),
        ("<lora:foo__bar__baz:1>", []),
        ("a__b__c", []),
    ],
)
def test_wildcards(dialect, text, expected):
    assert found(text, Kind.WILDCARD, dialect=dialect) == expected
    assert found(text, Kind.WILDCARD, dialect=dialect, wildcards=False) == []


@pytest.mark.parametrize("dialect", ["a1111", "comfyui", "compel"])
@pytest.mark.parametrize(
    ("text", "expected", "tags"),
    [
        ("{a|b}", ["{a|b}"], ["a", "b"]),
        ("x, {2$$, $$a|b|c}, y", ["{2$$, $$a|b|c}"], ["x", "a", "b", "c", "y"]),
        ("{0.5::a|2::b}", ["{0.5::a|2::b}"], ["a", "b"]),
        ("{1-2$$ and $$a|b}", ["{1-2$$ and $$a|b}"], ["a", "b"]),
        ("{a|{b|c}}", ["{a|{b|c}}", "{b|c}"], ["a", "b", "c"]),
        ("{a, b|c} d", ["{a, b|c}"], ["a", "b", "c", "d"]),
        ("{a}", [], ["{a}"]),
        ("{a|b", [], ["{a|b"]),
        ("a|b}", [], ["a|b}"]),
        ("cost $100, 100% $5, $$", [], ["cost $100", "100% $5", "$$"]),
    ],
)
def test_variants(dialect, text, expected, tags):
    assert found(text, Kind.VARIANT, dialect=dialect) == expected
    assert [tag.name for tag in parse(text, dialect).tags] == tags
    assert found(text, Kind.VARIANT, dialect=dialect, wildcards=False) == []


@pytest.mark.parametrize("dialect", ["novelai3", "novelai4"])
def test_braces_weight_in_novelai(dialect):
    tree = parse("{a|b}", dialect)
    assert tree.of_kind(Kind.VARIANT) == []
    assert [(tag.name, tag.weight) for tag in tree.tags] == [("a|b", UP)]


def test_weights_reach_into_variants():
    tree = parse("({a|(b:1.5)}:1.2)", "comfyui")
    assert [(tag.name, tag.weight) for tag in tree.tags] == [("a", 1.2), ("b", 1.5)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a # b, c\nd", ["# b, c"]), ("#x", ["#x"]), ("a \\# b", ["# b"]), ("C# anime", ["# anime"])],
)
def test_comments_are_a1111_s_alone(text, expected):
    assert found(text, Kind.COMMENT) == expected
    assert found(text, Kind.COMMENT, dialect="comfyui") == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_and_and_break_separate_tags_everywhere(dialect):
    tree = parse("blue fire AND red fire BREAK a,AND,b", dialect)
    assert [tag.name for tag in tree.tags] == ["blue fire", "red fire", "a", "b"]
    assert [tree.source(node) for node in tree.of_kind(Kind.AND, Kind.BREAK)] == ["AND", "BREAK", "AND"]
    assert [tag.name for tag in parse("GRAND BREAKFAST BAND _AND", dialect).tags] == ["grand breakfast band and"]
