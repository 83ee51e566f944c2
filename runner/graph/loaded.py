"""A workflow as it stands in the editor once it is loaded: live widgets, links, subgraphs that instances share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .document import Definition, Link
from .widgets import Widget

MUTED, BYPASSED = 2, 4
INSIDE_INPUT = "-10"
"""The origin of links inside a subgraph that come from its own inputs."""


@dataclass
class Input:
    """A socket; `widget` names the widget that a link into it stands for."""

    name: str
    type: Any
    link: str | None = None
    widget: str | None = None


@dataclass
class Output:
    """An output, with the links that leave it."""

    type: Any
    links: tuple[str, ...] = ()


@dataclass
class Node:
    """A node in its graph.

    Attributes:
        known: whether the server has its class.
        virtual: whether the editor alone knows it: notes, reroutes, primitives, instances of subgraphs.
        subgraph: what it is an instance of.
    """

    id: str
    type: str
    mode: int
    title: str
    inputs: list[Input]
    outputs: list[Output]
    widgets: list[Widget]
    properties: Mapping[str, Any]
    known: bool = True
    virtual: bool = False
    subgraph: Subgraph | None = None

    @property
    def called(self) -> str:
        """What messages call it."""
        return f"node {self.id} ({self.title or self.type})"

    def widget(self, name: str | None) -> Widget | None:
        """Return its first widget of a name."""
        return next((widget for widget in self.widgets if widget.name == name), None) if name is not None else None

    def place(self, name: str) -> int | None:
        """Return the number of its first input of a name."""
        return next((at for at, each in enumerate(self.inputs) if each.name == name), None)


@dataclass
class Graph:
    """The nodes and links of one layer; `setters` are its SetNodes by their names, once they are asked for."""

    nodes: dict[str, Node] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    setters: dict[str, Node] | None = None

    def target(self, link: Link) -> tuple[Node, Input] | None:
        """Return the node and the input that a link leads to, if there are such."""
        node = self.nodes.get(link.target)
        if node is None or not 0 <= link.target_slot < len(node.inputs):
            return None
        return node, node.inputs[link.target_slot]


@dataclass
class Subgraph:
    """A subgraph with its graph, which all its instances share, and those instances that are loaded so far."""

    definition: Definition
    graph: Graph = field(default_factory=Graph)
    instances: list[Node] = field(default_factory=list)

    def inner_widgets(self, place: int) -> Iterator[Widget]:
        """Yield the widgets that an input of the subgraph leads to."""
        for link_id in self.definition.inputs[place].links:
            link = self.graph.links.get(link_id)
            found = self.graph.target(link) if link else None
            widget = found[0].widget(found[1].widget) if found else None
            if widget is not None:
                yield widget


@dataclass
class Loaded:
    """The whole workflow: its top graph, and the subgraphs by id."""

    top: Graph
    subgraphs: dict[str, Subgraph]

    def graphs(self) -> Iterator[Graph]:
        """Yield every graph once."""
        yield self.top
        for subgraph in self.subgraphs.values():
            yield subgraph.graph
