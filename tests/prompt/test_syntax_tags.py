"""Tags that look like syntax stay tags: they are looked up before any syntax is read."""

import pytest

from tagloom.prompt.syntax import DIALECTS, attention, canonical, misreadings, parse, parse_tags, render
from tagloom.prompt.tags import vocabulary

LISTED = (">_<", "@_@", "^_^", ":d", "|_|", r"\||/", ".hack//", "#compass", "nylon (nylon 100%)")
"""Tags that other tools are known to damage."""
NAMED = (
    *(":3", ";)", ":)", ":(", ">:(", ">:)", "=_=", "o_o", "d:", ":<", r"\m/", "reverse:1999", "nier:automata", "7:08"),
    "under night in-birth exe:late[st]",
)
SPECIAL = sorted({*vocabulary().special, *LISTED, *NAMED})
LISTS = [
    ("{}", ["{}"]),
    ("{}, smile", ["{}", "smile"]),
    ("smile, {}", ["smile", "{}"]),
    ("1girl,{},smile", ["1girl", "{}", "smile"]),
    ("smile\n{}\nblush", ["smile", "{}", "blush"]),
    (" {} ,", ["{}"]),
    ("smile，{}、blush", ["smile", "{}", "blush"]),
]
WRITTEN: dict[str, list[tuple[str, list[str], float]]] = {
    # how a tag is written in a dialect, which tags that gives, the weight of the first
    "a1111": [
        ("({}:1.3), smile", ["{}", "smile"], 1.3),
        ("({}, smile:1.3)", ["{}", "smile"], 1.3),
        ("(({}), smile)", ["{}", "smile"], 1.21),
        ("[{}], smile", ["{}", "smile"], 1 / 1.1),
        ("({}) AND {}", ["{}", "{}"], 1.1),
        ("{} BREAK {}", ["{}", "{}"], 1),
    ],
    "comfyui": [
        ("({}:1.3), smile", ["{}", "smile"], 1.3),
        ("({}, smile:1.3)", ["{}", "smile"], 1.3),
        ("(({}), smile)", ["{}", "smile"], 1.21),
        ("(({}:0.5):1.3)", ["{}"], 0.5),
    ],
    "novelai3": [
        ("{{{{{}}}}}, smile", ["{}", "smile"], 1.1025),
        ("[{}], smile", ["{}", "smile"], 1 / 1.05),
        ("{{{}, smile", ["{}", "smile"], 1.05),
    ],
    "novelai4": [
        ("{{{{{}}}}}, smile", ["{}", "smile"], 1.1025),
        ("[{}], smile", ["{}", "smile"], 1 / 1.05),
        ("1.5::blush, {}, smile::, x", ["blush", "{}", "smile", "x"], 1.5),
        ("1.5::{} ::, x", ["{}", "x"], 1.5),
        ("{{1.5::{}, smile::}}, x", ["{}", "smile", "x"], 1.575),
    ],
    "compel": [
        ("({}, smile)1.3", ["{}", "smile"], 1.3),
        ("({}, smile)++", ["{}", "smile"], 1.21),
        ("({})1.3, smile", ["{}", "smile"], 1.3),
        ("({})--, smile", ["{}", "smile"], 0.81),
    ],
}


def names(text: str, dialect: str = "comfyui") -> list[str]:
    return [tag.name for tag in parse_tags(text, dialect)]


def pairs(text: str, dialect: str = "comfyui") -> list:
    return [(tag.name, pytest.approx(tag.weight)) for tag in parse_tags(text, dialect)]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("frame", "expected"), LISTS)
def test_a_special_tag_stays_one_tag(dialect, frame, expected):
    for tag in SPECIAL:
        assert names(frame.format(tag), dialect) == [name.format(tag) for name in expected]


@pytest.mark.parametrize(
    ("dialect", "frame", "expected", "weight"),
    [(dialect, *written) for dialect, frames in WRITTEN.items() for written in frames],
)
def test_a_special_tag_takes_its_dialect_s_weights(dialect, frame, expected, weight):
    for tag in SPECIAL:
        text = frame.format(tag, tag)
        tree = parse(text, dialect)
        assert [found.name for found in tree.tags] == [name.format(tag) for name in expected], text
        assert tree.tags[0].weight == pytest.approx(weight), text
        assert render(tree) == text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_tag_of_the_vocabulary_survives_a_prompt(dialect):
    known = [entry.name for entry in vocabulary()]
    assert names(", ".join(known), dialect) == known


def test_every_tag_of_the_vocabulary_survives_escaped_and_underscored():
    for entry in vocabulary():
        written = entry.name.replace(" ", "_").replace("(", r"\(").replace(")", r"\)")
        assert canonical(written) == entry.name
        assert names(f"1girl, {written}, smile") == ["1girl", entry.name, "smile"]


