"""Nodes that the editor alone knows: notes, reroutes, primitives, and the set and get nodes of KJNodes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..errors import WorkflowError
from .entered import common_step, finite
from .loaded import Graph, Input, Node
from .types import fits
from .widgets import Widget

NOTES = {"Note", "MarkdownNote"}
VIRTUAL = {
    "Note": "Note",
    "MarkdownNote": "Markdown Note",
    "Reroute": "Reroute",
    "PrimitiveNode": "Primitive",
    "GetNode": "GetNode",
    "SetNode": "SetNode",
    "Reroute (rgthree)": "Reroute (rgthree)",
    "Label (rgthree)": "Label (rgthree)",
    "Bookmark (rgthree)": "Bookmark (rgthree)",
}
"""The classes, with the title of a node that has none of its own."""
REROUTES = {"Reroute", "SetNode", "Reroute (rgthree)"}
PLAIN_KINDS = {"INT", "FLOAT", "BOOLEAN", "STRING", "COMBO", "MARKDOWN", "COLOR", "TEXTAREA"}
REPLACED = "Run widget replace on values"


def fill_primitive(graph: Graph, node: Node) -> None:
    """Make a primitive's widget that of the first input that it leads to; without one it has none."""
    found = _targets(graph, node)
    if not found or (found[0][1].widget is None and found[0][1].type not in PLAIN_KINDS):
        node.widgets = []
        return
    models = [target.widget(slot.widget) for target, slot in found]
    first = models[0]
    widget = Widget("value", first.role if first and first.role in ("number", "text") else "plain", [None])
    widget.put(node.widgets[0].value if node.widgets else first.value if first else None)
    if widget.role == "number":
        _bring_into_range(widget, [model.options or {} for model in models if model and model.role == "number"])
    node.widgets = [widget]


def _bring_into_range(widget: Widget, ranges: list[Mapping[str, Any]]) -> None:
    """Bring a primitive's number into the range and to the steps that all its inputs have in common.

    Unlike an input's own widget it takes any number where they name no range, and whole ones where they name no step.
    """
    low, high, step = -math.inf, math.inf, 0.0
    for each in ranges:
        low, high = max(low, _bound(each, "min", -math.inf)), min(high, _bound(each, "max", math.inf))
        own = finite(each.get("step")) or 1
        step = common_step(step, own) if step else own
        widget.options = {**ranges[0], "min": low, "max": high, "step": step}
        number = finite(widget.value)
        if number is not None and low <= high:
            widget.enter(min(max(number, low), high))


def _bound(options: Mapping[str, Any], key: str, default: float) -> float:
    bound = finite(options.get(key))
    return default if bound is None else bound


def apply_primitive(graph: Graph, node: Node, value: object) -> None:
    """Write a primitive's value into the widgets that it leads to."""
    for target, slot in _targets(graph, node):
        widget = target.widget(slot.widget)
        if widget is not None:
            widget.enter(value)


def setter(graph: Graph, getter: Node) -> Node:
    """Return the node that sets what a GetNode gets, by the name that both have as their value.

    Raises:
        WorkflowError: if there is none.
    """
    name = getter.widgets[0].value if getter.widgets else None
    found = _setters(graph).get(name) if isinstance(name, str) else None
    if found is None:
        raise WorkflowError(
            f"{getter.called} gets {str(name)[:50]!r}, which no SetNode sets; add one or use plain links"
        )
    return found


def _setters(graph: Graph) -> dict[str, Node]:
    if graph.setters is None:
        named = [
            (node.widgets[0].value, node) for node in graph.nodes.values() if node.type == "SetNode" and node.widgets
        ]
        graph.setters = {name: node for name, node in reversed(named) if isinstance(name, str) and name}
    return graph.setters


def settle_reroutes(graph: Graph) -> None:
    """Cut links from reroutes into inputs that can't take what the reroute passes on."""
    roots: dict[str, object] = {}
    for node in graph.nodes.values():
        if node.type != "Reroute":
            continue
        kind = _root_type(graph, node, roots)
        for target, slot in _targets(graph, node):
            if target.type != "Reroute" and kind and slot.type and not fits(kind, slot.type):
                slot.link = None


def _root_type(graph: Graph, node: Node, roots: dict[str, object]) -> object:
    """Return the type that a row of reroutes passes on; `roots` keeps what is known, by the reroutes' ids."""
    way: list[str] = []
    kind: object = None
    while node.id not in roots:
        roots[node.id] = None  # so that a circle ends
        way.append(node.id)
        link = graph.links.get(node.inputs[0].link or "") if node.inputs else None
        source = graph.nodes.get(link.origin) if link else None
        if link is None or source is None:
            break
        if source.type != "Reroute":
            kind = source.outputs[link.origin_slot].type if 0 <= link.origin_slot < len(source.outputs) else None
            break
        node = source
    else:
        kind = roots[node.id]
    roots.update(dict.fromkeys(way, kind))
    return kind


def _targets(graph: Graph, node: Node) -> list[tuple[Node, Input]]:
    links = [graph.links.get(link) for link in (node.outputs[0].links if node.outputs else ())]
    return [found for found in (graph.target(link) for link in links if link) if found is not None]
