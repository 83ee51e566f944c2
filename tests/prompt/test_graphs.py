from __future__ import annotations

import pytest

from tagloom.prompt import UnknownFamily
from tagloom.prompt.graphs import model_of

GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
    "2": {"class_type": "LoraLoader", "inputs": {"lora_name": "l", "model": ["1", 0], "clip": ["1", 1]}},
    "3": {"class_type": "ModelSamplingDiscrete", "inputs": {"model": ["2", 0]}},
    "4": {"class_type": "TagloomFamilyProfile", "inputs": {"model": ["3", 0], "family": "auto"}},
    "5": {"class_type": "UNETLoader", "inputs": {"unet_name": "u"}},
    "6": {"class_type": "TagloomFamilyProfile", "inputs": {"model": ["5", 0]}},
    "7": {"class_type": "A", "inputs": {"model": ["8", 0]}},
    "8": {"class_type": "B", "inputs": {"model": ["7", 0]}},
    "9": {"class_type": "C", "inputs": {"model": ["99", 0]}},
    "10": {"class_type": "D", "inputs": {"model": "a name"}},
    "11": {"class_type": "E", "inputs": {"model": ["12", 0]}},
    "12": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": ["13", 0], "model": "none"}},
    "14": {"class_type": "TagloomFamilyProfile", "inputs": {"model": [1, 0]}},
}


@pytest.mark.parametrize("node_id", ["1", "2", "3", "4", "14"])
def test_the_checkpoint_is_found_through_what_stands_between(node_id):
    """Through LoRA loaders and model patches, and where a link names its node by a number."""
    assert model_of(GRAPH, node_id) == ("checkpoints", "a.safetensors")


@pytest.mark.parametrize(
    "node_id",
    [
        pytest.param("7", id="a circle"),
        pytest.param("9", id="a link into nothing"),
        pytest.param("10", id="no link"),
        pytest.param("11", id="a name that comes from a link"),
        pytest.param("99", id="no such node"),
    ],
)
def test_where_no_checkpoint_stands_at_the_end_the_user_is_asked(node_id):
    with pytest.raises(UnknownFamily, match="choose the family by hand"):
        model_of(GRAPH, node_id)


def test_a_diffusion_model_is_found_too():
    assert model_of(GRAPH, "6") == ("diffusion_models", "u")
    assert model_of(GRAPH, "4") == ("checkpoints", "a.safetensors")
    with pytest.raises(UnknownFamily, match="choose the family by hand"):
        model_of(GRAPH, "7")
