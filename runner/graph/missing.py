"""The node classes that a workflow in UI format uses and a server lacks, with the packs that bring them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .convert import NOTES, VIRTUAL, Schemas
from .document import Layer, NodeData, Sketch, sketch
from .faults import Fault
from .nodes import Nodes

ALWAYS = 0
CORE = "comfy-core"
GROUP = ("workflow>", "workflow/")
"""How the types of group nodes begin, which are no classes."""
DEEPEST = 50
LONGEST = 80


def missing_in_document(document: Mapping[str, Any], schemas: Schemas) -> tuple[Fault, ...]:
    """Return a fault for each class that is not there, naming its pack as the editor has noted it.

    Raises:
        WorkflowError: if the document is not as the editor writes it.
    """
    drawn = sketch(document)
    found: dict[str, Fault] = {}
    for place, node in _active(drawn, drawn.top, "", 0):
        if node.type not in found and schemas(node.type) is None:
            found[node.type] = _fault(place, node.title, node.type, node.properties)
    return tuple(found.values())


def missing_in_graph(nodes: Nodes) -> tuple[Fault, ...]:
    """Return a fault for each class of a graph in API format that is not there."""
    found: dict[str, Fault] = {}
    for node_id in nodes.graph:
        kind = nodes.kind(node_id)
        if kind not in found and not nodes.is_known(node_id):
            found[kind] = _fault(node_id, nodes.title(node_id), kind, {})
    return tuple(found.values())


def _active(drawn: Sketch, layer: Layer, before: str, depth: int) -> Iterator[tuple[str, NodeData]]:
    """Go through the nodes that a server must have: not the muted and bypassed, nor those of the editor alone."""
    for node in layer.nodes:
        if node.mode != ALWAYS or node.type in NOTES or node.type in VIRTUAL or node.type.startswith(GROUP):
            continue
        definition = drawn.definitions.get(node.type)
        if definition is None:
            yield before + node.id, node
        elif depth < DEEPEST:
            yield from _active(drawn, definition.layer, f"{before}{node.id}:", depth + 1)


def _fault(node_id: str, title: str, kind: str, properties: Mapping[str, Any]) -> Fault:
    return Fault("node", f"the server has no node {kind}", _pack(properties), node_id, title, kind)


def _pack(properties: Mapping[str, Any]) -> str:
    name, other, version = (_text(properties.get(key)) for key in ("cnr_id", "aux_id", "ver"))
    if name == CORE:
        return f"it is one of ComfyUI's own{f' since about {version}' if version else ''}: update ComfyUI"
    if name:
        return f"install the pack {name}{f' (the workflow was saved with {version})' if version else ''}"
    if other:
        return f"install the pack github.com/{other}"
    return "install the pack that brings it, update ComfyUI, or take the node out"


def _text(value: Any) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""
