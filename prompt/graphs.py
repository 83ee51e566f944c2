"""Looks things up in ComfyUI graphs (API format): which checkpoint a node's model comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import UnknownFamily


def checkpoint_of(graph: Mapping[str, Any], node_id: str) -> str:
    """Return the checkpoint's name that reaches a node's `model` input, through LoRA loaders and the like.

    Raises:
        UnknownFamily: if no checkpoint loader stands at the other end.
    """
    seen = set()
    while node_id not in seen and node_id in graph:
        seen.add(node_id)
        inputs = graph[node_id]["inputs"]
        if isinstance(inputs.get("ckpt_name"), str):
            return str(inputs["ckpt_name"])
        source = inputs.get("model")
        if not isinstance(source, list):
            break
        node_id = str(source[0])
    raise UnknownFamily(
        "the model's checkpoint can't be found from here, so its family is unknown; choose the family by hand"
    )
