"""Writes what was put into a graph back into the editor's document, so that its user sees what was run."""

from __future__ import annotations

import copy
import json
import pickle
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import WorkflowError
from .document import sketch
from .entered import UNSET
from .loaded import INSIDE_INPUT, Graph, Loaded, Node
from .loading import Schemas, load_sketch
from .nodes import Place
from .values import WRAPPER

Raw = dict[str, Any]
LINK_KEYS = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
LINK_ID, ORIGIN, ORIGIN_SLOT = range(3)
NAMESPACE = uuid.UUID("6f0f7a43-6d0c-4b7e-9d6e-1f2f0e0c8b5d")
"""Of the ids that copies of subgraphs get."""
PROXIES = "proxyWidgets"
OWN = "-1"
"""What stands for an instance itself in its `proxyWidgets`."""
CHOICE = re.compile(r"(?<!\\)[{}|]")
"""What the editor takes for a random choice in a prompt."""
Slot = tuple[Raw, int | str, bool]
"""A node of the document, the place of a value among its own, and whether the editor makes random choices in it."""


class Mirror:
    """A document in which some inputs are open; it can be filled in again and again, at little cost."""

    def __init__(self, document: Raw, places: Sequence[Place], schemas: Schemas) -> None:
        """Open the inputs: links into them are taken out; a subgraph that others use too is copied.

        Raises:
            WorkflowError: if an input can't be found in the document.
        """
        writer = _Writer(copy.deepcopy(document), schemas)
        slots = writer.open_all(places)
        self._blob = pickle.dumps((writer.document, slots))

    def filled(self, values: Sequence[Any]) -> Raw:
        """Return the document with values in the inputs, in the order of the places."""
        document: Raw
        document, slots = pickle.loads(self._blob)
        for opened, value in zip(slots, values, strict=True):
            for node, key, is_random in opened:
                node["widgets_values"][key] = _shown(value, is_random)
        return document


def mirrored(document: Raw, changes: Sequence[tuple[Place, Any]], schemas: Schemas) -> Raw:
    """Return a copy of a workflow in UI format in which the changed inputs have their values."""
    mirror = Mirror(document, [place for place, _ in changes], schemas)
    return mirror.filled([value for _, value in changes])


def _shown(value: Any, is_random: bool) -> Any:
    """Return a value as the editor keeps it; what is to be taken word by word is escaped."""
    if isinstance(value, dict) and WRAPPER in value:
        return value[WRAPPER]
    return CHOICE.sub(r"\\\g<0>", value) if is_random and isinstance(value, str) else value


