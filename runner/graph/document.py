"""A workflow in UI format, checked and made uniform: links as arrays or objects, ids as numbers or strings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import WorkflowError

LARGEST_ID = 200
"""Characters of an id."""
MOST_NODES = 20_000
"""Nodes of one layer; the largest official template has 193 with all its subgraphs."""
RENAMED = {
    "T2IAdapterLoader": "ControlNetLoader",
    "ConditioningAverage ": "ConditioningAverage",
    "SDV_img2vid_Conditioning": "SVD_img2vid_Conditioning",
    "Load3DAnimation": "Load3D",
    "Preview3DAnimation": "Preview3D",
}
"""Classes that the editor reads under another name, since ComfyUI has renamed or merged them."""


@dataclass
class Link:
    """A link between two slots; `target_slot` is put right once the nodes are loaded."""

    id: str
    origin: str
    origin_slot: int
    target: str
    target_slot: int
    type: Any


@dataclass(frozen=True)
class Slot:
    """An input or output as a file has it: of a node, or of a subgraph's definition."""

    name: str
    type: Any
    link: str | None = None
    links: tuple[str, ...] = ()
    widget: str | None = None


@dataclass(frozen=True)
class NodeData:
    """A node as a file has it; `values` are its `widgets_values`, `title` is empty where it has none of its own."""

    id: str
    type: str
    mode: int
    title: str
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    values: list[Any] | dict[str, Any]
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Layer:
    """The nodes and links of the workflow itself, or of one subgraph."""

    nodes: tuple[NodeData, ...]
    links: Mapping[str, Link]


@dataclass(frozen=True)
class Definition:
    """A subgraph: what is in it, and the slots through which it is used."""

    id: str
    name: str
    layer: Layer
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]


@dataclass(frozen=True)
class Sketch:
    """A workflow as a file has it: its top layer, and its subgraphs by id in their order."""

    top: Layer
    definitions: Mapping[str, Definition]

    def layers(self) -> Iterator[tuple[str, Layer]]:
        """Yield each layer with words that tell where it is, for messages."""
        yield "", self.top
        for definition in self.definitions.values():
            yield f" of the subgraph {definition.name!r}", definition.layer


def sketch(workflow: Mapping[str, Any]) -> Sketch:
    """Return the workflow in uniform shape.

    Raises:
        WorkflowError: for anything that is not as the editor writes it, with the place.
    """
    if not isinstance(workflow, Mapping):
        raise WorkflowError("the workflow is not an object; save it from the editor again")
    held = _list(_dict(workflow.get("definitions") or {}, "definitions").get("subgraphs"), "the subgraphs")
    definitions: dict[str, Definition] = {}
    for raw in _nested(held):
        definition = _definition(_dict(raw, "a subgraph"))
        definitions.setdefault(definition.id, definition)
    return Sketch(_layer(workflow, "the workflow"), definitions)


def _nested(held: Any) -> Iterator[Any]:
    """Yield the definitions, those inside definitions too: schema 1.0 may nest them."""
    for raw in held:
        inner = raw.get("definitions") if isinstance(raw, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("subgraphs"), list):
            yield from _nested(inner["subgraphs"])  # first, so that its widgets are there when the outer one is loaded
        yield raw


def _definition(raw: Mapping[str, Any]) -> Definition:
    name = str(raw.get("name") or raw.get("id"))[:LARGEST_ID]
    where = f"the subgraph {name!r}"
    return Definition(
        identity(raw.get("id"), where),
        name,
        _layer(raw, where),
        tuple(_boundary(slot, where) for slot in _list(raw.get("inputs"), f"the inputs of {where}")),
        tuple(_boundary(slot, where) for slot in _list(raw.get("outputs"), f"the outputs of {where}")),
    )


def _boundary(raw: Any, where: str) -> Slot:
    slot = _dict(raw, f"a slot of {where}")
    links = _list(slot.get("linkIds"), f"the links of a slot of {where}")
    return Slot(_text(slot.get("name"), f"a slot of {where}"), slot.get("type"), None, tuple(_ids(links, where)))


