"""Nodes that stand for a subgraph: their inputs, and the widgets that they show of the nodes inside."""

from __future__ import annotations

import json
from typing import Any

from ..errors import WorkflowError
from .document import NodeData
from .loaded import Input, Node, Output, Subgraph
from .widgets import Widget

OWN = "-1"
"""What stands for the instance itself where `proxyWidgets` names the nodes whose widgets are shown."""


def configure_instance(data: NodeData, subgraph: Subgraph) -> Node:
    """Return an instance as the editor loads it; its inputs are matched with the definition's by name.

    Raises:
        WorkflowError: if its list of shown widgets is broken.
    """
    definition = subgraph.definition
    saved = {slot.name: slot for slot in data.inputs}
    inputs = [
        Input(slot.name, slot.type, saved[slot.name].link if slot.name in saved else None) for slot in definition.inputs
    ]
    names = {slot.name for slot in definition.inputs}
    inputs += [Input(slot.name, slot.type, slot.link) for slot in data.inputs if slot.name not in names]
    outputs = [Output(slot.type, ()) for slot in definition.outputs]
    for output, slot in zip(outputs, data.outputs, strict=False):
        output.links = slot.links
    node = Node(data.id, data.type, data.mode, data.title or definition.name, inputs, outputs, [], data.properties)
    node.virtual, node.subgraph = True, subgraph
    for place in range(len(definition.inputs)):
        widget = next(subgraph.inner_widgets(place), None)
        if widget is not None:
            _promote(node, place, widget)
    _fill(node, data)
    subgraph.instances.append(node)
    return node


def promote_late(subgraph: Subgraph) -> None:
    """Show widgets on instances that were loaded before the subgraph itself, inside another one.

    Then the editor takes only a widget with the very name of the input.
    """
    for node in subgraph.instances:
        for place, slot in enumerate(subgraph.definition.inputs):
            link = subgraph.graph.links.get(slot.links[0]) if slot.links else None
            found = subgraph.graph.target(link) if link else None
            widget = found[0].widget(slot.name) if found else None
            if widget is not None:
                _promote(node, place, widget)


def push_down(node: Node) -> None:
    """Hand the values of an instance's widgets to the widgets inside, as the editor does when it saves or queues."""
    assert node.subgraph is not None
    names = [slot.name for slot in node.subgraph.definition.inputs]
    for widget in node.widgets:
        if widget.name in names:
            for inner in node.subgraph.inner_widgets(names.index(widget.name)):
                inner.put(widget.value)


def _promote(node: Node, place: int, widget: Widget) -> None:
    slot = node.inputs[place]
    node.widgets.append(widget.promoted(slot.name))
    slot.widget = slot.name


def _fill(node: Node, data: NodeData) -> None:
    """Put in the saved values: by their places, and where `proxyWidgets` says what each is, by that."""
    values = data.values if isinstance(data.values, list) else []
    shown = [widget for widget in node.widgets if widget.saved]
    for widget, value in zip(shown, values, strict=False):
        widget.put(value)
    if not data.properties.get("proxyWidgets"):
        return
    pairs = _pairs(data.properties["proxyWidgets"], node)
    named = {name for _, name in pairs}
    own = [node.widget(name) for owner, name in pairs if owner == OWN]
    node.widgets = [widget for widget in node.widgets if widget.name not in named]
    node.widgets += [widget for widget in own if widget is not None]
    for (owner, name), value in zip(pairs, values, strict=False):
        found = node.widget(name) if owner == OWN and value is not None else None
        if found is not None:
            found.put(value)


def _pairs(raw: Any, node: Node) -> list[tuple[str, str]]:
    try:
        pairs = json.loads(raw) if isinstance(raw, str) else raw
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in pairs
    ):
        raise WorkflowError(f"the list of widgets that {node.called} shows is broken; save the workflow again")
    return [(pair[0], pair[1]) for pair in pairs]
