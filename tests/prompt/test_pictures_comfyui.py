"""Reading ComfyUI's graphs: the sampler before the saved image, its texts and its settings."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import Size, get_family, parse_picture
from tagloom.prompt.pictures import Lora
from tagloom.prompt.pictures.comfyui import read_graph
from tagloom.prompt.pictures.reading import reading_of


def test_the_first_workflow(make):
    reading = parse_picture(make.png({"prompt": json.dumps(make.graph()), "workflow": "{}"}))
    settings = reading.settings
    assert (reading.source, reading.dialect) == ("comfyui", "comfyui")
    assert (reading.prompt, reading.negative, reading.remarks) == ("a fox", "text", ())
    assert (settings.steps, settings.sampler, settings.scheduler, settings.cfg) == (20, "euler", "normal", 8)
    assert (settings.seed, settings.size, settings.denoise) == (5, Size(512, 768), 1)
    assert (settings.model, settings.clip_skip, settings.loras) == ("v1-5.safetensors", None, ())


def test_custom_sampling_with_flux(make):
    node = make.node
    reading = read_graph(
        {
            "13": node(
                "SamplerCustomAdvanced",
                noise=["25", 0],
                guider=["22", 0],
                sampler=["16", 0],
                sigmas=["18", 0],
                latent_image=["27", 0],
            ),
            "25": node("RandomNoise", noise_seed=77),
            "22": node("BasicGuider", model=["12", 0], conditioning=["26", 0]),
            "26": node("FluxGuidance", guidance=3.5, conditioning=["6", 0]),
            "6": node("CLIPTextEncodeFlux", clip=["11", 0], clip_l="a fox", t5xxl="a fox", guidance=3.5),
            "11": node("DualCLIPLoader", clip_name1="l", clip_name2="t5"),
            "16": node("KSamplerSelect", sampler_name="euler"),
            "18": node("SplitSigmas", sigmas=["17", 0], step=3),
            "17": node("BasicScheduler", model=["12", 0], scheduler="simple", steps=20, denoise=1.0),
            "12": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
            "27": node("EmptySD3LatentImage", width=1024, height=1024, batch_size=1),
            "8": node("VAEDecode", samples=["13", 1], vae=["10", 0]),
            "9": node("SaveImage", images=["8", 0]),
        }
    )
    settings = reading.settings
    assert (reading.prompt, reading.negative, reading.remarks) == ("a fox", "", ())
    assert (settings.seed, settings.sampler, settings.scheduler, settings.steps) == (77, "euler", "simple", 20)
    assert (settings.model, settings.size) == ("flux1-dev.safetensors", Size(1024, 1024))


def test_the_last_sampler_before_the_saved_image_counts(make):
    second = make.graph()["3"]["inputs"] | {"latent_image": ["20", 0], "steps": 12, "denoise": 0.5, "seed": 6}
    upscaled = make.node("LatentUpscale", samples=["3", 0], width=1024, height=1536)
    changes = {"n20": upscaled, "n21": make.node("KSampler", **second), "n8": make.node("VAEDecode", samples=["21", 0])}
    reading = read_graph(make.graph(**changes))
    assert (reading.settings.steps, reading.settings.denoise, reading.settings.seed) == (12, 0.5, 6)
    assert reading.settings.size == Size(1024, 1536)
    assert "of 2 samplers" in reading.remarks[0]


def test_conditioning_is_followed_by_its_output(make):
    """A ControlNet has both prompts on its way: the first output is the positive one."""
    passing = make.node("ControlNetApplyAdvanced", positive=["6", 0], negative=["7", 0], strength=1, image=["11", 0])
    sampler = make.graph()["3"]["inputs"] | {"positive": ["10", 0], "negative": ["10", 1]}
    image = make.node("LoadImage", image="pose.png")
    reading = read_graph(make.graph(n3=make.node("KSampler", **sampler), n10=passing, n11=image))
    assert (reading.prompt, reading.negative, reading.remarks) == ("a fox", "text", ())


def test_combined_conditioning_gives_all_texts(make):
    combined = make.node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["12", 0])
    area = make.node("ConditioningSetArea", conditioning=["11", 0], width=64, height=64, x=0, y=0, strength=1.0)
    more = make.node("CLIPTextEncode", text="a forest", clip=["4", 1])
    nothing = make.node("ConditioningZeroOut", conditioning=["6", 0])
    sampler = make.graph()["3"]["inputs"] | {"positive": ["10", 0], "negative": ["13", 0]}
    changes = {"n10": combined, "n11": more, "n12": area, "n13": nothing, "n3": make.node("KSampler", **sampler)}
    reading = read_graph(make.graph(**changes))
    assert (reading.prompt, reading.negative) == ("a fox\na forest", "")
    assert reading.remarks == ("2 texts are combined for the prompt; here they stand below each other",)


def test_texts_from_string_nodes_are_put_together(make):
    changes = {
        "n6": make.node("CLIPTextEncode", text=["10", 0], clip=["4", 1]),
        "n10": make.node("StringConcatenate", string_a=["11", 0], string_b="smile", delimiter=", "),
        "n11": make.node("PrimitiveStringMultiline", value="1girl"),
    }
    reading = read_graph(make.graph(**changes))
    assert (reading.prompt, reading.remarks) == ("1girl, smile", ())


def test_tagloom_s_encoder_tells_its_dialect(make):
    changes = {
        "n6": make.node("TagloomTextEncode", text=["10", 0], clip=["4", 1], dialect="a1111", tag_aware=True),
        "n7": make.node("TagloomTextEncode", text="bad", clip=["4", 1], dialect="a1111", tag_aware=True),
        "n10": make.node("PrimitiveString", value="((fox))"),
    }
    reading = read_graph(make.graph(**changes))
    assert (reading.dialect, reading.prompt, reading.negative, reading.remarks) == ("a1111", "((fox))", "bad", ())
    changes["n7"]["inputs"]["dialect"] = "compel"
    assert "different dialects" in read_graph(make.graph(**changes)).remarks[0]


def test_a_node_that_changes_the_text_is_named(make):
    changes = {
        "n6": make.node("TagloomTextEncode", text=["10", 0], clip=["4", 1], dialect="a1111", tag_aware=True),
        "n10": make.node("TagloomPromptEnhancer", text="1girl", family=["2", 0], enabled=True, level="standard"),
    }
    reading = read_graph(make.graph(**changes))
    assert reading.prompt == "1girl"
    assert "node 10 (TagloomPromptEnhancer) may change a text" in reading.remarks[0]


@pytest.mark.parametrize("family", ["illustrious", "auto", "no_such_family"])
def test_settings_from_the_family(make, family):
    names = ("sampler_name", "scheduler", "steps", "cfg")
    linked = {name: ["2", slot] for slot, name in enumerate(names, 1)}
    sampler = make.node("KSampler", **(make.graph()["3"]["inputs"] | linked))
    clip = make.node("CLIPSetLastLayer", clip=["4", 1], stop_at_clip_layer=["2", 5])
    encoder = make.node("CLIPTextEncode", text="a fox", clip=["10", 0])
    profile = make.node("TagloomFamilyProfile", model=["4", 0], family=family)
    reading = read_graph(make.graph(n2=profile, n3=sampler, n6=encoder, n10=clip))
    found = reading.settings
    if family == "illustrious":
        sampler, scheduler, steps, cfg, layer = get_family(family).settings()
        assert (found.sampler, found.scheduler, found.steps, found.cfg) == (sampler, scheduler, steps, cfg)
        assert found.clip_skip == -layer
        assert reading.remarks == ()
    else:
        assert (found.sampler, found.steps, found.clip_skip) == ("", None, None)
        (remark,) = reading.remarks
        assert remark.startswith(
            "node 2 (TagloomFamilyProfile) took steps, sampler, scheduler, cfg, clip layer from the"
        )


def test_what_a_node_works_out_is_not_guessed(make):
    """An output beside the first is another text than the one that goes in; a size comes from the family."""
    changes = {
        "n5": make.node("EmptyLatentImage", width=["11", 0], height=["11", 1], batch_size=1),
        "n7": make.node("CLIPTextEncode", text=["10", 1], clip=["4", 1]),
        "n10": make.node("TagloomEasyPrompt", text="a fox without a hat", family=["2", 0], enabled=True),
        "n11": make.node("TagloomImageSize", family=["2", 0], shape="portrait"),
    }
    reading = read_graph(make.graph(**changes))
    assert (reading.prompt, reading.negative, reading.settings.size) == ("a fox", "", None)
    assert reading.remarks == (
        "node 10 (TagloomEasyPrompt) makes a text when it runs, which is not known here",
        "node 11 (TagloomImageSize) makes width, height when it runs, which is not known here",
    )


def test_loras_in_the_order_in_which_they_are_applied(make):
    one = make.node("LoraLoader", lora_name="one", strength_model=0.5, strength_clip=0.4, model=["4", 0], clip=["4", 1])
    two = make.node("LoraLoaderModelOnly", lora_name="two", strength_model=["13", 0], model=["10", 0])
    rows = {
        "lora_1": {"on": True, "lora": "three", "strength": 1},
        "lora_2": {"on": False, "lora": "off", "strength": 1},
    }
    many = make.node("Power Lora Loader (rgthree)", **rows, model=["11", 0], clip=["10", 1])
    sampler = make.node("KSampler", **(make.graph()["3"]["inputs"] | {"model": ["12", 0]}))
    number = make.node("PrimitiveFloat", value=0.25)
    reading = read_graph(make.graph(n3=sampler, n10=one, n11=two, n12=many, n13=number))
    assert reading.settings.loras == (Lora("one", 0.5, 0.4), Lora("two", 0.25), Lora("three", 1.0))
    assert reading.settings.model == "v1-5.safetensors"


def test_a_loader_that_takes_the_prompts(make):
    loader = make.node("Efficient Loader", ckpt_name="a.safetensors", positive="a cat", negative="bad")
    sampler = {"seed": 3, "steps": 9, "model": ["1", 0], "positive": ["1", 1], "negative": ["1", 2]}
    image = make.node("SaveImage", images=["2", 5])
    reading = read_graph({"1": loader, "2": make.node("KSampler (Efficient)", **sampler), "3": image})
    assert (reading.prompt, reading.negative) == ("a cat", "bad")
    assert reading.settings.model == "a.safetensors"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n3": {"class_type": "X", "inputs": {}}}, "no sampler that is known"),
        ({"n9": {"class_type": "X", "inputs": {}}}, "no sampler leads to a saved image"),
        ({"n6": {"class_type": "X", "inputs": {}}}, "no text is found behind node 6 (X), for the positive prompt"),
        ({"n4": {"class_type": "X", "inputs": {}}}, "the model is not known"),
        ({"n6": {"class_type": "C", "inputs": {"text": ["10", 0]}}, "n10": {"class_type": "X"}}, "makes a text"),
        (
            {
                "n6": {"class_type": "C", "inputs": {"text": ["10", 0]}},
                "n10": {"class_type": "StringConcatenate", "inputs": {"string_a": ["10", 0], "string_b": ["10", 0]}},
            },
            "in a circle",
        ),
    ],
)
def test_what_is_not_found_is_told(make, changes, words):
    assert words in "\n".join(read_graph(make.graph(**changes)).remarks)


def test_parameters_win_and_the_graph_fills_what_they_leave_open(make):
    changed = make.graph(n4=make.node("CheckpointLoaderSimple", ckpt_name="graph.safetensors"))
    texts = {"parameters": "((fox))\nSteps: 33, Sampler: Euler a, Seed: 9", "prompt": json.dumps(changed)}
    reading = reading_of(texts)
    settings = reading.settings
    assert (reading.source, reading.dialect, reading.prompt, reading.negative) == ("comfyui", "a1111", "((fox))", "")
    assert (settings.steps, settings.sampler, settings.seed) == (33, "Euler a", 9)
    assert (settings.cfg, settings.model, settings.size) == (8, "graph.safetensors", Size(512, 768))


def test_a_zero_in_the_parameters_wins_too(make):
    reading = reading_of({"parameters": "fox\nSteps: 20, Seed: 0, Sampler: a", "prompt": json.dumps(make.graph())})
    assert reading.settings.seed == 0


def test_civitai_s_generator_keeps_what_was_asked_for(make):
    asked = {
        "prompt": "a red fox",
        "negativePrompt": "bad",
        "steps": 25,
        "cfgScale": 4,
        "sampler": "Euler a",
        "seed": 8,
    }
    graph = make.graph() | {"extra": {"airs": ["urn:air:sdxl"]}, "extraMetadata": json.dumps(asked)}
    reading = parse_picture(make.jpeg(make.exif(make.unicode(json.dumps(graph)))))
    assert (reading.source, reading.prompt, reading.negative) == ("civitai", "a red fox", "bad")
    assert (reading.settings.steps, reading.settings.sampler, reading.settings.seed) == (25, "Euler a", 8)
    assert reading.settings.model == "v1-5.safetensors"


def test_a_long_chain_and_texts_that_double(make):
    """Neither recursion nor time without end."""
    chain = {f"n{number}": make.node("X", conditioning=[str(number + 1), 0]) for number in range(100, 5000)}
    sampler = make.node("KSampler", **(make.graph()["3"]["inputs"] | {"positive": ["100", 0], "negative": ["6", 0]}))
    doubling = {
        f"n{number}": make.node("StringConcatenate", string_a=[str(number + 1), 0], string_b=[str(number + 1), 0])
        for number in range(6000, 6060)
    }
    last = make.node("PrimitiveString", value="a" * 100_000)
    encoders = {"n5000": make.node("CLIPTextEncode", text="end"), "n6": make.node("CLIPTextEncode", text=["6000", 0])}
    start = time.perf_counter()
    reading = read_graph(make.graph(n3=sampler, n6060=last, **chain, **doubling, **encoders))
    assert time.perf_counter() - start < 2
    assert reading.prompt == "end"
    assert len(reading.negative) == 1_000_000


def huge(make) -> dict[str, dict]:
    """Return graphs of many nodes that could cost time or memory by the square of their number."""
    chain = {f"c{n}": make.node("PrimitiveFloat", value=[f"c{n + 1}", 0]) for n in range(2000)}
    ring = {f"x{n}": make.node("X", images=[f"x{(n + 1) % 3000}", 0]) for n in range(3000)}
    savers = {f"s{n}": make.node("SaveImage", images=["x0", 0]) for n in range(3000)}
    loras = {
        f"l{n}": make.node("LoraLoader", lora_name="a", strength_model=["c0", 0], model=[f"l{n + 1}", 0])
        for n in range(3000)
    }
    text = {"t": make.node("PrimitiveString", value="a" * 500_000)}
    encoders = {f"e{n}": make.node("CLIPTextEncode", text=["t", 0]) for n in range(3000)}
    many = make.node("X", **{f"conditioning_{n}": [f"e{n}", 0] for n in range(3000)})
    start = make.graph()["3"]["inputs"]
    return {
        "savers": ring | savers,
        "loras": make.graph() | chain | loras | {"3": make.node("KSampler", **start | {"model": ["l0", 0]})},
        "encoders": make.graph()
        | text
        | encoders
        | {"m": many, "3": make.node("KSampler", **start | {"positive": ["m", 0]})},
    }


@pytest.mark.parametrize("name", ["savers", "loras", "encoders"])
def test_huge_graphs_take_little_time(make, name):
    document = huge(make)[name]
    start = time.perf_counter()
    reading = read_graph(document)
    assert time.perf_counter() - start < 2
    if name == "encoders":
        assert "more than 100 texts make the positive prompt; the first are read" in reading.remarks


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
names = """
positive negative seed steps model images samples latent_image text clip conditioning guider sigmas lora_name width
height ckpt_name family value string_a string_b stop_at_clip_layer
"""
inputs = st.sampled_from(names.split())
links = st.tuples(st.sampled_from("123456") | st.integers(1, 6), st.integers(0, 6)).map(list)
kinds = st.sampled_from(["KSampler", "SaveImage", "StringConcatenate", "TagloomFamilyProfile", "X"])
nodes = st.fixed_dictionaries({"class_type": kinds | junk, "inputs": st.dictionaries(inputs, links | junk) | junk})


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("123456"), nodes | junk, min_size=1))
def test_any_graph_is_read(document):
    reading = read_graph(document)
    assert reading.report()
    json.dumps(reading.as_dict())
