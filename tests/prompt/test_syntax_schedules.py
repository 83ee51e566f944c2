"""A1111's prompt editing, alternation, AND, LoRA references and comments: what is encoded at which step."""

import pytest

from tagloom.prompt.syntax import DIALECTS, Kind, parse, schedule, sub_prompts

LANDSCAPE = (
    "fantasy landscape with a [mountain:lake:0.25] and [an oak:a christmas tree:0.75][ in foreground::0.6]"
    "[: in background:0.25] [shoddy:masterful:0.5]"
)
BROKEN = "((a][:b:c "


def each(steps: int, *texts: str) -> list[tuple[int, str]]:
    """Return the texts in turn, one a step."""
    return [(step, texts[(step - 1) % len(texts)]) for step in range(1, steps + 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test", [(10, "test")]),
        ("", [(10, "")]),
        ("a [b:3]", [(3, "a "), (10, "a b")]),
        ("a [b: 3]", [(3, "a "), (10, "a b")]),
        ("a [b:3 ]", [(3, "a "), (10, "a b")]),
        ("a [b::3]", [(3, "a b"), (10, "a ")]),
        ("a [b:c:1] d", [(1, "a b d"), (10, "a c d")]),
        ("a [b : c : 1] d", [(1, "a b  d"), (10, "a  c  d")]),
        ("a[b:[c:d:2]:1]e", [(1, "abe"), (2, "ace"), (10, "ade")]),
        ("a [[[b]]:2]", [(2, "a "), (10, "a [[b]]")]),
        ("[(a:2):3]", [(3, ""), (10, "(a:2)")]),
        ("a [b:.5] c", [(5, "a  c"), (10, "a b c")]),
        ("a, [b, c:d, e:0.5]", [(5, "a, b, c"), (10, "a, d, e")]),
        # a number with a point is a share of the steps, another one a step
        ("[a:b:1]", [(1, "a"), (10, "b")]),
        ("[a:b:1.0]", [(10, "a")]),
        ("[a:b:0]", [(10, "b")]),
        ("[a:b:2.5]", [(10, "a")]),
        ("[a:b:3.]", [(10, "a")]),
        ("[a:b:-1]", [(10, "b")]),
        # alternation
        ("[a|b]", each(10, "a", "b")),
        ("a [b|c] d", each(10, "a b d", "a c d")),
        ("[fe|]male", each(10, "female", "male")),
        ("[fe|||]male", each(10, "female", "male", "male", "male")),
        ("[|a]", each(10, "", "a")),
        ("[a|(b:1.1)]", each(10, "a", "(b:1.1)")),
        ("[a:[b|c]:0.5]", [*[(step, "a") for step in range(1, 6)], *each(10, "b", "c")[5:]]),
        # what A1111's grammar can't read is text
        ("[a:b:c:0.5]", [(10, "[a:b:c:0.5]")]),
        ("[a|b:0.5]", [(10, "[a|b:0.5]")]),
        ("a [unbalanced", [(10, "a [unbalanced")]),
        ("a [b:c:0.5", [(10, "a [b:c:0.5")]),
        ("a [{b|d{:.5] c", [(10, "a [{b|d{:.5] c")]),
        ("[a:b:5]|", [(10, "[a:b:5]|")]),
        ("[a:b:5]\\", [(10, "[a:b:5]\\")]),
        ("[a:b:5]\\\n", [(10, "[a:b:5]\\\n")]),
        (BROKEN + "[d:3]", [(3, BROKEN), (10, BROKEN + "d")]),
        # escapes stay for the attention parser, and hide what they protect
        (r"\[a:b:0.5\]", [(10, r"\[a:b:0.5\]")]),
        (r"[a\:b:c:0.5]", [(5, r"a\:b"), (10, "c")]),
        (r"[2b \(nier:automata\):a:0.5]", [(10, r"[2b \(nier:automata\):a:0.5]")]),
        ("[2b (nier:automata):a:0.5]", [(5, "2b (nier:automata)"), (10, "a")]),
        # read as syntax, though they may be tags
        ("[:3]", [(3, ""), (10, "")]),
        ("[nier:automata:0.5]", [(5, "nier"), (10, "automata")]),
        # references and comments are taken out first
        ("<lora:a:0.8:1>, x", [(10, ", x")]),
        ("[<lora:a:1>:<lora:b:1>:0.5]", [(5, ""), (10, "")]),
        ("a # b\nc", [(10, "a \nc")]),
        ("a\n# b\nc", [(10, "a\nc")]),
        ("a # b", [(10, "a \n")]),
        ("# a\n# b\nc", [(10, "\n\nc")]),
        ("a # b\n# c\nd", [(10, "a \nd")]),
        ("a AND b", [(10, "a AND b")]),
    ],
)
def test_ten_steps(text, expected):
    assert schedule(text, 10) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a [b:.5] c", [(10, "a b c")]),
        ("a [b:1.5] c", [(5, "a  c"), (10, "a b c")]),
        ("a [b:3] c", [(10, "a b c")]),
        ("a [b:12] c", [(2, "a  c"), (10, "a b c")]),
        ("[a|b]", each(10, "a", "b")),
    ],
)
def test_a_hires_pass_of_ten_steps_after_ten(text, expected):
    assert schedule(text, 10, base_steps=10) == expected


