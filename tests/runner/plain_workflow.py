"""A workflow without any model, and what a server says of its classes."""

from __future__ import annotations

import json
from typing import Any


def _whole(default: int, low: int, high: int) -> list[Any]:
    return ["INT", {"default": default, "min": low, "max": high}]


def _class(name: str, inputs: dict[str, Any], output: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "display_name": name,
        "category": "image",
        "input": {"required": inputs},
        "input_order": {"required": list(inputs)},
        "output": output,
        "output_is_list": [False] * len(output),
        "output_name": output,
        "output_node": not output,
    }


OBJECT_INFO = {
    "EmptyImage": _class(
        "EmptyImage",
        {
            "width": _whole(512, 1, 16384),
            "height": _whole(512, 1, 16384),
            "batch_size": _whole(1, 1, 4096),
            "color": _whole(0, 0, 0xFFFFFF),
        },
        ["IMAGE"],
    ),
    "SaveImage": _class("SaveImage", {"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]}, []),
}
"""Of ComfyUI 0.3.75, without tooltips."""


def plain_workflow(size: int = 8) -> str:
    """Return a workflow in API format that saves a picture of one colour."""
    picture = {"width": size, "height": size, "batch_size": 1, "color": 0}
    return json.dumps(
        {
            "1": {"class_type": "EmptyImage", "inputs": picture},
            "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "plain"}},
        }
    )
