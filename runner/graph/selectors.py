"""Finds the inputs that a user means: `seed`, `KSampler.seed`, `First pass.steps`, `12:3.cfg`, `CLIP*.text`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from ...prompt.errors import nearest_names
from ..errors import UsageError
from .aliases import USUAL, Derived
from .nodes import Nodes, Place
from .values import offer, shown

GLOB = frozenset("*?[")
MOST_LISTED = 8


class Found(NamedTuple):
    """What a selector stands for.

    Attributes:
        places: the inputs, all of which get the value.
        name: the short name that it is, such as `seed`, or nothing where a node is named.
    """

    places: tuple[Place, ...]
    name: str


class Selectors:
    """The inputs of one graph by all that they can be called."""

    def __init__(self, nodes: Nodes, declared: Mapping[str, tuple[Place, ...]]) -> None:
        """Take the graph and the names that its workflow declares."""
        self._nodes = nodes
        self._derived: Derived | None = None
        self.declared = declared

    def find(self, selector: str) -> Found:
        """Return the inputs that are meant.

        Raises:
            UsageError: if there are none or several; the message lists the nearest, or all of them.
        """
        if self.declared.get(selector):
            return Found(self.declared[selector], selector)
        if selector in self.declared:
            raise UsageError(
                f"{selector} is declared for nodes that are muted, bypassed or gone; switch one of them on"
            )
        by_node = self._by_node(selector)
        if by_node:
            return Found(by_node, "")
        candidates = self._candidates(selector)
        if len(candidates) > 1:
            raise UsageError(self._ambiguous(selector, [places[0] for places in candidates]))
        if not candidates:
            raise UsageError(self._unknown(selector))
        linked = next((place for place in candidates[0] if self._nodes.link(place)), None)
        if linked:
            raise UsageError(
                f"{selector} is linked ({self._nodes.told(linked)}); set it where it comes from, or write "
                f"{linked.node_id}.{linked.name} to put a value in the link's place"
            )
        return Found(candidates[0], selector)

    def certain(self, name: str) -> tuple[Place, ...]:
        """Return the inputs of a short name, or nothing where it has none for sure."""
        if name in self.declared:
            return self.declared[name]
        found = self._candidates(name)
        is_sure = len(found) == 1 and not any(self._nodes.link(place) for place in found[0])
        return found[0] if is_sure else ()

    def names(self) -> dict[str, tuple[Place, ...]]:
        """Return the short names that can be set: the declared ones, or where there are none the usual ones."""
        if self.declared:
            return {name: places for name, places in self.declared.items() if places}
        usual = {name: self.certain(name) for name in USUAL}
        return {name: places for name, places in usual.items() if places}

    def settable(self) -> Iterator[Place]:
        """Go through all inputs that have values."""
        for node_id in self._nodes.graph:
            for name in self._nodes.inputs(node_id):
                if self._nodes.link(Place(node_id, name)) is None:
                    yield Place(node_id, name)

    def _candidates(self, name: str) -> list[tuple[Place, ...]]:
        self._derived = self._derived or Derived(self._nodes)
        return self._derived.places(name)

    def _by_node(self, selector: str) -> tuple[Place, ...]:
        """Return the inputs of the nodes that are named before a dot; nothing where no node is."""
        lacking: dict[str, str] = {}
        for dot in (place for place, char in enumerate(selector) if char == "."):
            node, name = selector[:dot], selector[dot + 1 :]
            named = self._named(node)
            places = tuple(Place(node_id, name) for node_id in named if self._nodes.has(Place(node_id, name)))
            if len(places) > 1 and not GLOB & {*node}:
                raise UsageError(self._ambiguous(selector, places))
            if places:
                return places
            lacking |= dict.fromkeys(named, name)
        if lacking:
            raise UsageError(self._no_input(lacking))
        return ()

    def _named(self, node: str) -> list[str]:
        """Return the nodes of an id, a title or a class; where there is none, whatever the case."""
        if node in self._nodes.graph:
            return [node]
        found = [node_id for node_id in self._nodes.graph if node in self._names(node_id)]
        if not found and GLOB & {*node}:
            found = [n for n in self._nodes.graph if any(fnmatchcase(name, node) for name in (n, *self._names(n)))]
        folded = node.casefold()
        return found or [n for n in self._nodes.graph if folded in (name.casefold() for name in self._names(n))]

    def _names(self, node_id: str) -> tuple[str, str]:
        return self._nodes.title(node_id), self._nodes.kind(node_id)

    def _ambiguous(self, selector: str, places: Iterable[Place]) -> str:
        listed = sorted(places, key=lambda place: self._nodes.link(place) is not None)
        told = "; ".join(self._nodes.told(place) for place in listed[:MOST_LISTED])
        more = f"; and {len(listed) - MOST_LISTED} more" if len(listed) > MOST_LISTED else ""
        ways = " or ".join(f"{place.node_id}.{place.name}" for place in listed[:3])
        return f"{shown(selector)} could be any of {len(listed)} inputs: {told}{more}; write {ways}"

    def _no_input(self, lacking: Mapping[str, str]) -> str:
        node_id, name = next(iter(lacking.items()))
        known = {*self._nodes.inputs(node_id), *self._nodes.specs(node_id)}
        hint = nearest_names(name, known) or (f"it has {offer(sorted(known))}" if known else "it has none")
        return f"{self._nodes.called(node_id)} has no input {shown(name)}; {hint}"

    def _unknown(self, selector: str) -> str:
        names = {*self.names()}
        node, dot, _ = selector.rpartition(".")
        if dot and node:
            nodes = {name for node_id in self._nodes.graph for name in self._names(node_id) if name}
            hint = nearest_names(node, nodes) or f"there are {offer(sorted(nodes))}"
            return f"no node is called {shown(node)}; {hint}"
        inputs = {place.name for place in self.settable()}
        hint = nearest_names(selector, names | inputs) or f"there are {offer(sorted(names or inputs))}"
        return f"the workflow has no input {shown(selector)}; {hint}"