def test_the_landscape_of_a1111_s_documentation():
    stages = schedule(LANDSCAPE, 100)
    assert [stage.end_step for stage in stages] == [25, 50, 60, 75, 100]
    assert stages[0].text == "fantasy landscape with a mountain and an oak in foreground shoddy"
    assert stages[1].text == "fantasy landscape with a lake and an oak in foreground in background shoddy"
    assert stages[-1].text == "fantasy landscape with a lake and a christmas tree in background masterful"


@pytest.mark.parametrize("dialect", [dialect for dialect in DIALECTS if dialect != "a1111"])
def test_other_dialects_have_neither_schedules_nor_and(dialect):
    assert schedule("[a:b:0.5] <lora:x:1> # c", 10, dialect=dialect) == [(10, "[a:b:0.5] <lora:x:1> # c")]
    assert sub_prompts("a AND b:1.2", dialect) == [("a AND b:1.2", 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("", 1)]),
        ("a AND b", [("a", 1), (" b", 1)]),
        ("a:1.5 AND b :0.5", [("a", 1.5), (" b", 0.5)]),
        ("a:-1 AND b: +.5", [("a", -1), (" b", 0.5)]),
        ("cat, dog:1.2", [("cat, dog", 1.2)]),
        ("cat, dog:1.2 AND x", [("cat, dog", 1.2), (" x", 1)]),
        ("(a AND b:1.2)", [("(a", 1), (" b:1.2)", 1)]),
        ("SAND", [("SAND", 1)]),
        ("ANDROID", [("ANDROID", 1)]),
        ("a,AND,b", [("a,", 1), (",b", 1)]),
        ("a AND", [("a", 1), ("", 1)]),
        ("AND", [("", 1), ("", 1)]),
        ("a and b", [("a and b", 1)]),
        ("1girl, :3", [("1girl,", 3)]),
        (":3", [("", 3)]),
        ("1girl, reverse:1999", [("1girl, reverse", 1999)]),
        ("a:1.2, b", [("a:1.2, b", 1)]),
        ("a:1.2.3", [("a:1.2.3", 1)]),
        ("a:1e2", [("a:1e2", 1)]),
        ("a:1.2 <lora:x:0.8> ", [("a", 1.2)]),
        ("a:1.2 # note", [("a", 1.2)]),
        ("<lora:AND:1>, x", [(", x", 1)]),
        ("a # b AND c", [("a", 1)]),
        ("[a:b:3] AND c", [("[a:b:3]", 1), (" c", 1)]),
    ],
)
def test_and_splits_the_prompt(text, expected):
    assert sub_prompts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1girl, :3", [("1girl, :3", 1)]),
        (":3", [(":3", 1)]),
        ("#compass, a:1.2", [("#compass, a", 1.2)]),
        ("(a AND :3:1.2)", [("(a", 1), (" :3:1.2)", 1)]),
    ],
)
def test_a_tag_is_no_weight_of_and_where_tags_are_looked_up(text, expected):
    assert sub_prompts(text, tag_aware=True) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[:3]", [(10, "[:3]")]),
        ("[:3|;)]", each(10, ":3", ";)")),
        ("[a:b:5], :|", [(5, "a, :|"), (10, "b, :|")]),
        ("[a:b:5], #compass", [(5, "a, #compass"), (10, "b, #compass")]),
    ],
)
def test_a_tag_is_no_schedule_where_tags_are_looked_up(text, expected):
    assert schedule(text, 10, tag_aware=True) == expected


@pytest.mark.parametrize(
    ("text", "kind", "options"),
    [
        ("x [a:b:0.5]", Kind.SCHEDULE, ["a", "b"]),
        ("x [b:3]", Kind.SCHEDULE, ["b"]),
        ("x [b::3]", Kind.SCHEDULE, ["b"]),
        ("x [a|b|c]", Kind.ALTERNATION, ["a", "b", "c"]),
        ("x [a, b:(c:1.2):3]", Kind.SCHEDULE, ["a", "b", "c"]),
    ],
)
def test_the_tree_holds_schedules(text, kind, options):
    tree = parse(text, wildcards=False)
    [group] = tree.of_kind(kind)
    assert tree.source(group) == text[2:]
    assert [text[tag.start : tag.end] for tag in tree.tags if tag.start > 1] == options
    assert all(tag.weight == (1.2 if text[tag.start] == "c" and ":1.2" in text else 1) for tag in tree.tags)


def test_the_tree_holds_and_with_its_weights():
    tree = parse("a:1.5 AND b :0.5, AND c")
    assert [(tree.text[part.start : part.end].strip(), part.weight) for part in tree.sub_prompts()] == [
        ("a", 1.5),
        ("b :0.5,", 1),
        ("c", 1),
    ]
    assert [node.value for node in tree.of_kind(Kind.AND_WEIGHT)] == [1.5]
