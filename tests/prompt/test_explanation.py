"""An explanation says what is encoded, with which weights, at which steps, and which tags were kept from syntax."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import UnknownDialect, attention, explain, misreadings, parse, schedule, sub_prompts
from tagloom.prompt.syntax import DIALECTS

PIECES = [
    *("(", ")", "[", "]", "{", "}", ":1.2)", ":0.5]", "::", "++", ", ", " ", "\\", "AND", "BREAK", "|", ":0.5"),
    *("1girl", ":3", ";)", "re:zero", "[a:b:0.5]", "[a|b]", "# note", "\n", "é", "\0", "\ud800"),
]
prompts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def told(text: str, dialect: str = "a1111", **options: object) -> list[str]:
    return explain(text, dialect, **options).report().splitlines()


@pytest.mark.parametrize(
    ("text", "dialect", "lines"),
    [
        ("1girl", "a1111", ["      1 '1girl'"]),
        ("1girl, ((hat))", "a1111", ["      1 '1girl, '", "   1.21 'hat'"]),
        ("1girl, ((hat:1.5):1.2)", "a1111", ["      1 '1girl, '", "    1.8 'hat'"]),
        ("1girl, ((hat:1.5):1.2)", "comfyui", ["      1 '1girl, '", "    1.5 'hat'"]),
        ("[hat]", "a1111", [" 0.9091 'hat'"]),
        ("[hat]", "comfyui", ["      1 '[hat]'"]),
        ("{hat}", "novelai3", ["   1.05 'hat'"]),
        ("-1::hat::", "novelai4", ["     -1 'hat'"]),
        ("a BREAK b", "a1111", ["      1 'a'", "        (a new chunk)", "      1 'b'"]),
        ("a BREAK b", "comfyui", ["      1 'a BREAK b'"]),
        (
            "a AND (b) :0.5",
            "a1111",
            [
                "sub-prompt 1 of 2, weight 1:",
                "      1 'a'",
                "sub-prompt 2 of 2, weight 0.5:",
                "      1 ' '",
                "    1.1 'b'",
            ],
        ),
        ("a AND b", "comfyui", ["      1 'a AND b'"]),
        ("hat:0.5", "a1111", ["the whole prompt, weight 0.5:", "      1 'hat'"]),
        ("hat:0.5", "comfyui", ["      1 'hat:0.5'"]),
        (r"a\b \(c\)", "comfyui", [r"      1 'a\b (c)'"]),
        ("()", "comfyui", ["nothing is encoded"]),
        ("[a:b:0.05]", "a1111", ["step 1:", "      1 'a'", "steps 2 to 20:", "      1 'b'"]),
        ("[day:night:0.25]", "a1111", ["steps 1 to 5:", "      1 'day'", "steps 6 to 20:", "      1 'night'"]),
        ("[day:night:0.25]", "comfyui", ["      1 '[day:night:0.25]'"]),
        (
            "[(hat:1.2):(hat:0.5):0.5]",
            "a1111",
            ["steps 1 to 10:", "    1.2 'hat'", "steps 11 to 20:", "    0.5 'hat'"],
        ),
    ],
)
def test_reports(text, dialect, lines):
    assert told(text, dialect) == lines


def test_alternation_is_told_once_for_each_option():
    assert told("[red|blue] hair", steps=4) == [
        "steps 1, 3:",
        "      1 'red hair'",
        "steps 2, 4:",
        "      1 'blue hair'",
    ]


def test_a_schedule_that_changes_nothing_is_no_schedule():
    explained = explain("[day:day:0.5]", "a1111")
    (reading,) = explained.parts[0].readings
    assert reading.end_step == 20
    assert explained.report() == "      1 'day'"


def test_kept_tags_are_named_with_the_dialect_that_would_misread_them():
    text = "(smile, ;), hat)"
    assert told(text) == ["    1.1 'smile, ;), hat'", "';)' is kept as a tag; A1111 alone would read syntax in it"]
    assert "ComfyUI alone" in told("2b (nier:automata)", "comfyui")[-1]
    assert told(text, tag_aware=False) == ["    1.1 'smile, ;'", "      1 ', hat)'"]


@pytest.mark.parametrize("steps", [1, 2, 20, 1000])
def test_steps_are_those_that_are_named(steps):
    ends = [reading.end_step for reading in explain("[day:night:0.5]", "a1111", steps=steps).parts[0].readings]
    assert ends[-1] == steps
    assert ends == sorted(set(ends))


@settings(deadline=None)
@given(prompts, st.sampled_from(DIALECTS), st.booleans())
def test_it_says_what_the_parsers_say(text, dialect, tag_aware):
    """Each part, each stage of its schedule, each piece of text in that, and nothing else."""
    explained = explain(text, dialect, tag_aware, steps=6)
    parts = sub_prompts(text, dialect, tag_aware)
    assert [part.weight for part in explained.parts] == [part.weight for part in parts]
    for part, made in zip(parts, explained.parts, strict=True):
        stages = schedule(part.text, 6, dialect=dialect, tag_aware=tag_aware)
        at = {}
        for first, stage in zip([0, *(stage.end_step for stage in stages)], stages, strict=False):
            at |= dict.fromkeys(range(first + 1, stage.end_step + 1), tuple(attention(stage.text, dialect, tag_aware)))
        told = {}
        for first, reading in zip([0, *(reading.end_step for reading in made.readings)], made.readings, strict=False):
            told |= dict.fromkeys(range(first + 1, reading.end_step + 1), reading.segments)
        assert told == at
    assert list(explained.misreadings) == (misreadings(parse(text, dialect)) if tag_aware else [])


@settings(deadline=None)
@given(prompts, st.sampled_from(DIALECTS))
def test_it_is_plain_data_and_words(text, dialect):
    explained = explain(text, dialect)
    plain = json.loads(json.dumps(explained.as_dict()))
    assert plain["dialect"] == dialect
    assert len(plain["parts"]) == len(explained.parts)
    segments = [segment for part in plain["parts"] for one in part["readings"] for segment in one["segments"]]
    assert all(set(segment) == {"text", "weight"} for segment in segments)
    assert [item["name"] for item in plain["misreadings"]] == [item.name for item in explained.misreadings]
    assert len(explained.report().splitlines()) >= len(explained.misreadings)


def test_the_data_hold_what_the_words_say():
    assert explain("a AND [b:(c:1.5):0.5], ;)", "a1111", steps=4).as_dict() == {
        "dialect": "a1111",
        "parts": [
            {"weight": 1.0, "readings": [{"end_step": 4, "segments": [{"text": "a", "weight": 1.0}]}]},
            {
                "weight": 1.0,
                "readings": [
                    {"end_step": 2, "segments": [{"text": " b, ;)", "weight": 1.0}]},
                    {
                        "end_step": 4,
                        "segments": [
                            {"text": " ", "weight": 1.0},
                            {"text": "c", "weight": 1.5},
                            {"text": ", ;)", "weight": 1.0},
                        ],
                    },
                ],
            },
        ],
        "misreadings": [],
        "references": [],
    }


A1111_LORA = "and encodes nothing; in ComfyUI load it with a LoRA loader"


@pytest.mark.parametrize(
    ("text", "dialect", "strengths", "words"),
    [
        ("<lora:Foo:0.8>", "a1111", (0.8, 0.8), f"A1111 loads the LoRA 'Foo' at strength 0.8 {A1111_LORA}"),
        (
            "<lora:Foo:0.8>",
            "comfyui",
            (0.8, 0.8),
            "ComfyUI encodes it as words and loads nothing; load the LoRA 'Foo' at strength 0.8 with a LoRA loader",
        ),
        ("<lora:Foo:0.8>", "novelai4", (0.8, 0.8), "NovelAI 4 encodes it as words and loads nothing"),
        ("<lora:Foo>", "a1111", (1, 1), f"A1111 loads the LoRA 'Foo' at strength 1 {A1111_LORA}"),
        (
            "<lyco:a b:0.5:-1>",
            "a1111",
            (-1, 0.5),
            f"A1111 loads the LoRA 'a b' at strength -1 (text encoder: 0.5) {A1111_LORA}",
        ),
        (
            "<lora:Foo:unet=0.3:te=0.6>",
            "a1111",
            (0.3, 0.6),
            f"A1111 loads the LoRA 'Foo' at strength 0.3 (text encoder: 0.6) {A1111_LORA}",
        ),
        (
            "<lora:Foo:much>",
            "a1111",
            (None, None),
            f"A1111 loads the LoRA 'Foo' at a strength that is no number {A1111_LORA}",
        ),
        (
            f"<lora:Foo:1{'0' * 400}>",
            "a1111",
            (None, None),
            f"A1111 loads the LoRA 'Foo' at a strength that is no number {A1111_LORA}",
        ),
        (
            "<hypernet:Foo:1>",
            "a1111",
            (None, None),
            "A1111 takes it out and loads what it names, if it can; ComfyUI loads nothing from a prompt",
        ),
        (
            "embedding:Foo",
            "comfyui",
            (None, None),
            "ComfyUI puts the vectors of the embedding 'Foo' there, and leaves it out if it has none",
        ),
        (
            "(embedding:Foo:1.2)",
            "a1111",
            (None, None),
            "ComfyUI puts the vectors of the embedding 'Foo' there, and leaves it out if it has none; "
            "A1111 knows it without 'embedding:'",
        ),
    ],
)
@pytest.mark.parametrize("tag_aware", [True, False])
def test_references_are_told(text, dialect, strengths, words, tag_aware):
    explained = explain(f"1girl, {text}, {text}", dialect, tag_aware)
    written = text.strip("()").removesuffix(":1.2")
    told = [line for line in explained.report().splitlines() if " loads " in line or "puts" in line]
    assert told == [f"{written!r}: {words}"]
    first, _ = explained.as_dict()["references"]
    assert first["name"] == ("a b" if "a b" in text else "Foo")
    assert (first["strength"], first["text_encoder"]) == strengths
    assert f"1girl, {text}"[first["start"] : first["end"]] == first["text"] == written
    json.dumps(explained.as_dict(), allow_nan=False)


def test_an_unknown_dialect_is_refused():
    with pytest.raises(UnknownDialect, match="'webui'"):
        explain("1girl", "webui")


@pytest.mark.parametrize(
    "text", ["(" * 2000, "[a|b]" * 400, "[a:b:0.5]" * 400, "a AND " * 3000, "\0\ud800" * 500, "a, " * 9000]
)
def test_hard_texts_take_less_than_a_second(text):
    explain("warm up, ;)", "a1111").report()
    started = time.perf_counter()
    explain(text, "a1111").report()
    assert (
        time.perf_counter() - started < 20
    )  # the figure is in benchmarks/hostile.py; a walk that is not linear takes minutes
