"""Writes an Encode Prompt node in ComfyUI's own nodes, which make the same conditioning of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...prompt.encoding import Stretch, comfyui_chunks, encoded_parts
from ..errors import WorkflowError

Inputs = Mapping[str, Any]
Link = list[Any]
PLAIN = {"weighting": "comfyui", "chunks": "comfyui", "clip_skip": 0, "width": 0, "height": 0}
"""What ComfyUI's own nodes can do."""


def encode_nodes(node_id: str, inputs: Inputs) -> dict[str, Any]:
    """Return the core nodes that stand for an Encode Prompt, one of them by its id.

    Raises:
        WorkflowError: for what core nodes can't express.
    """
    name = f"node {node_id} (TagloomTextEncode)"
    for field, plain in PLAIN.items():
        if inputs.get(field, plain) != plain:
            raise WorkflowError(
                f"{name}: {field} {inputs[field]} has no core nodes to stand for it; install Tagloom on the server, "
                f"or choose {plain}"
            )
    parts = encoded_parts(inputs["text"], inputs["dialect"], inputs["tag_aware"])
    if len(parts) > 1 or parts[0].weight != 1:
        raise WorkflowError(
            f"{name}: AND and its weights have no core nodes to stand for them, which refuse strengths below 0; "
            "install Tagloom on the server"
        )
    stretches = parts[0].stretches
    if inputs.get("steps") is not None and len(stretches) > 1:
        raise WorkflowError(
            f"{name}: only the server knows at which noise levels the steps begin, which prompt editing needs; install "
            "Tagloom there, or leave Sampling Steps out of a workflow of your own: shares are the model's time then"
        )
    return _Writer(node_id, inputs).write(stretches)


class _Writer:
    """Writes core nodes; the last one has our node's id, each other one a number behind it."""

    def __init__(self, node_id: str, inputs: Inputs) -> None:
        self._id = node_id
        self._inputs = inputs
        self._nodes: dict[str, Any] = {}

    def write(self, stretches: tuple[Stretch, ...]) -> dict[str, Any]:
        """Return the nodes."""
        entries = [self._timed(stretch) for stretch in stretches]
        whole = entries[0]
        for entry in entries[1:]:
            whole = self._add("ConditioningCombine", {"conditioning_1": whole, "conditioning_2": entry})
        self._nodes[self._id] = self._nodes.pop(whole[0])
        return self._nodes

    def _timed(self, stretch: Stretch) -> Link:
        entry = self._encoded(stretch.text)
        if (stretch.begin, stretch.end) == (0, 1):
            return entry
        times = {"conditioning": entry, "start": stretch.begin, "end": stretch.end}
        return self._add("ConditioningSetTimestepRange", times)

    def _encoded(self, text: str) -> Link:
        """Encode a text; what stands behind a BREAK is joined to what stands before it."""
        chunks = comfyui_chunks(text, self._inputs["dialect"], self._inputs["tag_aware"])
        clip = self._inputs["clip"]
        texts = [self._add("CLIPTextEncode", {"clip": clip, "text": chunk}) for chunk in chunks]
        whole = texts[0]
        for behind in texts[1:]:
            whole = self._add("ConditioningConcat", {"conditioning_to": whole, "conditioning_from": behind})
        return whole

    def _add(self, class_type: str, inputs: dict[str, Any]) -> Link:
        name = f"{self._id}-{len(self._nodes) + 1}"
        self._nodes[name] = {"class_type": class_type, "inputs": inputs}
        return [name, 0]
