"""Reading A1111's `parameters`, as A1111 and the programs that imitate it write them."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt.pictures import Lora
from tagloom.prompt.pictures.a1111 import READERS, read_parameters
from tagloom.prompt.pictures.pairs import pairs
from tagloom.prompt.pictures.reading import reading_of
from tagloom.prompt.pictures.writing import parameters_text

LINE = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
RESOURCES = json.dumps(
    [
        {"type": "checkpoint", "modelVersionId": 1, "modelName": "WAI, v14: best", "modelVersionName": "v14"},
        {"type": "lora", "weight": 0.7, "modelVersionId": 2, "modelName": "Foxes"},
        {"type": "lora", "weight": "x", "modelVersionId": 3},
        {"type": "embed", "modelVersionId": 4},
    ]
)


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        (f"1girl\nNegative prompt: bad\n{LINE}", "1girl", "bad"),
        (f"1girl\n{LINE}", "1girl", ""),
        (f"a,\nb\n\nc \nNegative prompt: d,\n e\n{LINE}", "a,\nb\n\nc ", "d,\n e"),
        (f"\nNegative prompt: bad\n{LINE}", "", "bad"),
        (f"Negative prompt: bad\n{LINE}", "", "bad"),
        (LINE, "", ""),
        (f"Negative prompt:\n{LINE}", "", ""),
        (f"she says Negative prompt: no\n{LINE}", "she says Negative prompt: no", ""),
        (f"Steps: to heaven, 1girl\n{LINE}", "Steps: to heaven, 1girl", ""),
        (f"Steps: 3, walking\nNegative prompt: Steps: 4\n{LINE}", "Steps: 3, walking", "Steps: 4"),
        (f"{LINE}\nNegative prompt: x\n{LINE}", LINE, "x"),
        (f"a\nNegative prompt: b\nNegative prompt: c\n{LINE}", "a\nNegative prompt: b", "c"),
        ("1girl, Steps: 3", "1girl, Steps: 3", ""),
        ("1girl\nNegative prompt: bad", "1girl", "bad"),
        ("1girl\nSeed: 3, watermelon: 2", "1girl\nSeed: 3, watermelon: 2", ""),
        ("1girl\nSteps: 20", "1girl", ""),
        ("1girl\nModel: x, Seed: 1, Sampler: Euler", "1girl", ""),
        ("", "", ""),
    ],
)
def test_the_prompts(text, prompt, negative):
    found = read_parameters(text)
    assert (found.prompt, found.negative) == (prompt, negative)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("A: 1, B: 2", [("A", "1"), ("B", "2")]),
        ('A: "x, y: z", B: 2', [("A", "x, y: z"), ("B", "2")]),
        (r'A: "x \"y\", z\n狐", B: 2', [("A", 'x "y", z\n狐'), ("B", "2")]),
        (r'A: "C:\models, mine", B: 2', [("A", r"C:\models, mine"), ("B", "2")]),
        ("A: x, y, 16:9, B: 2", [("A", "x, y, 16:9"), ("B", "2")]),
        ('A: {"x": "y, B: 3"}, B: [1, {"c": 2}], C: ', [("A", '{"x": "y, B: 3"}'), ("B", '[1, {"c": 2}]'), ("C", "")]),
        ('A: [x, B: {y, C: "z', [("A", "[x"), ("B", "{y"), ("C", '"z')]),
        ('A: "x" y, B: 2', [("A", '"x" y'), ("B", "2")]),
        ("Date: 2024-01-01T00:00:00.0000000Z, B: 2", [("Date", "2024-01-01T00:00:00.0000000Z"), ("B", "2")]),
        ("ADetailer model 2nd: x, sv_prompt: y", [("ADetailer model 2nd", "x"), ("sv_prompt", "y")]),
        ("no pairs", []),
        ("", []),
    ],
)
def test_the_pairs_of_a_line(line, found):
    assert pairs(line) == found


def test_loras_have_their_weights_and_hashes():
    text = (
        "<lora:one:0.5>, <lora:Two, too:0.5:1>, <lyco:three:te=0.2:unet=0.3>, <lora:four>, <hypernet:x:1>\n"
        f'{LINE}, Lora hashes: "one: aaa, five: bbb", Hashes: {{"model": "m", "lora:THREE": "ccc", "vae": "v"}}'
    )
    found = read_parameters(text)
    assert found.settings.loras == (
        Lora("one", 0.5, hash="aaa"),
        Lora("Two, too", 1.0, 0.5),
        Lora("three", 0.3, 0.2, hash="ccc"),
        Lora("four", 1.0),
        Lora("five", hash="bbb"),
    )
    assert found.prompt.startswith("<lora:one:0.5>")


def test_a_weight_that_is_no_number_is_none():
    loras = read_parameters("<lora:a:x>, <lora:b:\x1e.8>, <lora:c:1e999>, <lora:d:>").settings.loras
    assert [lora.weight for lora in loras] == [None, 0.8, None, None]


def test_civitai_s_resources():
    found = reading_of(
        {"parameters": f"a fox\n{LINE}, Clip skip: 2, Civitai resources: {RESOURCES}, Civitai metadata: {{}}"}
    )
    assert (found.source, found.dialect, found.prompt) == ("civitai", "a1111", "a fox")
    assert found.settings.model == "WAI, v14: best"
    assert found.settings.loras == (Lora("Foxes", 0.7), Lora("modelVersionId 3"))
    assert found.settings.clip_skip == 2
    assert json.loads(found.settings.others["Civitai resources"]) == json.loads(RESOURCES)


def test_what_stands_below_the_settings():
    text = f"a\n{LINE}\nTemplate: {{a|b}},\nc\nNegative Template: __bad__\n"
    found = read_parameters(text)
    assert found.prompt == "a"
    assert found.settings.others == {"Template": "{a|b},\nc", "Negative Template": "__bad__\n"}
    found = read_parameters(f"a\n{LINE}\nVersion: 1\nwhat is this")
    assert found.settings.others == {"Version": "1"}
    assert found.remarks == ("'what is this' below the settings is not understood",)


def test_a_value_that_can_t_be_read_stays_by_its_name():
    found = read_parameters("a\nSteps: 20, Seed: many, Size: big, CFG scale: nan, Sampler: Euler")
    assert (found.settings.steps, found.settings.seed, found.settings.cfg) == (20, None, None)
    assert found.settings.others == {"Seed": "many", "Size": "big", "CFG scale": "nan"}
    assert len(found.remarks) == 3


def test_the_scheduler_by_its_old_and_new_name():
    assert read_parameters(f"a\n{LINE}, Schedule type: Karras").settings.scheduler == "Karras"
    assert read_parameters(f"a\n{LINE}, Scheduler: beta").settings.scheduler == "beta"


values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text == text.strip())
names = st.from_regex(r"[A-Z][a-z]{1,8}( [a-z0-9]{1,5})?", fullmatch=True).filter(lambda name: name not in ("Steps",))


@settings(deadline=None)
@given(st.dictionaries(names, values, max_size=5))
def test_what_the_runner_writes_is_read_back(others):
    """Whatever the values: A1111's quotes hold commas, colons and line breaks."""
    plain = {name: value for name, value in others.items() if value[0] not in '"[{' and "\r" not in value}
    written = parameters_text("1girl", "bad", {"Steps": 20, "Sampler": "Euler a", **plain})
    if not READERS.keys() & plain.keys():
        found = read_parameters(written)
        assert (found.prompt, found.negative, found.settings.steps) == ("1girl", "bad", 20)
        assert dict(found.settings.others) == plain


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read(text):
    found = read_parameters(text)
    assert found.prompt + found.negative == "" or (found.prompt in text and found.negative in text)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["Steps: 2", ", ", "A: ", '"', "\\", "[", "{", "}", "\n", "Negative prompt:", "<lora:", ">"])
    )
)
def test_any_mixture_of_the_marks_is_read(parts):
    read_parameters("".join(parts))


MARKS = (
    "A: [",
    'A: ["',
    'A: "\\", ',
    'A: {"b":[1, ',
    "A: [, ",
    "A: ",
    ":",
    ",",
    '"',
    "<lora:",
    "\n",
    "Steps: 1, Size: 2, ",
)


@pytest.mark.parametrize("part", MARKS)
def test_long_texts_take_linear_time(part):
    start = time.perf_counter()
    read_parameters("x\nSteps: 20, Sampler: a, " + part * (400_000 // len(part)))
    assert time.perf_counter() - start < 2