def _layer(raw: Mapping[str, Any], where: str) -> Layer:
    held = _list(raw.get("nodes"), f"the nodes of {where}")
    if len(held) > MOST_NODES:
        raise WorkflowError(f"{where} has more than {MOST_NODES} nodes")
    nodes = tuple(_node(node, where) for node in held)
    seen: set[str] = set()
    for node in nodes:
        if node.id in seen:
            raise WorkflowError(f"{where} has two nodes with the id {node.id}; save it from the editor again")
        seen.add(node.id)
    links = [_link(link, where) for link in _list(raw.get("links"), f"the links of {where}") if link is not None]
    return Layer(nodes, {link.id: link for link in links})


def _node(raw: Any, where: str) -> NodeData:
    node = _dict(raw, f"a node of {where}")
    node_id = identity(node.get("id"), f"a node of {where}")
    here = f"node {node_id} of {where}"
    kind = _text(node.get("type"), f"the type of {here}")
    values = node.get("widgets_values")
    if values is not None and not isinstance(values, (list, dict)):
        raise WorkflowError(f"{here} has widget values that are no list; save the workflow from the editor again")
    title, properties = node.get("title"), node.get("properties")
    return NodeData(
        node_id,
        RENAMED.get(kind, kind),
        _whole(node.get("mode", 0) or 0, f"the mode of {here}"),
        title if isinstance(title, str) else "",
        tuple(_input(slot, here) for slot in _list(node.get("inputs"), f"the inputs of {here}")),
        tuple(_output(slot, here) for slot in _list(node.get("outputs"), f"the outputs of {here}")),
        values if values is not None else [],
        properties if isinstance(properties, dict) else {},
    )


def _input(raw: Any, here: str) -> Slot:
    slot = _dict(raw, f"an input of {here}")
    name = _text(slot.get("name"), f"an input of {here}")
    link = slot.get("link")
    widget = slot.get("widget")
    named = widget.get("name") if isinstance(widget, dict) else None
    return Slot(
        name,
        slot.get("type", "*"),
        None if link is None else identity(link, f"the link into {name!r} of {here}"),
        widget=named if isinstance(named, str) else None,
    )


def _output(raw: Any, here: str) -> Slot:
    slot = _dict(raw, f"an output of {here}")
    name = slot.get("name")
    links = _list(slot.get("links"), f"the links of an output of {here}")
    return Slot(name if isinstance(name, str) else "", slot.get("type", "*"), None, tuple(_ids(links, here)))


def _link(raw: Any, where: str) -> Link:
    what = f"a link of {where}"
    if isinstance(raw, list):
        if len(raw) < 5:
            raise WorkflowError(f"{what} has {len(raw)} parts instead of 6; save the workflow from the editor again")
        parts = [*raw, "*"][:6]
    else:
        link = _dict(raw, what)
        parts = [link.get(key) for key in ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")]
    link_id, origin, origin_slot, target, target_slot, kind = parts
    return Link(
        identity(link_id, what),
        identity(origin, what),
        _whole(origin_slot, what),
        identity(target, what),
        _whole(target_slot, what),
        kind,
    )


def identity(raw: Any, where: str) -> str:
    """Return an id as a string.

    Raises:
        WorkflowError: if it is neither a whole number nor a short string.
    """
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 2**63:
        return str(raw)
    if isinstance(raw, str) and len(raw) <= LARGEST_ID:
        return raw
    raise WorkflowError(f"{where} has the id {str(raw)[:50]!r}, which is none; save the workflow from the editor again")


def _ids(raw: list[Any], where: str) -> Iterator[str]:
    return (identity(link, f"a link of {where}") for link in raw if link is not None)


def _whole(raw: Any, what: str) -> int:
    if isinstance(raw, str) and raw.lstrip("-").isdecimal() and len(raw) < 10:
        raw = int(raw)
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool) or abs(raw) >= 2**31:
        raise WorkflowError(f"{what} holds {str(raw)[:50]!r} where a whole number stands; save the workflow again")
    return raw


def _text(raw: Any, what: str) -> str:
    if not isinstance(raw, str):
        raise WorkflowError(f"{what} is {str(raw)[:50]!r} and no text; save the workflow from the editor again")
    return raw


def _list(raw: Any, what: str) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise WorkflowError(f"{what} are not a list; save the workflow from the editor again")
    return raw


def _dict(raw: Any, what: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise WorkflowError(f"{what} is not an object; save the workflow from the editor again")
    return raw
