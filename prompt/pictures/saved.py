"""What a graph surely says about the picture that one of its nodes saves, while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..graphs import ModelName
from .comfyui import read_sampler
from .graph import Graph
from .graph_values import FamilyOf, Values
from .results import Settings
from .samplers import is_sampler, model_file

IMAGES = "images"
"""The input by which a picture comes to the node that saves it."""


class Saved(NamedTuple):
    """What is known of a picture.

    Attributes:
        prompt: the text that is encoded; empty where nodes make it when they run.
        negative: that of the negative prompt, likewise.
        dialect: the dialect of both, one of `DIALECTS`.
        settings: the sampler's; what nodes work out when they run is left out.
        model: the model file.
        has_bare_embeddings: whether the encoder reads embeddings by their bare names, as A1111 does.
        remarks: what is not known, and why.
    """

    prompt: str = ""
    negative: str = ""
    dialect: str = "a1111"
    settings: Settings = Settings()
    model: ModelName | None = None
    has_bare_embeddings: bool = False
    remarks: tuple[str, ...] = ()


def saved_by(document: Mapping[str, Any], node_id: str, family_of: FamilyOf | None = None) -> Saved:
    """Return what a graph says about the picture that comes to a node's input `images`.

    Args:
        document: the graph, in API format.
        node_id: the node that saves the picture.
        family_of: finds out the family of a model file, for nodes that take their settings from it.
    """
    graph = Graph(dict(document))
    start = graph.link(node_id, IMAGES) if node_id in graph.nodes else None
    before = graph.upstream(start.node_id) if start else iter(())
    sampler = next((found for found in before if is_sampler(graph, found)), None)
    if sampler is None:
        return Saved(remarks=("no sampler that is known here makes the picture, so its settings are not known",))
    remarks: list[str] = []
    values = Values(graph, remarks, is_sure=True, family_of=family_of)
    reading = read_sampler(graph, sampler, values, remarks)
    return Saved(
        reading.prompt,
        reading.negative,
        reading.dialect,
        reading.settings,
        model_file(graph, sampler),
        any(graph.inputs(encoder).get("chunks") == "a1111" for encoder in graph.upstream(sampler)),
        tuple(dict.fromkeys(remarks)),
    )
