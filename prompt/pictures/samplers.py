"""The sampler behind a graph's saved image, and its settings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ..errors import UnknownFamily
from ..graphs import ModelName, model_of
from ..references import LORAS, references_in
from ..sizes import Size
from ..syntax import DIALECTS, parse
from .graph import Graph
from .graph_values import LORA_TAGS, Values
from .results import Lora, Settings
from .values import as_float, as_int, as_text, to_json

PARTS = ("guider", "noise", "sampler", "sigmas")
"""Inputs of the custom samplers: each a node of its own."""
LATENTS = ("latent_image", "latent", "samples", "pixels", "image", "images", "positive")
"""Inputs by which a size comes to a sampler: a latent's, an image's, or that of an inpainting model's conditioning."""
OTHERS = ("start_at_step", "end_at_step", "add_noise", "guidance", "eta", "s_noise", "max_shift", "base_shift")
MOST_SAVERS = 20
"""Nodes that save images that are tried; each may lead through the whole graph."""
MOST_LORAS = 200
MOST_TAGGED, LONGEST_PROMPT = 20, 20_000
"""Nodes that load LoRAs by a prompt's references, and characters of such a prompt, that are read."""
LARGEST_SIDE = 10**6


def last_sampler(graph: Graph, remarks: list[str]) -> str | None:
    """Return the sampler that is nearest to the saved image, or None."""
    samplers = [node_id for node_id in graph.nodes if is_sampler(graph, node_id)]
    for saver in _savers(graph)[:MOST_SAVERS]:
        found = next((node_id for node_id in graph.upstream(saver) if is_sampler(graph, node_id)), None)
        if found is not None:
            if len(samplers) > 1:
                remarks.append(f"of {len(samplers)} samplers, the last before the saved image is read: node {found}")
            return found
    if not samplers:
        remarks.append("the graph has no sampler that is known here, so only its raw text is read")
        return None
    remarks.append(f"no sampler leads to a saved image; the last of the graph is read: node {samplers[-1]}")
    return samplers[-1]


def is_sampler(graph: Graph, node_id: str) -> bool:
    """Return whether a node samples: it has both prompts and a seed or steps, or is a custom sampler."""
    inputs, links = graph.inputs(node_id), graph.links(node_id)
    if {"guider", "sigmas"} <= links.keys():
        return True
    prompts = {"positive", "negative"} <= inputs.keys()
    return (
        prompts and ("latent_image" in links or "model" in links) and bool({"seed", "noise_seed", "steps"} & {*inputs})
    )


def _savers(graph: Graph) -> list[str]:
    """Return the nodes that save an image, the last first, then those that only show one."""
    ends = [node_id for node_id in reversed(graph.nodes) if {"images", "image"} & graph.links(node_id).keys()]
    savers = [node_id for node_id in ends if "save" in graph.kind(node_id).casefold()]
    return savers + [node_id for node_id in ends if "preview" in graph.kind(node_id).casefold()]


def settings_of(graph: Graph, sampler: str, values: Values, remarks: list[str]) -> Settings:
    """Return a sampler's settings, with the model and the LoRAs before it."""
    parts = [*graph.upstream(sampler, PARTS)]

    def first(*names: str) -> Any:
        place = next(((node_id, name) for node_id in parts for name in names if name in graph.inputs(node_id)), None)
        return None if place is None else values.value(*place)

    loaded = _loaded(graph, sampler)
    return Settings(
        steps=as_int(first("steps")),
        sampler=as_text(first("sampler_name")),
        scheduler=as_text(first("scheduler")),
        cfg=as_float(first("cfg")),
        seed=as_int(first("seed", "noise_seed")),
        size=_size(graph, sampler, values),
        model=_model_name(graph, sampler, remarks),
        denoise=as_float(first("denoise")),
        loras=tuple(reversed([*islice(_loras(graph, loaded, values), MOST_LORAS)])),
        others=_others(graph, parts),
    )


def clip_skip(graph: Graph, encoder: str, values: Values) -> int | None:
    """Return A1111's clip skip of a text encoder's node, or None where nothing sets it."""
    for node_id in graph.upstream(encoder, ("clip",)):
        if "stop_at_clip_layer" in graph.inputs(node_id):
            layer = as_int(values.value(node_id, "stop_at_clip_layer"))
            return -layer if layer is not None and layer < 0 else None
    return None


def model_file(graph: Graph, sampler: str) -> ModelName | None:
    """Return the model file that a sampler's model comes from, or None where no loader of one file is found."""
    try:
        return model_of(graph.nodes, _loaded(graph, sampler))
    except UnknownFamily:
        return None


def _loaded(graph: Graph, sampler: str) -> str:
    """Return the node of a sampler that has its model: itself, or a part of a custom one."""
    return next((node_id for node_id in graph.upstream(sampler, PARTS) if graph.link(node_id, "model")), sampler)


def _model_name(graph: Graph, sampler: str, remarks: list[str]) -> str:
    model = model_file(graph, sampler)
    if model is None:
        remarks.append("no loader of one model file is found before the sampler, so the model is not known")
    return model.name if model else ""


def _loras(graph: Graph, start: str, values: Values) -> Iterator[Lora]:
    """Go through the LoRAs between a sampler and its model, the last one applied first."""
    tagged = 0
    for node_id in graph.upstream(start, ("model",)):
        inputs = graph.inputs(node_id)
        name = values.value(node_id, "lora_name") if "lora_name" in inputs else None
        if isinstance(name, str) and name not in ("", "None"):
            text = as_float(values.value(node_id, "strength_clip")) if "strength_clip" in inputs else None
            yield Lora(name, as_float(values.value(node_id, "strength_model")), text)
        tagged += graph.kind(node_id) == LORA_TAGS
        if graph.kind(node_id) == LORA_TAGS and tagged <= MOST_TAGGED:
            yield from reversed([*_lora_tags(graph, node_id, values)])
        rows = [value for value in inputs.values() if isinstance(value, dict) and as_text(value.get("lora"))]
        for row in reversed(rows):  # a loader of many has a row for each: its name, its strength, whether it is on
            if row.get("on", True):
                yield Lora(as_text(row["lora"]), as_float(row.get("strength")), as_float(row.get("strengthTwo")))


def _lora_tags(graph: Graph, node_id: str, values: Values) -> Iterator[Lora]:
    """Go through the LoRAs that a node loads by a prompt's references."""
    dialect = graph.inputs(node_id).get("dialect")
    text = values.text(node_id, "text")[:LONGEST_PROMPT]
    for found in references_in(parse(text, dialect if dialect in DIALECTS else DIALECTS[0])):
        if found.kind in LORAS:
            yield Lora(found.name.strip(), found.strength, found.text_encoder)


def _size(graph: Graph, sampler: str, values: Values) -> Size | None:
    """Return the size that the nearest node before the sampler sets."""
    for node_id in graph.upstream(sampler, LATENTS):
        inputs = graph.inputs(node_id)
        if {"width", "height"} <= inputs.keys():
            width, height = (as_int(values.value(node_id, name)) for name in ("width", "height"))
            if width and height and 0 < min(width, height) <= max(width, height) <= LARGEST_SIDE:
                return Size(width, height)
            return None
    return None


def _others(graph: Graph, parts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for node_id in parts:
        for name, value in graph.inputs(node_id).items():
            if name in OTHERS and not isinstance(value, list | dict):
                found.setdefault(name, value if isinstance(value, str) else to_json(value))
    return found
