"""LoRA tags on servers without the pack: core's own loaders, in the same order and at the same strengths."""

import pytest

from tagloom.prompt import UnknownLora
from tagloom.runner.core.graph import to_core
from tagloom.runner.core.loras import with_files
from tagloom.runner.errors import WorkflowError


def graph(text: str, **inputs) -> dict:
    """Return a graph whose sampler and encoder take the model and the text encoders from LoRA Tags."""
    own = {"model": ["1", 0], "clip": ["1", 1], "text": text, "dialect": "a1111", "tag_aware": True, "scheduled": True}
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "x"}},
        "2": {"class_type": "TagloomLoraTags", "inputs": {**own, **inputs}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["2", 1], "text": ["2", 2]}},
        "4": {"class_type": "ModelSave", "inputs": {"model": ["2", 0], "filename_prefix": "y"}},
    }


def test_tags_become_a_chain_of_loaders():
    core = to_core(graph("<lora:a:0.8>, 1girl, <lora:b:0.5:0.2>"), {})
    assert core["2-1"]["inputs"] == {
        "model": ["1", 0],
        "clip": ["1", 1],
        "lora_name": "a",
        "strength_model": 0.8,
        "strength_clip": 0.8,
    }
    assert core["2"]["inputs"]["model"] == ["2-1", 0]
    assert (core["2"]["inputs"]["strength_model"], core["2"]["inputs"]["strength_clip"]) == (0.2, 0.5)
    assert core["3"]["inputs"] == {"clip": ["2", 1], "text": ", 1girl, "}
    assert {node["class_type"] for name, node in core.items() if name.startswith("2")} == {"LoraLoader"}


def test_a_prompt_without_loras_needs_no_node():
    core = to_core(graph("1girl"), {})
    assert "2" not in core
    assert core["3"]["inputs"]["clip"] == ["1", 1]
    assert core["4"]["inputs"]["model"] == ["1", 0]


def test_two_nodes_without_loras_are_both_left_out():
    """Links lead past all of them."""
    two = graph("1girl")
    two["5"] = {**two["2"], "inputs": {**two["2"]["inputs"], "model": ["2", 0], "clip": ["2", 1]}}
    two["3"]["inputs"]["clip"] = ["5", 1]
    assert to_core(two, {})["3"]["inputs"]["clip"] == ["1", 1]


@pytest.mark.parametrize("steps", [None, ["9", 0]])
def test_scheduled_loras_are_refused(steps):
    """Core nodes could switch them, but only the server knows at which step."""
    inputs = {} if steps is None else {"steps": steps}
    others = {"9": {"class_type": "TagloomSamplingSteps", "inputs": {"model": ["1", 0]}}}
    with pytest.raises(WorkflowError, match=r"<lora:a:1> acts in a part of the run only.*install Tagloom"):
        to_core(graph("[<lora:a:1>::0.5]x", **inputs) | others, {})
    assert "2" in to_core(graph("[<lora:a:1>::0.5]x", **inputs, scheduled=False) | others, {})


def test_names_become_the_server_s_files():
    core = with_files(to_core(graph("<lora:Ink>x"), {}), lambda: ["style/ink.safetensors"])
    assert core["2"]["inputs"]["lora_name"] == "style/ink.safetensors"
    with pytest.raises(UnknownLora, match="did you mean inks"):
        with_files(to_core(graph("<lora:ink>x"), {}), lambda: ["inks.safetensors"])
