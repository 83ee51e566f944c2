"""Loads a workflow as the editor does: inputs by the server's schema, values into widgets, links to their slots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from ..errors import WorkflowError
from .document import Layer, NodeData, Sketch, Slot
from .instances import configure_instance, promote_late
from .loaded import Graph, Input, Loaded, Node, Output, Subgraph
from .specs import Schema, Spec, output_types, specs
from .virtual import VIRTUAL, fill_primitive, settle_reroutes
from .widgets import SEEDS, Widget, fill, make_widgets, offered_inputs, put_into

Schemas = Callable[[str], Schema | None]
SAMPLERS = ("KSampler", "KSamplerAdvanced")
NAME_FOR_SEARCH = "Node name for S&R"
SHOWN_AS = {
    "EmptyHunyuanLatentVideo": ("Empty HunyuanVideo 1.0 Latent", "EmptyHunyuanLatentVideo"),
    "Load3D": ("Load 3D & Animation", "Load 3D"),
    "Preview3D": ("Preview 3D & Animation", "Preview 3D"),
    "PreviewAny": ("Preview as Text", "Preview Any"),
}
"""Classes of ComfyUI 0.3.75 that its editor calls otherwise than the server does: the server's name, the editor's."""
FREE_WIDGETS = {"Power Lora Loader (rgthree)": "lora_"}
"""Classes whose own editor code makes a widget of each object among the saved values, named so and numbered."""


def load_sketch(sketch: Sketch, schemas: Schemas) -> Loaded:
    """Return the workflow as it stands in the editor.

    Raises:
        WorkflowError: for a node that can't be loaded, with the reason.
    """
    subgraphs = {key: Subgraph(definition) for key, definition in sketch.definitions.items()}
    for subgraph in subgraphs.values():
        _load_layer(subgraph.graph, subgraph.definition.layer, subgraphs, schemas)
        promote_late(subgraph)
    loaded = Loaded(Graph(), subgraphs)
    _load_layer(loaded.top, sketch.top, subgraphs, schemas)
    for graph in loaded.graphs():
        _settle_links(graph)
    for graph in loaded.graphs():
        for node in graph.nodes.values():
            if node.type == "PrimitiveNode":
                fill_primitive(graph, node)
    _mend(loaded.top)
    for graph in loaded.graphs():
        settle_reroutes(graph)
    return loaded


def _load_layer(graph: Graph, layer: Layer, subgraphs: dict[str, Subgraph], schemas: Schemas) -> None:
    graph.links = {key: replace(link) for key, link in layer.links.items()}
    for data in layer.nodes:
        graph.nodes[data.id] = _load_node(data, subgraphs, schemas)


def _load_node(data: NodeData, subgraphs: dict[str, Subgraph], schemas: Schemas) -> Node:
    subgraph = subgraphs.get(data.type)
    if subgraph is not None:
        return configure_instance(data, subgraph)
    inputs = [Input(slot.name, slot.type, slot.link, slot.widget) for slot in data.inputs]
    outputs = [Output(slot.type, slot.links) for slot in data.outputs]
    node = Node(data.id, data.type, data.mode, data.title, inputs, outputs, [], data.properties)
    if data.type in VIRTUAL:
        node.virtual = True
        node.title = data.title or VIRTUAL[data.type]
        node.widgets = [Widget("value", "plain", [value]) for value in _listed(data)[:1]]
        return node
    schema = schemas(data.type)
    if schema is None:
        node.known = False
        return node
    _by_schema(node, data, schema)
    return node


def _by_schema(node: Node, data: NodeData, schema: Schema) -> None:
    known = specs(data.type, schema)
    try:
        node.widgets = _filled(data, make_widgets(data.type, schema), known)
    except WorkflowError as error:
        raise WorkflowError(f"{node.called}: {error}; choose one of them in that server's editor") from error
    node.inputs = _merged(node, data, known)
    pairs = zip_longest(output_types(schema), data.outputs)
    node.outputs = [_output(kind, saved) for kind, saved in pairs]
    node.title = data.title or display_name(data.type, schema)
    node.properties = {NAME_FOR_SEARCH: data.type, **data.properties}


def display_name(class_type: str, schema: Schema) -> str:
    """Return what the editor calls a class: the title of its nodes that have none of their own."""
    name = schema.get("display_name")
    if not isinstance(name, str) or not name:
        return class_type
    told, shown = SHOWN_AS.get(class_type, (name, name))
    return shown if name == told else name


def _output(kind: Any, saved: Slot | None) -> Output:
    """Return an output, its type from the schema; those that only the file has are kept."""
    if kind is None and saved is not None:
        return Output(saved.type, saved.links)
    return Output(kind, saved.links if saved else ())


def _merged(node: Node, data: NodeData, known: list[Spec]) -> list[Input]:
    """Return the inputs that the class has, sockets first, then those that only the file has."""
    saved = {slot.name: slot for slot in data.inputs}
    offered = [inner for widget in node.widgets if widget.role == "dynamic" for inner in _offered(widget)]
    every = [*known, *offered]
    ordered = [each for each in every if not each.is_widget] + [each for each in every if each.is_widget]
    found: dict[str, Input] = {}
    for each in ordered:
        if each.is_widget and each.options.get("socketless"):
            continue
        slot = saved.get(each.name)
        named = each.name if each.is_widget else None  # by the class, whatever the file says
        found[each.name] = Input(each.name, each.slot_type, slot.link if slot else None, named)
    extra = [slot for slot in data.inputs if slot.name not in found]
    return [*found.values(), *[Input(slot.name, slot.type, slot.link, slot.widget) for slot in extra]]


def _offered(widget: Widget) -> list[Spec]:
    each: Spec = (widget.options or {})["spec"]
    offers = each.options.get("options")
    for offer in offers if isinstance(offers, list) else ():
        if isinstance(offer, dict) and offer.get("key") == widget.value and isinstance(offer.get("inputs"), dict):
            return offered_inputs(each.name, offer["inputs"])
    return []


def _filled(data: NodeData, widgets: list[Widget], known: list[Spec]) -> list[Widget]:
    if isinstance(data.values, dict):  # by name, as packs do whose widgets come and go
        for name, value in data.values.items():
            widget = next((each for each in widgets if each.name == name), None)
            widgets = put_into(widgets, widget, value) if widget else widgets
        return widgets
    if data.type in FREE_WIDGETS:
        held = [value for value in data.values if isinstance(value, dict) and "lora" in value]
        name = FREE_WIDGETS[data.type]
        return [*widgets, *[Widget(f"{name}{at}", "plain", [value]) for at, value in enumerate(held, 1)]]
    return fill(widgets, _without_sockets(data.values, widgets, known))


def _without_sockets(values: list[Any], widgets: list[Widget], known: list[Spec]) -> list[Any]:
    """Return the values without those of inputs that were widgets in files from before front end 1.16.

    They are there if there are exactly as many values as there would be with them.
    """
    names = {widget.name for widget in widgets}
    once = [each for each in known if each.name in names or each.options.get("forceInput")]
    counts = [2 if each.options.get("control_after_generate") or each.name in SEEDS else 1 for each in once]
    if not values or sum(counts) != len(values):
        return values
    pairs = zip_longest(once, values)
    return [value for each, value in pairs if each is None or not each.options.get("forceInput")]


def _listed(data: NodeData) -> list[Any]:
    return data.values if isinstance(data.values, list) else list(data.values.values())


def _settle_links(graph: Graph) -> None:
    """Lead the links to the inputs that name them, and drop inputs for widgets that are not there."""
    for node in graph.nodes.values():
        if node.known and not node.virtual:
            at = 0
            while at < len(node.inputs):  # the editor passes over the input behind one that it drops
                named = node.inputs[at].widget
                if named is not None and node.widget(named) is None:
                    graph.links.pop(node.inputs.pop(at).link or "", None)
                at += 1
        for place, each in enumerate(node.inputs):
            if each.link is not None and each.link in graph.links:
                graph.links[each.link].target_slot = place


def _mend(top: Graph) -> None:
    """Bring names of samplers up to date that very old files hold."""
    for node in top.nodes.values():
        widget = node.widget("sampler_name") if node.type in SAMPLERS else None
        if widget and isinstance(widget.value, str) and widget.value.startswith("sample_"):
            widget.put(widget.value[len("sample_") :])
