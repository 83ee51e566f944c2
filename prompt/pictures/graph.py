"""A ComfyUI graph (API format) out of a file: nothing in it is taken for granted."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple


class Link(NamedTuple):
    """Where an input comes from: a node and the number of its output."""

    node_id: str
    slot: int


class Graph:
    """The nodes of a graph by their ids, without what is no node: entries and inputs of other shapes are left out.

    Attributes:
        nodes: as `prompt.graphs` takes them: `class_type` and `inputs`.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        """Take the document as JSON has it."""
        self.nodes: dict[str, dict[str, Any]] = {}
        for node_id, node in document.items():
            if isinstance(node, dict) and isinstance(node.get("class_type"), str):
                inputs = node.get("inputs")
                self.nodes[node_id] = {"class_type": node["class_type"], "inputs": _usable(inputs)}

    def kind(self, node_id: str) -> str:
        """Return a node's class."""
        return str(self.nodes[node_id]["class_type"])

    def inputs(self, node_id: str) -> dict[str, Any]:
        """Return a node's inputs: values, and links as lists."""
        return dict(self.nodes[node_id]["inputs"])

    def name(self, node_id: str) -> str:
        """Return a node in words."""
        return f"node {node_id[:20]} ({self.kind(node_id)[:60]})"

    def link(self, node_id: str, name: str) -> Link | None:
        """Return where an input comes from, or None if it is a value or leads nowhere."""
        value = self.nodes[node_id]["inputs"].get(name)
        return Link(str(value[0]), value[1]) if isinstance(value, list) and str(value[0]) in self.nodes else None

    def links(self, node_id: str) -> dict[str, Link]:
        """Return the inputs that are links."""
        found = ((name, self.link(node_id, name)) for name in self.nodes[node_id]["inputs"])
        return {name: link for name, link in found if link is not None}

    def upstream(self, node_id: str, names: Collection[str] = ()) -> Iterator[str]:
        """Go through a node and those before it, the nearest first, by the inputs of these names (all if none)."""
        seen, waiting = {node_id}, deque([node_id])
        while waiting:
            here = waiting.popleft()
            yield here
            for name, link in self.links(here).items():
                if link.node_id not in seen and (not names or name in names):
                    seen.add(link.node_id)
                    waiting.append(link.node_id)


def _usable(inputs: Any) -> dict[str, Any]:
    """Return inputs without lists that are no links."""
    if not isinstance(inputs, dict):
        return {}
    return {name: value for name, value in inputs.items() if not isinstance(value, list) or _is_link(value)}


def _is_link(value: list[Any]) -> bool:
    if len(value) != 2 or isinstance(value[0], bool) or isinstance(value[1], bool):
        return False
    return isinstance(value[0], str | int) and isinstance(value[1], int)
