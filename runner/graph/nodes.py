"""The nodes of a graph in API format: what they are called in messages, and what leads to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from ..outputs.clean import one_line
from .convert import Schemas
from .inputs import Input, is_link, outputs, specs
from .values import shown

Node = Mapping[str, Any]
Graph = Mapping[str, Node]
LONGEST_TITLE = 60


class Place(NamedTuple):
    """An input of a node."""

    node_id: str
    name: str


class Nodes:
    """A graph beside the classes of its nodes. Classes that the server lacks have no inputs that are known.

    Attributes:
        graph: the graph, which is not changed.
    """

    def __init__(self, graph: Graph, schemas: Schemas) -> None:
        """Take the graph and what gives a class's entry of `/object_info`."""
        self.graph = graph
        self._schemas = schemas
        self.specs = cache(self._specs)

    def title(self, node_id: str) -> str:
        """Return the title that a user sees, or nothing."""
        meta = self.graph[node_id].get("_meta")
        title = meta.get("title") if isinstance(meta, Mapping) else None
        return title if isinstance(title, str) else ""

    def called(self, node_id: str) -> str:
        """Return a node in words."""
        title = self.title(node_id) or self.kind(node_id)
        return f"node {one_line(node_id, LONGEST_TITLE)} ({one_line(title, LONGEST_TITLE)})"

    def kind(self, node_id: str) -> str:
        """Return a node's class."""
        return str(self.graph[node_id]["class_type"])

    def inputs(self, node_id: str) -> Mapping[str, Any]:
        """Return what a node's inputs have: values, and links."""
        inputs: Mapping[str, Any] = self.graph[node_id]["inputs"]
        return inputs

    def is_known(self, node_id: str) -> bool:
        """Return whether the server has the node's class."""
        return self._schemas(self.kind(node_id)) is not None

    def is_output(self, node_id: str) -> bool:
        """Return whether a node makes the graph run: it saves or shows something."""
        schema = self._schemas(self.kind(node_id))
        return bool(schema and schema.get("output_node"))

    def outputs(self, node_id: str) -> tuple[str, ...]:
        """Return the types of a node's outputs."""
        schema = self._schemas(self.kind(node_id))
        return outputs(schema) if schema else ()

    def has_lists(self, node_id: str) -> bool:
        """Return whether a node gives lists, for each entry of which the nodes behind it run once."""
        schema = self._schemas(self.kind(node_id))
        lists = schema.get("output_is_list") if schema else None
        return isinstance(lists, list) and any(lists)

    def costs_money(self, node_id: str) -> bool:
        """Return whether a node asks a service that is paid for."""
        schema = self._schemas(self.kind(node_id))
        return bool(schema and schema.get("api_node"))

    def spec(self, place: Place) -> Input | None:
        """Return what is known of an input."""
        return self.specs(place.node_id).get(place.name)

    def has(self, place: Place) -> bool:
        """Return whether a node has such an input."""
        return place.name in self.inputs(place.node_id) or self.spec(place) is not None

    def link(self, place: Place) -> tuple[str, int] | None:
        """Return where an input comes from, if it is linked to a node that is there."""
        value = self.inputs(place.node_id).get(place.name)
        origin, slot = value if isinstance(value, list) and is_link(value) else ("", 0)
        return (str(origin), slot) if str(origin) in self.graph else None

    def live(self) -> set[str]:
        """Return the nodes that lead to an output, which are those that run; all if the graph has none."""
        ends = [node_id for node_id in self.graph if self.is_output(node_id)]
        return set(self.upstream(ends)) if ends else set(self.graph)

    def upstream(self, ends: Iterable[str]) -> Iterator[str]:
        """Go through nodes and those before them."""
        waiting = list(ends)
        seen = set(waiting)
        while waiting:
            here = waiting.pop()
            yield here
            for name in self.inputs(here):
                link = self.link(Place(here, name))
                if link and link[0] not in seen:
                    seen.add(link[0])
                    waiting.append(link[0])

    def told(self, place: Place) -> str:
        """Return an input with what it has, in words."""
        link = self.link(place)
        value = self.inputs(place.node_id).get(place.name)
        has = f"from {self.called(link[0])}" if link else f"= {shown(value)}"
        return f"{self.called(place.node_id)}: {place.name} {has}"

    def _specs(self, node_id: str) -> dict[str, Input]:
        schema = self._schemas(self.kind(node_id))
        return specs(schema, self.inputs(node_id)) if schema else {}