class _Writer:
    """Opens inputs in a document that is its own."""

    def __init__(self, document: Raw, schemas: Schemas) -> None:
        self.document = document
        self._schemas = schemas
        self._loaded: Loaded = load_sketch(sketch(document), schemas)
        self._originals: dict[str, str] = {}
        self._normal: set[int] = set()

    def open_all(self, places: Sequence[Place]) -> list[list[Slot]]:
        """Open inputs; again where the first time has changed which widgets subgraphs show."""
        while True:
            loaded = self._loaded
            slots = [self.open(place.node_id.split(":"), place.name) for place in places]
            if loaded is self._loaded:
                return slots

    def open(self, path: list[str], name: str) -> list[Slot]:
        """Open an input of a node, to which `path` leads through subgraphs; return where its value stands.

        That is in several places where subgraphs show the widgets of what is in them.
        """
        layers: list[Raw] = [self.document]
        instances: list[Raw] = []
        for node_id in path[:-1]:
            instances.append(_node(layers[-1], node_id))
            layers.append(self._own_definition(instances))
        return self._open(layers, instances, _node(layers[-1], path[-1]), name)

    def _open(self, layers: list[Raw], instances: list[Raw], node: Raw, name: str) -> list[Slot]:
        layer = layers[-1]
        socket = _socket(node, name)
        link = _link(layer, socket["link"]) if socket and socket.get("link") is not None else None
        if link and instances and str(_part(link, ORIGIN)) == INSIDE_INPUT:
            outer = layer["inputs"][_part(link, ORIGIN_SLOT)]
            if self._graph(layers[-2]).nodes[str(instances[-1]["id"])].widget(outer["name"]) is None:
                self._free(layers[-2], instances[-1], outer["name"])
                return [self._slot(layer, node, name)]  # the value inside is the one that counts
            if len(outer.get("linkIds") or []) == 1:
                shown = self._open(layers[:-1], instances[:-1], instances[-1], outer["name"])
                return [*shown, self._slot(layer, node, name)]
            outer["linkIds"] = [other for other in outer["linkIds"] if other != _part(link, LINK_ID)]
        self._free(layer, node, name)
        return [self._slot(layer, node, name)]

    def _free(self, layer: Raw, node: Raw, name: str) -> None:
        """Take the link into an input out, if there is one."""
        socket = _socket(node, name)
        link = _link(layer, socket["link"]) if socket and socket.get("link") is not None else None
        if socket and link:
            _cut(layer, link)
            socket["link"] = None

    def _slot(self, layer: Raw, node: Raw, name: str) -> Slot:
        loaded = self._graph(layer).nodes[str(node["id"])]
        widget = loaded.widget(name)
        if widget is None or not widget.saved:
            raise WorkflowError(f"{loaded.called} keeps no value for {name} in the workflow")
        if isinstance(node.get("widgets_values"), dict):
            return node, name, widget.random
        pairs = _proxies(node)
        if pairs and [OWN, name] not in pairs:
            self._show_all(node, loaded)
            return node, 0, widget.random
        key = pairs.index([OWN, name]) if pairs else self._names(loaded).index(name)
        self._normalise(node, loaded, pairs)
        return node, key, widget.random

    def _show_all(self, node: Raw, loaded: Node) -> None:
        """Leave out what an instance says of the widgets that it shows, and write all values by their places.

        The editor then shows the same widgets but those of inputs that do not lead out of the subgraph.
        """
        assert loaded.subgraph is not None
        shown = []
        for place, slot in enumerate(loaded.subgraph.definition.inputs):
            inner = next(loaded.subgraph.inner_widgets(place), None)
            widget = inner and (loaded.widget(slot.name) or inner)
            shown += [_saved(widget.cell[0])] if widget else []
        node["widgets_values"] = shown
        node["properties"] = {key: value for key, value in node["properties"].items() if key != PROXIES}
        self._loaded, self._originals = load_sketch(sketch(self.document), self._schemas), {}
        self._normal.clear()

    def _names(self, node: Node) -> list[str]:
        return [widget.name for widget in node.widgets if widget.saved]

    def _normalise(self, node: Raw, loaded: Node, pairs: list[Any]) -> None:
        """Write all values of a node as the editor would save them now, once."""
        if id(node) in self._normal:
            return
        self._normal.add(id(node))
        values = [widget.cell[0] for widget in loaded.widgets if widget.saved]
        if pairs:
            saved = node.get("widgets_values") or []
            shown = (loaded.widget(pair[1]) if pair[0] == OWN else None for pair in pairs)
            values = [*saved, *[widget and widget.cell[0] for widget in shown][len(saved) :]]
        node["widgets_values"] = [_saved(value) for value in values]

    def _graph(self, layer: Raw) -> Graph:
        """Return the loaded layer; a copied subgraph's is that of the one that it was copied from."""
        if layer is self.document:
            return self._loaded.top
        name = str(layer["id"])
        return self._loaded.subgraphs[self._originals.get(name, name)].graph

    def _own_definition(self, instances: list[Raw]) -> Raw:
        """Return the subgraph of the last instance, copied first if others use it too."""
        kind = instances[-1]["type"]
        definition = next(each for each in self._definitions() if each["id"] == kind)
        uses = sum(node.get("type") == kind for layer in self._layers() for node in layer["nodes"])
        if uses > 1:
            definition = copy.deepcopy(definition)
            path = "/".join([str(kind), *(str(node["id"]) for node in instances)])
            definition["id"] = instances[-1]["type"] = str(uuid.uuid5(NAMESPACE, path))
            self._originals[definition["id"]] = self._originals.get(str(kind), str(kind))
            self._definitions().append(definition)
        return definition

    def _definitions(self) -> list[Raw]:
        held: list[Raw] = (self.document.get("definitions") or {}).get("subgraphs") or []
        return held

    def _layers(self) -> Iterator[Raw]:
        yield self.document
        yield from self._definitions()


def _saved(value: Any) -> Any:
    return None if value is UNSET else copy.deepcopy(value)


def _node(layer: Raw, node_id: str) -> Raw:
    found: Raw | None = next((node for node in layer["nodes"] if str(node["id"]) == node_id), None)
    if found is None:
        raise WorkflowError(f"node {node_id} is not in the workflow")
    return found


def _socket(node: Raw, name: str) -> Raw | None:
    sockets: list[Raw] = node.get("inputs") or []
    return next((socket for socket in sockets if socket.get("name") == name), None)


def _proxies(node: Raw) -> list[Any]:
    """Return what an instance says of the widgets that it shows."""
    raw = (node.get("properties") or {}).get(PROXIES) or []
    try:
        pairs = json.loads(raw) if isinstance(raw, str) else raw
    except (ValueError, RecursionError):
        return []
    return pairs if isinstance(pairs, list) else []


def _link(layer: Raw, link_id: Any) -> Any:
    return next((link for link in layer["links"] if link and str(_part(link, LINK_ID)) == str(link_id)), None)


def _part(link: Any, part: int) -> Any:
    """Return a part of a link, which is a list or an object."""
    return link[part] if isinstance(link, list) else link[LINK_KEYS[part]]


def _cut(layer: Raw, link: Any) -> None:
    """Take a link out at its origin, and out of the list."""
    layer["links"] = [other for other in layer["links"] if other is not link]
    origin = str(_part(link, ORIGIN))
    node = next((each for each in layer["nodes"] if str(each["id"]) == origin), None)
    outputs = (node or {}).get("outputs") or []
    slot = _part(link, ORIGIN_SLOT)
    if slot < len(outputs):
        outputs[slot]["links"] = [other for other in outputs[slot].get("links") or [] if other != _part(link, LINK_ID)]
