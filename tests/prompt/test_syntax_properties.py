"""What holds for every text in every dialect: nothing is lost, nothing throws, the tree and the weights agree."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagloom.prompt.syntax import (
    DIALECTS,
    Kind,
    Tree,
    attention,
    canonical,
    misreadings,
    parse,
    parse_tags,
    render,
    schedule,
    sub_prompts,
)

PIECES = [
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "<",
        ">",
        "|",
        ":",
        "::",
        ",",
        "，",
        "、",
        "\n",
        "\r\n",
        "\t",
        " ",
        "  ",
        "\\",
        '"',
    ),
    *(
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        r"\\",
        ":1.2",
        ":1.2)",
        ": 2 )",
        ":0.5]",
        ":3]",
        "1.5::",
        "-1::",
        "2$$",
        "0.5::",
        "+",
    ),
    *(
        "++",
        "--",
        ")1.2",
        ")++",
        "1.2",
        "1e2",
        "inf",
        "nan",
        "2_0",
        "１",
        "<lora:x:1>",
        "<a:",
        "embedding:x",
        "__x__",
        "__",
    ),
    *("AND", " AND ", "BREAK", " BREAK ", "SAND", "# c\n", "#", "_", "a", "b c", "1girl", "Long_Hair", "score_9", "é"),
    *(":)", ";)", ">:(", ":3", "^_^", "|_|", r"\m/", r"\||/", "+_+", "<|>_<|>", "re:zero", "nier:automata", "初音ミク"),
    *("\0", "\0\1", "\a", "\ud800", "🦊", "\u0301", "İ", "ſ", "\u2028", "\x1c"),
]
UNLIKE = {
    *(Kind.SCHEDULE, Kind.ALTERNATION, Kind.VARIANT, Kind.AND, Kind.AND_WEIGHT),
    *(Kind.LORA, Kind.EMBEDDING, Kind.WILDCARD, Kind.COMMENT),
}
"""Where these are, a tree is of a text that is not yet the encoder's."""
GROUPS = {Kind.PROMPT, Kind.ATTENTION, Kind.SCHEDULE, Kind.ALTERNATION, Kind.VARIANT}

thorough = settings(max_examples=1000)
prompts = st.text() | st.lists(st.sampled_from(PIECES), max_size=24).map("".join)
dialects = st.sampled_from(DIALECTS)


def nasty(count: int, seed: int, longest: int) -> list[str]:
    """Return texts made of the pieces, the same ones for the same seed."""
    chance = random.Random(seed)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, longest))) for _ in range(count)]


def check_tree(tree: Tree) -> None:
    """Leaves lie side by side and are the text; each node lies in its parent, which stands before it."""
    text, nodes = tree.text, tree.nodes
    assert render(tree) == text
    place = 0
    for node in tree.leaves():
        assert place == node.start < node.end
        place = node.end
    assert place == len(text)
    assert nodes[0][:4] == (Kind.PROMPT, 0, len(text), -1)
    for index, node in enumerate(nodes[1:], 1):
        parent = nodes[node.parent]
        assert 0 <= node.parent < index
        assert parent.kind in GROUPS
        assert parent.start <= node.start <= node.end <= parent.end
        assert node.start >= nodes[index - 1].start


def check_tags(tree: Tree) -> None:
    """Tags hold something, without the white space around it, and are known by their names."""
    for tag in tree.tags:
        written = tree.text[tag.start : tag.end]
        assert written == written.strip() != ""
        assert tag.name == canonical(written)
    assert all(0 <= start < end <= len(tree.text) for start, end in tree.kept)
    spans = [misread[:2] for misread in misreadings(tree)]
    assert [span for span in tree.kept if span in spans] == spans


def check_weights(tree: Tree, tag_aware: bool, wildcards: bool) -> None:
    """A tag's weight is that of the encoder's segment in which it stands."""
    segments = attention(tree.text, tree.dialect, tag_aware)
    ends = [segment.end for segment in segments]
    assert ends == sorted(ends)
    if any(node.kind in UNLIKE for node in tree.nodes) or (wildcards and "{" in tree.text):
        return
    for tag in tree.tags:
        around = [s for s in segments if s.start < tag.end and tag.start < s.end and s.start < s.end]
        assert around
        assert all(segment.weight == tag.weight or segment.weight != segment.weight for segment in around)


def check(text: str, dialect: str, tag_aware: bool, wildcards: bool) -> None:
    tree = parse(text, dialect, tag_aware, wildcards)
    check_tree(tree)
    check_tags(tree)
    check_weights(tree, tag_aware, wildcards)
    if not misreadings(tree):
        own, aware = attention(text, dialect), attention(text, dialect, tag_aware)
        assert [repr(segment[:2]) for segment in own] == [repr(segment[:2]) for segment in aware]


@thorough
@given(prompts, dialects, st.booleans(), st.booleans())
@example("(a:1.2), (b", "comfyui", True, True)
@example("<a:" * 5, "a1111", True, True)
@example("\\", "a1111", False, True)
@example("(a)1.+", "compel", True, True)
@example("，+\u2028_+", "compel", False, True)
@example("{|+ }", "compel", False, True)
@example("[embedding:x<lora:x:1>AND", "a1111", False, False)
@example(">:(, ;)", "compel", True, False)
def test_any_text(text, dialect, tag_aware, wildcards):
    check(text, dialect, tag_aware, wildcards)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("tag_aware", [True, False])
@pytest.mark.parametrize("wildcards", [True, False])
def test_nasty_texts(dialect, tag_aware, wildcards):
    for text in nasty(1000, seed=DIALECTS.index(dialect), longest=12):
        check(text, dialect, tag_aware, wildcards)


@thorough
@given(prompts, st.integers(1, 12), st.integers(0, 12), st.booleans())
def test_any_text_has_a_schedule(text, steps, base_steps, tag_aware):
    """The stages' steps rise, and the last one is the last step."""
    ends = [stage.end_step for stage in schedule(text, steps, base_steps, tag_aware=tag_aware)]
    assert ends == sorted(set(ends))
    assert ends[-1] == steps
    assert ends[0] >= 1


@thorough
@given(prompts, st.booleans())
def test_the_parts_between_and_are_the_tree_s(text, tag_aware):
    parts = sub_prompts(text, tag_aware=tag_aware)
    assert len(parts) >= 1
    if "<" not in text and "#" not in text:
        tree = parse(text, "a1111", tag_aware, wildcards=False)
        found = [(text[part.start : part.end].rstrip(), part.weight) for part in tree.sub_prompts()]
        assert parts == found


@given(prompts)
def test_canonical_names_are_their_own_names(text):
    name = canonical(canonical(text))
    if r"\(" not in name and r"\)" not in name:  # each time takes one backslash away
        assert canonical(name) == name


@given(st.lists(st.text(st.characters(categories=["Ll", "Nd"]), min_size=1).map("x{}".format), min_size=1))
def test_tags_with_commas_between_them_come_back(words):
    for dialect in DIALECTS:
        tags = parse_tags(", ".join(words), dialect)
        assert [tag.name for tag in tags] == [word.casefold() for word in words]
        assert all(tag.weight == 1 for tag in tags)
