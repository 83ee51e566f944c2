"""Converts a workflow as the editor saves it (UI format) to the graph that a server runs (API format).

The result is what the editor's own front end sends, of the version that ComfyUI 0.3.75 pins (ComfyUI_frontend 1.32.9).
What it can't know it refuses, naming the node: a guess could run another picture than the editor would.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..errors import WorkflowError
from .document import Sketch, sketch
from .entered import UNSET
from .instances import push_down
from .loaded import BYPASSED, MUTED, Node
from .loading import Schemas, load_sketch
from .refusals import refuse_foreign, refuse_missing
from .specs import Schema
from .texts import NAMED_FILES, Choose, Named, resolved, seeded
from .tracing import Held, Place, Source, Tracer, places
from .virtual import NOTES, REPLACED, VIRTUAL, apply_primitive
from .widgets import Widget, fill, make_widgets

__all__ = ["NOTES", "VIRTUAL", "Schema", "Schemas", "to_api", "widget_names", "widget_values"]
SILENT = (MUTED, BYPASSED)


def to_api(
    workflow: Mapping[str, Any],
    schemas: Schemas,
    choose: Choose | None = None,
    now: datetime | None = None,
    *,
    newer: bool = False,
) -> dict[str, Any]:
    """Return the API graph of a workflow: node id to class, inputs and title.

    Args:
        workflow: in UI format; it is not changed.
        schemas: gives a class's entry of `/object_info`, None for a class that the server lacks.
        choose: makes the random choices of dynamic prompts; by default those of seed 0.
        now: the time for dates in file names; by default the present.
        newer: leave out what is inside muted and bypassed instances of subgraphs, as front ends from 2026 on do
            (ComfyUI_frontend, pull request 8494); 1.32.9 sends it unless its nodes are muted or bypassed themselves.

    Raises:
        WorkflowError: for missing classes, all at once with their packs, and for what can't be converted faithfully.
    """
    try:
        drawn = sketch(workflow)
        refuse_foreign(drawn)
        return _Queued(drawn, schemas, choose or seeded(0), now or datetime.now(), newer).graph()
    except RecursionError as error:
        raise WorkflowError("the workflow is nested too deeply; save it from the editor again") from error


def widget_names(class_type: str, schema: Schema) -> list[str]:
    """Return a class's widgets in the order of a node's saved values; `""` is a control's or a button's place."""
    return [widget.name if widget.sent else "" for widget in make_widgets(class_type, schema) if widget.saved]


def widget_values(node: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return a node's widget values by name: the saved ones, else those of a new node.

    Raises:
        WorkflowError: for a choice that brings inputs and is not offered by the server.
    """
    widgets = make_widgets(node["type"], schema)
    values = node.get("widgets_values") or []
    if isinstance(values, Mapping):
        return {widget.name: values.get(widget.name, widget.value) for widget in widgets if widget.sent}
    return {widget.name: widget.value for widget in fill(widgets, values) if widget.sent and widget.saved}


class _Queued:
    """A workflow that is loaded and made ready to be queued."""

    def __init__(self, drawn: Sketch, schemas: Schemas, choose: Choose, now: datetime, newer: bool) -> None:
        self._choose, self._now = choose, now
        self._loaded = load_sketch(drawn, schemas)
        self._places = [place for place in places(self._loaded) if not (newer and _is_inside_silent(place))]
        self._names = Named([place.node for place in self._places])
        self._tracer = Tracer()
        running = [place for place in self._places if not place.node.virtual and place.node.mode not in SILENT]
        refuse_missing(running)
        self._running = running

    def graph(self) -> dict[str, Any]:
        """Return what is sent, without links to nodes that are not."""
        self._apply_primitives()
        self._push_down()
        sent = {place.id: self._sent(place) for place in self._running}
        for entry in sent.values():
            inputs = entry["inputs"]
            dead = [name for name, value in inputs.items() if isinstance(value, list) and value[0] not in sent]
            for name in dead:
                del inputs[name]
        return sent

    def _apply_primitives(self) -> None:
        for graph in self._loaded.graphs():
            for node in graph.nodes.values():
                if node.type == "PrimitiveNode" and node.widgets:
                    value = node.widgets[0].value
                    if isinstance(value, str) and node.properties.get(REPLACED):
                        value = self._names.replaced(value, self._now)
                    apply_primitive(graph, node, value)

    def _push_down(self) -> None:
        used = {place.node.subgraph.definition.id for place in self._places if place.node.subgraph}
        inner = [subgraph.graph for key, subgraph in self._loaded.subgraphs.items() if key in used]
        for graph in (self._loaded.top, *inner):
            for node in graph.nodes.values():
                if node.subgraph is not None:
                    push_down(node)

    def _sent(self, place: Place) -> dict[str, Any]:
        node = place.node
        values = {widget.name: self._value(node, widget) for widget in node.widgets if widget.sent}
        inputs = {name: _wrapped(value) for name, value in values.items() if value is not UNSET}
        for slot, socket in enumerate(node.inputs):
            found = self._tracer.trace(place, slot)
            if isinstance(found, Source):
                inputs[socket.name] = [found.id, found.slot]
            elif isinstance(found, Held) and found.value is UNSET:
                inputs.pop(socket.name, None)
            elif isinstance(found, Held):
                inputs[socket.name] = _wrapped(found.value)
        return {"class_type": node.type, "inputs": inputs, "_meta": {"title": node.title}}

    def _value(self, node: Node, widget: Widget) -> Any:
        value = widget.value
        if widget.role == "rendered":
            what = (widget.options or {})["what"]
            raise WorkflowError(
                f"{node.called} sends {what}, which only the editor can make; replace it by a node that loads a picture"
            )
        if not isinstance(value, str):
            return value
        if widget.name == "filename_prefix" and node.type in NAMED_FILES:
            return self._names.replaced(value, self._now)
        return resolved(value, self._choose) if widget.random else value


def _is_inside_silent(place: Place) -> bool:
    owner = place.owner
    while owner is not None and owner.node.mode not in SILENT:
        owner = owner.owner
    return owner is not None


def _wrapped(value: Any) -> Any:
    """Return a value as the server takes it: a list would be read as a link."""
    return {"__value__": value} if isinstance(value, list) else value