@pytest.mark.parametrize(
    ("text", "a1111", "comfyui"),
    [
        ("1girl, :3", [("1girl", 1), (":3", 1)], [("1girl", 1), (":3", 1)]),
        ("(:3)", [(":3", 1.1)], [(":3", 1.1)]),
        ("(:3:1.2)", [(":3", 1.2)], [(":3", 1.2)]),
        ("(:3:3)", [(":3", 3)], [(":3", 3)]),
        ("((:3:1.5):1.2)", [(":3", 1.8)], [(":3", 1.5)]),
        ("( :3 )", [(":3", 1.1)], [(":3", 1.1)]),
        ("(;))", [(";)", 1.1)], [(";)", 1.1)]),
        (r"(;\):1.3)", [(";)", 1.3)], [(";)", 1.3)]),
        (r"(>:\):1.2)", [(">:)", 1.2)], [(">:)", 1.2)]),
        (";), (a:1.2), b", [(";)", 1), ("a", 1.2), ("b", 1)], [(";)", 1), ("a", 1.2), ("b", 1)]),
        (":(, x", [(":(", 1), ("x", 1)], [(":(", 1), ("x", 1)]),
        ("(smile, ;), blush:1.2)", *[[("smile", 1.2), (";)", 1.2), ("blush", 1.2)]] * 2),
        (r"(smile, ;\), blush:1.2)", *[[("smile", 1.2), (";)", 1.2), ("blush", 1.2)]] * 2),
        ("(fire:1.2), :), (ice:1.3)", *[[("fire", 1.2), (":)", 1), ("ice", 1.3)]] * 2),
        ("(reverse:1999)", [("reverse:1999", 1.1)], [("reverse:1999", 1.1)]),
        ("1girl, reverse:1999", [("1girl", 1), ("reverse:1999", 1)], [("1girl", 1), ("reverse:1999", 1)]),
        ("(nier:automata)", [("nier:automata", 1.1)], [("nier:automata", 1.1)]),
        ("2b (nier:automata)", [("2b (nier:automata)", 1)], [("2b (nier:automata)", 1)]),
        ("under_night_in-birth_exe:late[st]", *[[("under night in-birth exe:late[st]", 1)]] * 2),
        (r"\m/, (a\b:1.2)", [(r"\m/", 1), (r"a\b", 1.2)], [(r"\m/", 1), (r"a\b", 1.2)]),
    ],
)
def test_tags_are_looked_up_before_syntax_is_read(text, a1111, comfyui):
    assert pairs(text, "a1111") == a1111
    assert pairs(text, "comfyui") == comfyui


def test_the_encoder_gets_the_tags_as_they_stand():
    assert [segment[:2] for segment in attention(r"(\m/:1.2)", "a1111", tag_aware=True)] == [(r"\m/", 1.2)]
    assert [segment[:2] for segment in attention("(:3)", "a1111", tag_aware=True)] == [(":3", 1.1)]
    assert [segment[:2] for segment in attention(";), (a:1.2)", tag_aware=True)] == [(";), ", 1), ("a", 1.2)]


@pytest.mark.parametrize(
    ("text", "a1111", "comfyui"),
    [
        # which tags the dialect's own parser would not leave alone
        ("1girl, :3", [":3"], []),
        ("(:3)", [":3"], []),
        ("(:3:1.2)", [], []),
        (";), (a:1.2), b", [], [";)"]),
        (":(, x", [":("], [":("]),
        ("(smile, ;), blush:1.2)", [";)"], [";)"]),
        ("1girl, reverse:1999", ["reverse:1999"], []),
        ("(reverse:1999)", ["reverse:1999"], ["reverse:1999"]),
        ("under_night_in-birth_exe:late[st]", ["under_night_in-birth_exe:late[st]"], []),
        (r"\m/", [r"\m/"], []),
        ("a, #compass", ["#compass"], []),
        ("[a:b:5], |_|", ["|_|"], []),
        ("nylon (nylon 100%)", ["nylon (nylon 100%)"], ["nylon (nylon 100%)"]),
        (r"nylon \(nylon 100%\)", [], []),
        ("1girl, smile, (a:1.2), >_<, ^_^", [], []),
        ("smile, :(, (a:1.2), :3, b", [":("], [":("]),
    ],
)
def test_misreadings(text, a1111, comfyui):
    for dialect, expected in (("a1111", a1111), ("comfyui", comfyui)):
        found = misreadings(parse(text, dialect))
        assert [misread.name for misread in found] == expected
        assert [text[misread.start : misread.end] for misread in found] == expected


@pytest.mark.parametrize(
    ("text", "a1111", "comfyui"),
    [
        ("smile # note, ;), :3\n:3", [":3"], [";)", ":3", ":3"]),
        ("# ;)\n:3, smile # ;)\n;)", [":3", ";)"], [":3", ";)"]),
        ("#compass, :3", ["#compass", ":3"], [":3"]),
        ("# a, #compass, :3", [], [":3"]),
        ("<lora:a, :3, b:1>, :3", [":3"], [":3"]),
        (":3 AND ;), __hair__, embedding:x, :d", *[[":3", ";)", ":d"]] * 2),
    ],
)
def test_nothing_is_kept_in_comments_and_references(text, a1111, comfyui):
    for dialect, expected in (("a1111", a1111), ("comfyui", comfyui)):
        tree = parse(text, dialect)
        assert [text[start:end] for start, end in tree.kept] == expected


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_is_looked_up_where_that_is_turned_off(dialect):
    tree = parse("1girl, :3, ;), {[(>:(", dialect, tag_aware=False)
    assert tree.kept == ()
    assert misreadings(tree) == []
