"""Which texts are encoded of a prompt, in which part of the run, in which chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.prompt import PromptError, UnknownDialect, attention, convert, schedule, sub_prompts
from tagloom.prompt.encoding import between_breaks, comfyui_chunks, encoded_parts, encoded_report, encoded_text

PIECES = [
    "a",
    "b, ",
    "(",
    ")",
    "[",
    "]",
    ":",
    "|",
    ":0.5]",
    ":3]",
    " AND ",
    " BREAK ",
    ":1.2",
    "<lora:x:1>",
    "#c\n",
    ":3",
]
prompts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def told(text: str, steps: int | None = None) -> list[tuple[float, list[tuple[str, float, float]]]]:
    return [(part.weight, [tuple(own) for own in part.stretches]) for part in encoded_parts(text, steps=steps)]


@pytest.mark.parametrize(
    ("text", "steps", "expected"),
    [
        ("1girl, (hat:1.2)", None, [(1, [("1girl, (hat:1.2)", 0, 1)])]),
        ("a [day:night:0.25]", None, [(1, [("a day", 0, 0.25), ("a night", 0.25, 1)])]),
        ("a [day:night:0.25]", 20, [(1, [("a day", 0, 5), ("a night", 5, 20)])]),
        ("a [day:night:8]", 20, [(1, [("a day", 0, 8), ("a night", 8, 20)])]),
        ("[a|b]", 3, [(1, [("a", 0, 1), ("b", 1, 2), ("a", 2, 3)])]),
        ("[a|a]", 3, [(1, [("a", 0, 3)])]),
        ("a:1.5 AND b :-0.5", 4, [(1.5, [("a", 0, 4)]), (-0.5, [(" b", 0, 4)])]),
        ("a AND [b::0.5]", None, [(1, [("a", 0, 1)]), (1, [(" b", 0, 0.5), (" ", 0.5, 1)])]),
        ("1girl, :3", None, [(1, [("1girl, :3", 0, 1)])]),
        ("<lora:x:1>, a # c", None, [(1, [(", a", 0, 1)])]),
        ("", None, [(1, [("", 0, 1)])]),
    ],
)
def test_texts_and_their_parts_of_the_run(text, steps, expected):
    assert told(text, steps) == expected


def test_other_dialects_have_one_text():
    assert encoded_parts("[a|b] AND c", "comfyui")[0].stretches == (("[a|b] AND c", 0, 1),)
    with pytest.raises(UnknownDialect):
        encoded_parts("a", "webui")


@pytest.mark.parametrize(
    ("text", "steps", "words"),
    [
        ("[a|b]", None, r"\[a\|b\] changes at every step: connect a node Sampling Steps"),
        ("[a:b:3]", None, r"\[a:b:3\] changes at step 3: .*or write a share of the run such as 0.5"),
        ("[a:b:20]", 20, r"\[a:b:20\] would change at step 20, but there are only 20"),
    ],
)
def test_what_can_t_be_timed_is_refused_by_name(text, steps, words):
    with pytest.raises(PromptError, match=words):
        encoded_parts(text, steps=steps)


@given(prompts)
def test_every_step_has_the_text_that_a1111_gives_it(text):
    try:
        parts = encoded_parts(text, steps=7)
    except PromptError as error:
        assert "would change at step" in str(error)
        return
    read = sub_prompts(text, tag_aware=True)
    assert [part.weight for part in parts] == [part.weight for part in read]
    for part, own in zip(parts, read, strict=True):
        stages = schedule(own.text, 7, tag_aware=True)
        for step in range(1, 8):
            (mine,) = [stretch.text for stretch in part.stretches if stretch.begin < step <= stretch.end]
            assert mine == next(stage.text for stage in stages if step <= stage.end_step)


@pytest.mark.parametrize(
    ("text", "dialect", "parts"),
    [
        ("a BREAK b", "a1111", ("a", "b")),
        ("a, BREAK, [b]", "a1111", ("a,", ", (b:0.9091)")),
        ("a:1.2 BREAK b:3 BREAK (c", "a1111", ("a:1.2", "b:3", "(c:1.1)")),
        ("BREAK a BREAK", "a1111", ("", "a", "")),
        ("a BREAK b", "comfyui", ("a BREAK b",)),
        ("{{a}} BREAK b", "novelai3", ("(a:1.1025) BREAK b",)),
    ],
)
def test_chunks_begin_behind_breaks(text, dialect, parts):
    assert comfyui_chunks(text, dialect) == parts


def test_a_break_in_brackets_is_a_word():
    assert between_breaks("(a BREAK b:1.2)") == ("(a BREAK b:1.2)",)


@given(prompts)
def test_chunks_hold_what_the_dialect_encodes(text):
    """All letters of all chunks together are those that A1111's own parser gives, but for spaces and BREAKs."""
    (part, *_) = sub_prompts(text, tag_aware=True)
    for stage in schedule(part.text, 3, tag_aware=True):
        got = "".join(own.text for chunk in comfyui_chunks(stage.text) for own in attention(chunk, "comfyui"))
        wanted = "".join(own.text for own in attention(stage.text, "a1111", True))
        assert "".join(got.replace("BREAK", "").split()) == "".join(wanted.replace("BREAK", "").split())


def test_what_is_encoded_in_words():
    text = "a [day:night:0.5] BREAK [b] AND c :0.5"
    assert encoded_text(encoded_parts(text)).splitlines() == [
        "weight 1:",
        "0 to 0.5 of the model's time: a day BREAK (b:0.9091)",
        "0.5 to 1 of the model's time: a night BREAK (b:0.9091)",
        "AND, weight 0.5:",
        " c",
    ]
    lines = encoded_text(encoded_parts("[a|b] c", steps=3), steps=3).splitlines()
    assert lines[1:] == ["step 1: a c", "step 2: b c", "step 3: a c"]
    assert encoded_text(encoded_parts("[[a]]")) == "(a:0.8264)"


def test_what_is_not_encoded_in_words():
    assert encoded_report("<lora:x:1> a") == (
        "<lora:x:1> is not loaded here: the node LoRA Tags in front of this one loads it"
    )
    assert "shares of the model's time" in encoded_report("[a:b:0.5]")
    assert encoded_report("[a:b:0.5]", steps=20) == encoded_report("a") == "nothing is lost"
    assert encoded_report("{{a}}", "novelai3") == convert("{{a}}", "novelai3", "comfyui").report()
