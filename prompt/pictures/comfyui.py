"""What a ComfyUI graph says about its picture: prompts, settings, model, LoRAs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..syntax import DIALECTS
from .graph import Graph
from .graph_texts import Encoded, Texts
from .graph_values import Values
from .results import PictureReading, Settings
from .samplers import clip_skip, last_sampler, settings_of
from .values import as_float, as_int, as_text, object_from_json

CIVITAI = "extraMetadata"
"""An entry beside the nodes by which Civitai's generator keeps what its user asked for, as JSON in a string."""
GUIDER = "guider"


def is_graph(document: dict[str, Any]) -> bool:
    """Return whether a JSON object is a graph in API format."""
    return any(isinstance(node, dict) and isinstance(node.get("class_type"), str) for node in document.values())


def read_graph(document: dict[str, Any]) -> PictureReading:
    """Read a graph in API format; what is not found in it is a remark."""
    remarks: list[str] = []
    reading = _read(Graph(document), remarks)
    remarks = [*dict.fromkeys(remarks)]
    reading = replace(reading, remarks=tuple(remarks))
    asked = object_from_json(as_text(document.get(CIVITAI)))
    return _as_asked(reading, asked) if asked else reading


def _read(graph: Graph, remarks: list[str]) -> PictureReading:
    sampler = last_sampler(graph, remarks)
    if sampler is None:
        return PictureReading("comfyui", "comfyui", "", "", Settings(), {}, ())
    return read_sampler(graph, sampler, Values(graph, remarks), remarks)


def read_sampler(graph: Graph, sampler: str, values: Values, remarks: list[str]) -> PictureReading:
    """Read what a sampler of a graph is given; `remarks` gets what is not found, or not surely."""
    texts = Texts(graph, values, remarks)
    guider = graph.link(sampler, GUIDER)
    start = guider.node_id if guider else sampler
    positive, negative = texts.behind(start, "positive"), texts.behind(start, "negative")
    settings = settings_of(graph, sampler, values, remarks)
    if positive:
        settings = replace(settings, clip_skip=clip_skip(graph, positive[0].node_id, values))
    values.conclude()
    dialect = _dialect(graph, [*positive, *negative], remarks)
    return PictureReading(
        "comfyui", dialect, _joined(positive, "", remarks), _joined(negative, "negative ", remarks), settings, {}, ()
    )


def _joined(found: list[Encoded], which: str, remarks: list[str]) -> str:
    texts = [*dict.fromkeys(encoded.text for encoded in found if encoded.text)]
    if len(texts) > 1:
        remarks.append(f"{len(texts)} texts are combined for the {which}prompt; here they stand below each other")
    return "\n".join(texts)


def _dialect(graph: Graph, found: list[Encoded], remarks: list[str]) -> str:
    """Return the dialect that the encoders read: Tagloom's has it as an input, all others read ComfyUI's."""
    inputs = [graph.inputs(encoded.node_id) for encoded in found]
    dialects = [each["dialect"] if each.get("dialect") in DIALECTS else "comfyui" for each in inputs]
    if len({*dialects}) > 1:
        remarks.append("the prompts are in different dialects; the first one's is told")
    return dialects[0] if dialects else "comfyui"


def _as_asked(reading: PictureReading, asked: dict[str, Any]) -> PictureReading:
    """Return the reading of a picture by Civitai, with what its user asked for first."""
    settings = Settings(
        steps=as_int(asked.get("steps")),
        sampler=as_text(asked.get("sampler")),
        cfg=as_float(asked.get("cfgScale")),
        seed=as_int(asked.get("seed")),
        clip_skip=as_int(asked.get("clipSkip")),
    )
    return replace(
        reading,
        source="civitai",
        prompt=as_text(asked.get("prompt")) or reading.prompt,
        negative=as_text(asked.get("negativePrompt")) or reading.negative,
        settings=settings.over(reading.settings),
    )
