"""What is written into a picture that a graph has just made: what is sure, and the hashes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tagloom.prompt import PromptError, Size, get_family, parse_picture
from tagloom.prompt.graphs import ModelName
from tagloom.prompt.hashing import Hashes
from tagloom.prompt.pictures.a1111 import read_parameters
from tagloom.prompt.pictures.parameters import Given, bare_name, parameters_of
from tagloom.prompt.pictures.saved import saved_by
from tagloom.prompt.sampling_settings import SamplerSettings

SIZE = Size(512, 768)
SAVER = "9"


def hashes_of(folder: str, name: str) -> Hashes:
    """Return hashes that tell what they are of."""
    return Hashes(f"{folder}/{name}".ljust(64, "."), f"tensors {name}".ljust(64, "."))


def written(graph: dict[str, Any], **given: Any) -> str:
    """Return the whole text, with no file there."""
    return parameters_of(saved_by(graph, SAVER), Given(**given), SIZE, lambda folder, name: None)


def settings_line(text: str) -> str:
    return text.split("\n")[-1]


def test_the_first_workflow(make):
    assert written(make.graph()) == (
        "a fox\nNegative prompt: text\n"
        "Steps: 20, Sampler: Euler, Schedule type: Normal, CFG scale: 8, Seed: 5, Size: 512x768, Model: v1-5, "
        "Version: ComfyUI"
    )
    assert saved_by(make.graph(), SAVER).remarks == ()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"denoise": 0.4}, "Denoising strength: 0.4"),
        ({"seed": ["20", 0]}, "Seed: 77"),
        ({"steps": ["21", 0], "cfg": ["22", 0]}, "Steps: 31, Sampler: Euler, Schedule type: Normal, CFG scale: 3.5"),
        ({"sampler_name": "dpmpp_2m", "scheduler": "karras"}, "Sampler: DPM++ 2M, Schedule type: Karras"),
    ],
)
def test_constants_are_followed(make, values, expected):
    nodes = {
        "n3": make.node("KSampler", **make.graph()["3"]["inputs"] | values),
        "n20": make.node("Seed (other pack)", seed=77),
        "n21": make.node("PrimitiveInt", value=31),
        "n22": make.node("FloatConstant", value=3.5),
    }
    assert expected in settings_line(written(make.graph(**nodes)))


@pytest.mark.parametrize(
    "source",
    [
        {"class_type": "RandomNumber", "inputs": {"value": 3, "most": 30}},
        {"class_type": "RandomNumber", "inputs": {"seed": 3}},
        {"class_type": "Add", "inputs": {"value": ["5", 0]}},
        {"class_type": "TagloomSamplerSettings", "inputs": {"steps": 30, "sampler": "family", "cfg": 0.0}},
    ],
)
def test_what_a_node_works_out_is_left_out(make, source):
    """Never guessed from what goes in."""
    sampler = make.node("KSampler", **make.graph()["3"]["inputs"] | {"steps": ["20", 0]})
    saved = saved_by(make.graph(n3=sampler, n20=source), SAVER)
    assert saved.settings.steps is None
    assert "node 20" in saved.remarks[0]
    assert settings_line(written(make.graph(n3=sampler, n20=source))).startswith("Sampler: Euler")


@pytest.mark.parametrize(
    ("changes", "prompt"),
    [
        ({"n20": ("PrimitiveStringMultiline", {"value": "a cat"})}, "a cat"),
        ({"n20": ("StringConcatenate", {"string_a": "a", "delimiter": " ", "string_b": "cat"})}, "a cat"),
        ({"n20": ("TagloomWildcards", {"text": "a {cat|dog}", "seed": 3})}, ""),
        ({"n20": ("StringConcatenate", {"string_a": "a", "delimiter": " ", "string_b": ["21", 0]})}, ""),
        ({"n20": ("Upper", {"text": ["21", 0]}), "n21": ("PrimitiveString", {"value": "a"})}, ""),
    ],
)
def test_a_prompt_is_known_whole_or_not_at_all(make, changes, prompt):
    nodes = {"n21": ("Wildcards", {"text": "x", "seed": 1})} | changes
    made = {name: make.node(kind, **inputs) for name, (kind, inputs) in nodes.items()}
    graph = make.graph(n6=make.node("CLIPTextEncode", text=["20", 0], clip=["4", 1]), **made)
    assert saved_by(graph, SAVER).prompt == prompt
    assert written(graph, positive="given, prompt").startswith("given, prompt\nNegative prompt: text\n")


def test_a_part_that_is_not_known_hides_the_other_parts(make):
    """Half of a prompt would be a wrong one."""
    combined = make.node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["11", 0])
    sampler = make.node("KSampler", **make.graph()["3"]["inputs"] | {"positive": ["10", 0]})
    for other in (
        make.node("OwnEncoder", clip=["4", 1], image=["12", 0], words=["a"]),
        make.node("CLIPTextEncode", text=["13", 0]),
    ):
        more = {
            "n10": combined,
            "n11": other,
            "n12": make.node("LoadImage", image="a"),
            "n13": make.node("Wild", text="b", seed=1),
        }
        assert saved_by(make.graph(n3=sampler, **more), SAVER).prompt == ""


def test_the_family_s_settings_are_found_out(make):
    """Model Family leaves them to the run, but the file that it looks at is known."""
    sampler = make.node("KSampler", **make.graph()["3"]["inputs"] | {"steps": ["20", 3], "sampler_name": ["20", 1]})
    graph = make.graph(n3=sampler, n20=make.node("TagloomFamilyProfile", model=["4", 0], family="auto"))
    pony = get_family("pony_v6")
    asked: list[ModelName] = []

    def family_of(model: ModelName):
        asked.append(model)
        return pony

    found = saved_by(graph, SAVER, family_of).settings
    assert (found.steps, found.sampler) == (pony.settings()[2], pony.sampler)
    assert {*asked} == {ModelName("checkpoints", "v1-5.safetensors")}

    def unknown(model: ModelName):
        raise PromptError("no family fits")

    assert saved_by(graph, SAVER, unknown).settings.steps is None
    assert saved_by(graph, SAVER).settings.steps is None


def test_the_sampler_of_the_saved_picture_counts(make):
    """Two pictures of one graph, each with the settings of its own sampler."""
    second = make.node("KSampler", **make.graph()["3"]["inputs"] | {"seed": 6})
    more = {
        "n23": second,
        "n28": make.node("VAEDecode", samples=["23", 0], vae=["4", 2]),
        "n29": make.node("TagloomSaveImage", images=["28", 0], positive=["30", 0]),
        "n30": make.node("TagloomLoraTags", text="x", model=["4", 0], clip=["4", 1]),
    }
    graph = make.graph(**more)
    assert [saved_by(graph, saver).settings.seed for saver in ("9", "29")] == [5, 6]


@pytest.mark.parametrize("saver", ["9", "no such node"])
def test_a_picture_that_no_sampler_made_has_what_the_user_gave(make, saver):
    graph = {"1": make.node("LoadImage", image="a.png"), "9": make.node("SaveImage", images=["1", 0])}
    saved = saved_by(graph, saver)
    assert saved.remarks
    assert parameters_of(saved, Given(), SIZE, hashes_of) == ""
    assert parameters_of(saved, Given(positive="a"), SIZE, hashes_of) == "a"


def test_the_user_s_settings_win(make):
    settings = SamplerSettings("euler_ancestral", "karras", 12, 3.25, 0.5)
    assert settings_line(written(make.graph(), settings=settings)) == (
        "Steps: 12, Sampler: Euler a, Schedule type: Karras, CFG scale: 3.25, Seed: 5, Size: 512x768, Model: v1-5, "
        "Denoising strength: 0.5, Version: ComfyUI"
    )


@pytest.mark.parametrize("dialect", ["comfyui", "a1111"])
def test_prompts_are_written_in_a1111_s_dialect(make, dialect):
    text = "((fox:1.2):1.5), [hat]"
    expected = {"comfyui": "(fox:1.2), \\[hat\\]", "a1111": text}[dialect]
    assert written(make.graph(), positive=text, dialect=dialect).split("\n")[0] == expected
    encoder = make.node("TagloomTextEncode", text=text, clip=["4", 1], dialect=dialect, tag_aware=True)
    other = make.node("TagloomTextEncode", text="text", clip=["4", 1], dialect=dialect, tag_aware=True)
    assert written(make.graph(n6=encoder, n7=other)).split("\n")[0] == expected


def lora(make, **values: Any) -> dict[str, Any]:
    """Return a graph with a LoRA between model and sampler."""
    loader = make.node("LoraLoader", model=["4", 0], clip=["4", 1], **values)
    sampler = make.node("KSampler", **make.graph()["3"]["inputs"] | {"model": ["20", 0]})
    return make.graph(n3=sampler, n20=loader)


@pytest.mark.parametrize(
    ("values", "prompt"),
    [
        ({"strength_model": 0.8, "strength_clip": 0.8}, "a fox, <lora:foxes v1.5:0.8>"),
        ({"strength_model": -0.8}, "a fox, <lora:foxes v1.5:-0.8>"),
        ({"strength_model": 0.8, "strength_clip": 0.5}, "a fox, <lora:foxes v1.5:0.5:0.8>"),
        ({"strength_model": 0, "strength_clip": 0.5}, "a fox, <lora:foxes v1.5:0.5:0>"),
        ({"strength_model": 0, "strength_clip": 0}, "a fox"),
        ({"strength_model": ["21", 0], "strength_clip": 1}, "a fox"),
    ],
)
def test_loras_of_loaders_stand_in_the_prompt(make, values, prompt):
    graph = lora(make, lora_name="animals\\foxes v1.5.safetensors", **values)
    assert written(graph).split("\n")[0] == prompt
    assert [found.name for found in read_parameters(written(graph)).settings.loras] == ["foxes v1.5"] * ("<" in prompt)


@pytest.mark.parametrize("tag", ["<lora:foxes:0.6>", "<lora:Foxes:1:0.6>", "<lora:animals/foxes:1>"])
def test_a_lora_that_the_prompt_names_is_not_added(make, tag):
    graph = lora(make, lora_name="animals/foxes.safetensors", strength_model=0.8, strength_clip=0.8)
    assert written(graph, positive=f"a fox, {tag}").split("\n")[0] == f"a fox, {tag}"


def test_lora_tags_that_a_node_takes_out_are_kept_in_the_file(make):
    tags = make.node(
        "TagloomLoraTags",
        model=["4", 0],
        clip=["4", 1],
        text="a fox, <lora:foxes:0.6>",
        dialect="a1111",
        tag_aware=True,
    )
    sampler = make.node("KSampler", **make.graph()["3"]["inputs"] | {"model": ["20", 0]})
    encoder = make.node("CLIPTextEncode", text=["20", 2], clip=["20", 1])
    graph = make.graph(n3=sampler, n20=tags, n6=encoder)
    assert written(graph).split("\n")[0] == "a fox, <lora:foxes:0.6>"
    assert written(graph, positive="a fox").split("\n")[0] == "a fox, <lora:foxes:0.6>"
    tags["inputs"]["text"] = ["21", 0]
    assert written({**graph, "21": make.node("Wild", text="x", seed=1)}).startswith("\nNegative prompt: text")


def test_hashes_of_all_files(make):
    graph = lora(make, lora_name="foxes.safetensors", strength_model=0.8, strength_clip=0.8)
    given = Given("embedding:good, (embedding:good:1.2), <lora:cats:1>", "embedding:bad")
    text = parameters_of(saved_by(graph, SAVER), given, SIZE, hashes_of)
    assert "Model hash: checkpoint, Model: v1-5" in text
    assert 'Lora hashes: "cats: tensors cats, foxes: tensors foxe"' in text
    assert json.loads(re.search(r"Hashes: ({.*?})", text)[1]) == {
        "model": "checkpoint",
        "embed:good": "embeddings",
        "embed:bad": "embeddings",
        "lora:cats": "loras/cats",
        "lora:foxes": "loras/foxe",
    }


def test_bare_embeddings_count_where_the_encoder_reads_them(make):
    asked: list[str] = []

    def none(folder: str, name: str) -> None:
        asked.append(f"{folder}/{name}")

    for chunks in ("comfyui", "a1111"):
        encoder = make.node(
            "TagloomTextEncode", text="(EasyNegative:1.1), hat", clip=["4", 1], dialect="a1111", chunks=chunks
        )
        asked.clear()
        parameters_of(saved_by(make.graph(n7=encoder), SAVER), Given(), SIZE, none)
        assert ("embeddings/EasyNegative" in asked) == (chunks == "a1111")


@pytest.mark.parametrize(
    ("name", "bare"),
    [("a.safetensors", "a"), ("x/y\\a.v1.CKPT", "a.v1"), ("a v1.0", "a v1.0"), ("a.b.pt", "a.b"), ("", "")],
)
def test_bare_names(name, bare):
    assert bare_name(name) == bare


def test_a_saved_picture_gives_back_what_was_written(make):
    text = written(make.graph(), template="a {fox|cat}, __hair__")
    reading = parse_picture(make.png({"parameters": text}))
    assert (reading.source, reading.prompt, reading.negative) == ("comfyui", "a fox", "text")
    assert reading.settings.others["Template"] == "a {fox|cat}, __hair__"
    assert (reading.settings.sampler, reading.settings.seed, reading.settings.size) == ("Euler", 5, SIZE)
