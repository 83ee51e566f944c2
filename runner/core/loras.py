"""What a LoRA Tags node gives, and the chain of core's LoRA loaders that does the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...prompt import as_list, find_lora, lora_uses, without_loras
from ...prompt.loras import LoraUse
from ..errors import WorkflowError

Inputs = Mapping[str, Any]
NAME = "TagloomLoraTags"
LOADER = "LoraLoader"


def lora_values(inputs: Inputs) -> tuple[Any, ...]:
    """Return the node's outputs; what only a server can give is None."""
    named = lora_uses(*_read(inputs), scheduled=False)
    report = "\n".join(use.reference.text for use in named) or "the prompt names no LoRA"
    return (None, None, without_loras(*_read(inputs)), as_list(report))


def lora_nodes(node_id: str, inputs: Inputs) -> dict[str, Any]:
    """Return the core nodes that stand for a LoRA Tags, the last of them by its id; none where there is no LoRA.

    Raises:
        WorkflowError: for LoRAs that prompt editing switches: core nodes don't know the steps.
    """
    uses = _uses(inputs)
    timed = next((use.reference.text for use in uses if use.spans is not None), None)
    if timed is not None:
        raise WorkflowError(
            f"node {node_id} ({NAME}): {timed} acts in a part of the run only, which has no core nodes to stand for "
            "it; install Tagloom on the server, or switch scheduled off"
        )
    names = [f"{node_id}-{number}" for number in range(1, len(uses))] + [node_id]
    links = [[inputs["model"], inputs["clip"]], *([[name, 0], [name, 1]] for name in names)]
    return {name: _loader(use, *link) for name, use, link in zip(names, uses, links, strict=False)}


def _loader(use: LoraUse, model: Any, clip: Any) -> dict[str, Any]:
    strengths = {"strength_model": use.reference.strength, "strength_clip": use.reference.text_encoder}
    return {
        "class_type": LOADER,
        "inputs": {"model": model, "clip": clip, "lora_name": use.reference.name, **strengths},
    }


def _uses(inputs: Inputs) -> tuple[LoraUse, ...]:
    """Return the LoRAs; where steps are connected, so many that each share of the run is one of them."""
    steps = None if inputs.get("steps") is None else 1_000_000
    return lora_uses(*_read(inputs), steps, inputs["scheduled"])


def _read(inputs: Inputs) -> tuple[str, str, bool]:
    return inputs["text"], inputs["dialect"], inputs["tag_aware"]


def with_files(graph: Mapping[str, Any], files: Callable[[], Iterable[str]]) -> dict[str, Any]:
    """Return a graph whose LoRA loaders name files of the server.

    Args:
        graph: API format.
        files: gives the server's LoRA files; asked for only if there are such loaders.

    Raises:
        UnknownLora: if there is none of a name, or several.
    """
    found = dict(graph)
    for node_id, node in graph.items():
        name = node["inputs"].get("lora_name")
        if node["class_type"] == LOADER and isinstance(name, str):
            found[node_id] = {**node, "inputs": {**node["inputs"], "lora_name": find_lora(name, files())}}
    return found
