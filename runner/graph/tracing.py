"""Where an input's value comes from: through reroutes, bypassed nodes and the borders of subgraphs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import WorkflowError
from .loaded import BYPASSED, INSIDE_INPUT, Graph, Loaded, Node
from .types import fits, is_any
from .virtual import REROUTES, setter

LARGEST = 20_000
"""Nodes that a workflow may have once its subgraphs are expanded; the largest official template has 193."""
MOST_STEPS = 1_000_000
"""Steps along links for all inputs of a workflow together, about 3 seconds."""
DEEPEST = 50
"""Levels of subgraphs."""


@dataclass(frozen=True, eq=False)
class Place:
    """A node where it stands once subgraphs are expanded; `owner` is the instance around it."""

    node: Node
    graph: Graph
    owner: Place | None

    @property
    def id(self) -> str:
        """The id that the server gets: those of the instances around it, then its own."""
        return f"{self.owner.id}:{self.node.id}" if self.owner else self.node.id

    def beside(self, node_id: str, what: str) -> Place:
        """Return the place of a node of the same graph.

        Raises:
            WorkflowError: if there is none.
        """
        node = self.graph.nodes.get(node_id)
        if node is None:
            raise WorkflowError(f"{self.node.called}: {what} leads to node {node_id}, which is not there")
        return Place(node, self.graph, self.owner)


@dataclass(frozen=True)
class Source:
    """An output of a node, by the id that the server gets."""

    id: str
    slot: int


@dataclass(frozen=True)
class Held:
    """A value that an instance's widget holds."""

    value: Any


Step = tuple[bool, Place, int, Any]
"""Whether an output is asked for (else an input), of which node, its number, and the type that is wanted."""


def places(loaded: Loaded) -> list[Place]:
    """Return every node with its place, in front of each instance those inside it.

    Raises:
        WorkflowError: if a subgraph contains itself, or the whole is too large.
    """
    found: list[Place] = []
    for place in _inside(loaded.top, None, ()):
        found.append(place)
        if len(found) > LARGEST:
            raise WorkflowError(f"the workflow has more than {LARGEST} nodes once its subgraphs are expanded")
    return found


def _inside(graph: Graph, owner: Place | None, around: tuple[str, ...]) -> Iterator[Place]:
    for node in graph.nodes.values():
        place = Place(node, graph, owner)
        if node.subgraph is not None:
            key, name = node.subgraph.definition.id, node.subgraph.definition.name
            if key in around:
                raise WorkflowError(f"the subgraph {name!r} contains itself; take that instance out")
            if len(around) >= DEEPEST:
                raise WorkflowError(f"the subgraph {name!r} lies {DEEPEST} levels deep, which is too much")
            yield from _inside(node.subgraph.graph, place, (*around, key))
        yield place


class Tracer:
    """Follows the links of one workflow."""

    def __init__(self) -> None:
        """Start with no step done."""
        self._left = MOST_STEPS

    def trace(self, place: Place, slot: int) -> Source | Held | None:
        """Return what an input gets: a node's output, a widget's value, or nothing.

        Raises:
            WorkflowError: if links lead in a circle or nowhere, or the workflow's links are far too long.
        """
        step: Step | Source | Held | None = (False, place, slot, None)
        seen: set[tuple[bool, str, int]] = set()
        while isinstance(step, tuple):
            leaves, at, number, _ = step
            key = (leaves, at.id, number)
            if key in seen:
                by = f"{place.node.called} lead in a circle, by {at.node.called}"
                raise WorkflowError(f"the links into {by}; take one out")
            seen.add(key)
            self._left -= 1
            if self._left < 0:
                raise WorkflowError(f"the links of the workflow take more than {MOST_STEPS} steps to follow")
            step = _behind_output(*step[1:]) if leaves else _behind_input(*step[1:])
        return step


def _behind_input(place: Place, slot: int, kind: Any) -> Step | Held | None:
    node = place.node
    if not 0 <= slot < len(node.inputs):
        raise WorkflowError(f"{node.called} has no input {slot}, to which a link leads; save the workflow again")
    socket = node.inputs[slot]
    if socket.link is None:
        return None
    link = place.graph.links.get(socket.link)
    if link is None:
        raise WorkflowError(
            f"{node.called}: the input {socket.name!r} names the link {socket.link}, which is not there; "
            "open the workflow in the editor, connect it anew and save it"
        )
    if place.owner is not None and link.origin == INSIDE_INPUT:
        return _out_of_subgraph(place.owner, link.origin_slot)
    source = place.beside(link.origin, f"the input {socket.name!r}")
    return True, source, link.origin_slot, socket.type if kind is None else kind


def _out_of_subgraph(owner: Place, slot: int) -> Step | Held | None:
    """Go on outside: with what leads into the instance, else with the value of the widget that it shows."""
    inputs = owner.node.inputs
    if not 0 <= slot < len(inputs):
        raise WorkflowError(f"{owner.node.called} has no input {slot}, which a node inside it wants; save it again")
    if inputs[slot].link is not None:
        return False, owner, slot, None
    widget = owner.node.widget(inputs[slot].widget)
    return Held(widget.value) if widget is not None else None


def _behind_output(place: Place, slot: int, kind: Any) -> Step | Source | Held | None:
    node = place.node
    if node.mode == BYPASSED:
        matching = _bypass(node, slot, kind)
        return None if matching is None else (False, place, matching, None)
    if node.subgraph is not None:
        return _into_subgraph(place, slot, kind)
    if node.type == "GetNode":
        return False, place.beside(setter(place.graph, node).id, "its name"), 0, kind
    if node.type in REROUTES:
        return (False, place, slot, kind) if slot < len(node.inputs) else None
    return None if node.virtual else Source(place.id, slot)


def _into_subgraph(place: Place, slot: int, kind: Any) -> Step | Held | None:
    subgraph = place.node.subgraph
    assert subgraph is not None
    outputs = subgraph.definition.outputs
    if not 0 <= slot < len(outputs):
        raise WorkflowError(f"{place.node.called} has no output {slot}, from which a link leads; save it again")
    links = (subgraph.graph.links.get(link) for link in outputs[slot].links)
    link = next((link for link in links if link is not None), None)
    if link is None:
        return None
    if link.origin == INSIDE_INPUT:  # an input that leads straight to an output; front end 1.32.9 fails here
        return _out_of_subgraph(place, link.origin_slot)
    inner = subgraph.graph.nodes.get(link.origin)
    if inner is None:
        raise WorkflowError(f"{place.node.called}: its output {slot} comes from node {link.origin}, which is not there")
    return True, Place(inner, subgraph.graph, place), link.origin_slot, kind


def _bypass(node: Node, slot: int, kind: Any) -> int | None:
    """Return the input that a bypassed node hands on as an output: its number, or None where none fits.

    The one of the same number if it fits both output and consumer, else the first of exactly the wanted type, else
    the first that fits. Whether something leads into it does not matter.
    """
    if not 0 <= slot < len(node.outputs):
        raise WorkflowError(f"{node.called} has no output {slot}, from which a link leads; save the workflow again")
    given, inputs = node.outputs[slot].type, node.inputs
    if is_any(kind):
        return (slot if len(inputs) > slot else 0) if inputs else None
    if slot < len(inputs) and fits(inputs[slot].type, given) and fits(inputs[slot].type, kind):
        return slot
    exact = next((at for at, each in enumerate(inputs) if each.type == kind), None)
    if exact is not None:
        return exact
    fitting = (at for at, each in enumerate(inputs) if fits(each.type, given) and fits(each.type, kind))
    return next(fitting, None)
