"""Looks things up in ComfyUI graphs (API format): which model file a node's model comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .errors import UnknownFamily

LOADERS = {"ckpt_name": "checkpoints", "unet_name": "diffusion_models"}
"""Inputs by which loaders name a model file, and ComfyUI's name of the folder it lies in."""


class ModelName(NamedTuple):
    """A model file's name, as a loader has it, and ComfyUI's name of its folder."""

    folder: str
    name: str


def model_of(graph: Mapping[str, Any], node_id: str) -> ModelName:
    """Return the checkpoint or the diffusion model that reaches a node's `model` input.

    Raises:
        UnknownFamily: if no loader of one file stands at the other end.
    """
    seen = set()
    while node_id not in seen and node_id in graph:
        seen.add(node_id)
        inputs = graph[node_id]["inputs"]
        for name, folder in LOADERS.items():
            if isinstance(inputs.get(name), str):
                return ModelName(folder, str(inputs[name]))
        source = inputs.get("model")
        if not isinstance(source, list):
            break
        node_id = str(source[0])
    raise UnknownFamily(
        "the model's checkpoint can't be found from here, so its family is unknown; choose the family by hand"
    )
