"""LoRA references: which files they mean, when they act, and what is left of the prompt."""

import pytest

from tagloom.prompt import PromptError, UnknownLora, find_lora, lora_uses, without_loras
from tagloom.prompt.loras import MOST

FILES = (
    "style/Ink Wash.safetensors",
    "line_art.safetensors",
    "a/eyes.safetensors",
    "b/eyes.safetensors",
    "Big.pt",
    "twin.pt",
    "twin.ckpt",
)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("line_art", "line_art.safetensors"),
        ("LINE_ART", "line_art.safetensors"),
        ("line_art.safetensors", "line_art.safetensors"),
        ("Ink Wash", "style/Ink Wash.safetensors"),
        ("style\\ink wash", "style/Ink Wash.safetensors"),
        ("Style/Ink Wash.safetensors", "style/Ink Wash.safetensors"),
        ("b/eyes", "b/eyes.safetensors"),
        ("twin.pt", "twin.pt"),
        ("big", "Big.pt"),
        ("Old Name", "line_art.safetensors"),
    ],
)
def test_a_name_finds_its_file(name, file):
    """Case, ending, slashes and folder need not be written; A1111's own names are known too."""
    assert find_lora(name, FILES, lambda: {"old name": "line_art.safetensors"}) == file


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lineart", "did you mean line_art?"),
        ("eyes", "several LoRAs: a/eyes.safetensors, b/eyes.safetensors; write the folder and the ending too"),
        ("something else", "look at its spelling, or put the file there"),
        ("wash", "did you mean Ink Wash?"),
    ],
)
def test_a_name_that_finds_nothing_is_told(name, said):
    with pytest.raises(UnknownLora, match="LoRA") as error:
        find_lora(name, FILES)
    assert said in str(error.value)


def test_an_empty_folder_is_told():
    with pytest.raises(UnknownLora, match="there is none at all"):
        find_lora("x", ())


def test_aliases_are_asked_for_at_need_only():
    assert find_lora("line_art", FILES, lambda: pytest.fail("asked")) == "line_art.safetensors"


@pytest.mark.parametrize(
    ("text", "steps", "spans"),
    [
        ("<lora:a:1>, 1girl", None, [None]),
        ("[<lora:a:1>::0.25]cat", None, [((0.0, 0.25),)]),
        ("[<lora:a:1>:<lora:b:1>:0.5]", 10, [((0.0, 5.0),), ((5.0, 10.0),)]),
        ("[<lora:a:1>::4]", 10, [((0.0, 4.0),)]),
        ("[<lora:a:1>|<lora:b:1>|]", 6, [((0.0, 1.0), (3.0, 4.0)), ((1.0, 2.0), (4.0, 5.0))]),
        ("[[<lora:a:1>:<lora:b:1>:2]::4] <lora:c:1>", 8, [((0.0, 2.0),), ((2.0, 4.0),), None]),
        ("[x:y:0.5] <lora:a:1>", None, [None]),
        ("[x|y] <lora:a:1>", None, [None]),
        ("([<lora:a:1>::0.5] b:1.2) AND [c::0.5]", 4, [((0.0, 2.0),)]),
        ("[<lora:a:1>::0]b", 4, [()]),
        ("[<lora:a:1>:<lora:a:1>:0.5]", 4, [((0.0, 2.0),), ((2.0, 4.0),)]),
        ("<hypernet:h:1>, <lyco:l:1>", None, [None]),
    ],
)
def test_loras_act_where_their_place_is_encoded(text, steps, spans):
    assert [use.spans for use in lora_uses(text, steps=steps)] == spans


def test_all_act_for_the_whole_run_in_a1111():
    uses = lora_uses("[<lora:a:1>:<lora:b:0.5:0.2>:0.5]", scheduled=False)
    assert [use.spans for use in uses] == [None, None]
    assert [(use.reference.strength, use.reference.text_encoder) for use in uses] == [(1, 1), (0.2, 0.5)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<lora:a:strong>", "<lora:a:strong> has a strength that is no number; write <lora:a:0.8>"),
        ("[<lora:a:1>|x]", "changes at every step: connect a node Sampling Steps"),
        ("[<lora:a:1>::12]", "changes at step 12: connect a node Sampling Steps"),
        ("<lora:a:1>" * (MOST + 1), f"names {MOST + 1} LoRAs"),
    ],
)
def test_what_can_t_be_loaded_is_told(text, said):
    with pytest.raises(PromptError) as error:
        lora_uses(text)
    assert said in str(error.value)


def test_a_schedule_past_the_end_is_told():
    with pytest.raises(PromptError, match="would change at step 30, but there are only 20"):
        lora_uses("[<lora:a:1>::30]", steps=20)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<lora:a:1>, 1girl", ", 1girl"),
        ("1girl, <lora:a:0.5:0.2>", "1girl, "),
        ("[<lora:a:1>::4]1girl", "1girl"),
        ("([<lora:a:1>|<lora:b:1>]:1.2), x", ", x"),
        ("[a<lora:a:1>:b:3]", "[a:b:3]"),
        ("[a:<lora:a:1>:3]", "[a::3]"),
        ("(<lora:a:1> hat:1.2)", "( hat:1.2)"),
        ("[::3] <lora:a:1>", "[::3] "),
        ("<hypernet:h:1>", "<hypernet:h:1>"),
        (r"\(<lora:a:1>\)", r"\(\)"),
    ],
)
def test_a_prompt_is_left_without_loras(text, left):
    """Brackets that held nothing else go too, as they would count as a schedule."""
    assert without_loras(text) == left


def test_private_characters_stay_apart_from_marks():
    """Marks for references are characters that the prompt does not have."""
    uses = lora_uses("\ue000 [<lora:a:1>::0.5]")
    assert [use.spans for use in uses] == [((0.0, 0.5),)]
