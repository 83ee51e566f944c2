"""Puts a user's values into a graph, each as the server's schema wants it, and notes down what that changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...prompt import parse_size
from ...prompt.errors import PromptError
from ..errors import NotRunnable, UsageError
from .convert import Schemas
from .faults import Fault, Kind, told
from .inputs import SCALARS, Input, is_link
from .nodes import Graph, Nodes, Place
from .selectors import Found, Selectors
from .spellings import SAMPLER, SCHEDULER, named_schedule, spellings
from .values import WRAPPER, BadValue, shown, typed

SIZE = "size"
Send = Callable[[Any, Input], str | None]
"""Returns the name of the file that was uploaded for a value; None if the value names no file of this machine."""


class Change(NamedTuple):
    """A value that was put into an input."""

    place: Place
    value: Any


@dataclass(frozen=True)
class Overridden:
    """A graph with a user's values in it.

    Attributes:
        graph: API format; the nodes that did not change are the given graph's own.
        changes: what was put where, each place once.
        notes: what the user should know: the links that were taken out.
    """

    graph: dict[str, Any]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def override(
    graph: Graph,
    values: Mapping[str, Any],
    schemas: Schemas,
    declared: Callable[[Nodes], dict[str, tuple[Place, ...]]] | None = None,
    send: Send | None = None,
) -> Overridden:
    """Return a graph with values in it; where two of them meet in one place, the later one counts.

    Args:
        graph: API format.
        values: by selectors; a value is a text as it is typed, or one of JSON.
        schemas: the server's classes.
        declared: gives the names that the workflow declares.
        send: uploads files.

    Raises:
        UsageError: if a selector stands for nothing, or for several inputs.
        NotRunnable: if values are none for their inputs; it holds all of them.
    """
    nodes = Nodes(graph, schemas)
    writer = _Writer(nodes, Selectors(nodes, declared(nodes) if declared else {}), send or _keep)
    for selector, value in values.items():
        writer.put(selector, value, values)
    if writer.faults:
        raise NotRunnable(told(writer.faults), writer.faults)
    return writer.done()


def _keep(value: Any, spec: Input) -> None:
    """Upload nothing."""


class _Writer:
    """Collects what is put where."""

    def __init__(self, nodes: Nodes, selectors: Selectors, send: Send) -> None:
        self._nodes = nodes
        self._selectors = selectors
        self._send = send
        self._changes: dict[Place, Any] = {}
        self._notes: list[str] = []
        self.faults: list[Fault] = []

    def put(self, selector: str, value: Any, values: Mapping[str, Any]) -> None:
        """Put a value, or both sides of a size, where a selector leads."""
        sides = self._sides(selector, value)
        for name, side in sides.items() if sides else [(selector, value)]:
            found = self._selectors.find(name)
            self._put_all(selector, found, side)
        schedule = named_schedule(value) if selector == SAMPLER and SCHEDULER not in values else None
        places = self._selectors.certain(SCHEDULER) if schedule else ()
        if places:
            self._put_all(selector, Found(places, SCHEDULER), schedule)

    def done(self) -> Overridden:
        """Return the graph with all of it."""
        graph: dict[str, Any] = dict(self._nodes.graph)
        for place, value in self._changes.items():
            node = graph[place.node_id]
            graph[place.node_id] = {**node, "inputs": {**node["inputs"], place.name: value}}
        changed = tuple(Change(place, value) for place, value in self._changes.items())
        return Overridden(graph, changed, tuple(dict.fromkeys(self._notes)))

    def _put_all(self, selector: str, found: Found, value: Any) -> None:
        """Put a value into all places; nodes differ in the samplers that they know, so one of them must."""
        refused: list[Fault] = []
        for place in found.places:
            try:
                self._changes[place] = self._first(spellings(found.name, value), place)
                self._note(place, found)
            except BadValue as error:
                refused.append(self._fault(selector, place, error))
        knows_names = found.name in (SAMPLER, SCHEDULER) and len(refused) < len(found.places)
        self.faults += [] if knows_names else refused[:1]

    def _fault(self, selector: str, place: Place, error: BadValue) -> Fault:
        node_id, name = place
        kind: Kind = "model" if str(error.fix).startswith("put the file") else "value"
        reason = error.reason if selector.endswith(name) else f"{error.reason} (given as {shown(selector)})"
        return Fault(kind, reason, error.fix, node_id, self._nodes.title(node_id), self._nodes.kind(node_id), name)

    def _note(self, place: Place, found: Found) -> None:
        """Note that a link is taken out, where the workflow does not declare that it may be."""
        link = self._nodes.link(place)
        if link and not found.name:
            source = self._nodes.called(link[0])
            self._notes.append(f"{self._nodes.called(place.node_id)}: {place.name} no longer comes from {source}")

    def _first(self, values: tuple[Any, ...], place: Place) -> Any:
        """Return the first spelling that an input takes."""
        spec = self._nodes.spec(place)
        refused: BadValue | None = None
        for value in values:
            try:
                return self._ready(value, place, spec)
            except BadValue as error:
                refused = refused or error
        raise refused or BadValue(f"{place.name} has no value", "give one")

    def _ready(self, value: Any, place: Place, spec: Input | None) -> Any:
        if spec is None:
            return _like(value, self._nodes.inputs(place.node_id).get(place.name))
        if not spec.is_value and spec.kind not in SCALARS and not self._holds_value(place):
            raise BadValue(f"it takes a link ({spec.kind}), which no value can stand for", "link it in the editor")
        uploaded = self._send(value, spec) if spec.upload else None
        return typed(value, spec) if uploaded is None else uploaded

    def _holds_value(self, place: Place) -> bool:
        """Return whether a value stands there now: nodes of other people have widgets of types of their own."""
        value = self._nodes.inputs(place.node_id).get(place.name)
        return value is not None and not is_link(value)

    def _sides(self, selector: str, value: Any) -> dict[str, int] | None:
        """Return width and height by their selectors where a size is given."""
        before, dot, last = selector.rpartition(".")
        if last != SIZE or selector in self._selectors.declared or self._is_one_input(before, selector):
            return None
        try:
            size = parse_size(str(value))
        except PromptError as error:
            raise UsageError(f"{shown(selector)[1:-1]}: {error}") from error
        return {f"{before}{dot}width": size.width, f"{before}{dot}height": size.height}

    def _is_one_input(self, node: str, selector: str) -> bool:
        """Return whether an input of some node is called `size` itself."""
        if not node:
            return bool(self._selectors.certain(SIZE)) and not self._selectors.certain("width")
        try:
            return bool(self._selectors.find(selector))
        except UsageError:
            return False


def _like(value: Any, present: Any) -> Any:
    """Return a value for an input of which nothing is known, read as what stands there now."""
    if isinstance(value, list):
        return {WRAPPER: value}
    if not isinstance(value, str) or isinstance(present, str):
        return value
    kind = {bool: "BOOLEAN", int: "INT", float: "FLOAT"}.get(type(present))
    return typed(value, Input("it", kind, None, {}, required=False)) if kind else value
