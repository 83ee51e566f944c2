"""Works Tagloom's nodes out ahead of the run, by the same functions of `prompt/`, and leaves a graph of core nodes.

So a workflow runs on a server without the pack, and the runner knows the final prompts and settings of any run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...prompt import Size
from ..errors import WorkflowError
from ..graph.workflows import NODE_PREFIX
from .node_values import EVALUATORS, STAND_INS

Graph = Mapping[str, Any]
PLAIN = ("text", "second", "positive", "negative", "seed")
"""Inputs of our nodes whose values must be known: what a core node makes is not, before it runs."""
READERS = {"PreviewAny"}
"""Output nodes that only show a text: without the pack's node in front of them they have nothing to show."""


def to_core(graph: Graph, image_sizes: Mapping[str, Size]) -> dict[str, Any]:
    """Return the graph in core nodes alone.

    Args:
        graph: API format, its family chosen (`auto` needs the checkpoint's file).
        image_sizes: the size of each picture that a LoadImage node names.

    Raises:
        WorkflowError: for what core nodes can't express.
    """
    return Values(graph, image_sizes).to_core()


def _core(graph: Graph, values: Values) -> dict[str, Any]:
    core: dict[str, Any] = {}
    passed: dict[tuple[str, int], Any] = {}
    for node_id, node in _left(graph, values).items():
        stand_in = STAND_INS.get(node["class_type"])
        known = [values.known(node_id)] if stand_in and stand_in.asks else []
        nodes = stand_in.nodes(node_id, node["inputs"], *known) if stand_in else {node_id: node}
        core |= {name: {**node, **own} for name, own in nodes.items()}
        if stand_in and node_id not in nodes:
            passed |= {(node_id, slot): node["inputs"][name] for slot, name in enumerate(stand_in.passes)}
    return {name: _relinked(node, passed) for name, node in core.items()}


def _relinked(node: Mapping[str, Any], passed: Mapping[tuple[str, int], Any]) -> dict[str, Any]:
    """Return a node whose links lead past nodes that are not needed."""
    inputs = dict(node["inputs"])
    for name, value in inputs.items():
        while _is_link(value) and (value[0], value[1]) in passed:
            value = passed[value[0], value[1]]
        inputs[name] = value
    return {**node, "inputs": inputs}


def _left(graph: Graph, values: Values) -> dict[str, Any]:
    known = {}
    for node_id, node in graph.items():
        if _is_ours(node) and node["class_type"] not in STAND_INS:
            continue
        linked = [value for value in node["inputs"].values() if _is_link(value)]
        if node["class_type"] in READERS and any(_is_ours(graph[origin]) for origin, _ in linked):
            continue
        inputs = {name: values.input(value, node_id, name) for name, value in node["inputs"].items()}
        known[node_id] = {**node, "inputs": inputs}
    return known


def can_stand_in(class_type: str) -> bool:
    """Return whether a node class is one of ours that can be worked out, or replaced, without the pack."""
    return class_type in EVALUATORS or class_type in STAND_INS


class Values:
    """The values of Tagloom's nodes, each worked out once; it takes what `to_core` takes."""

    def __init__(self, graph: Graph, image_sizes: Mapping[str, Size]) -> None:
        self._graph = graph
        self._image_sizes = image_sizes
        self._known: dict[str, tuple[Any, ...]] = {}

    def to_core(self) -> dict[str, Any]:
        """Return the graph in core nodes alone; see the function of that name."""
        return _core(self._graph, self)

    def final(self, node_id: str, place: str | int) -> Any:
        """Return what a node's input receives, or what its output of a number gives."""
        if isinstance(place, int):
            return self._outputs(node_id)[place]
        return self.input(self._graph[node_id]["inputs"][place], node_id, place)

    def input(self, value: Any, node_id: str, name: str) -> Any:
        """Return what a node's input receives on the server: the value of a Tagloom node, or the link as it is."""
        if not _is_link(value) or not _is_ours(self._graph[value[0]]) or self._is_loaded(value):
            return value
        worked_out = self._outputs(value[0])[value[1]]
        if not isinstance(worked_out, str | int | float):
            if _is_ours(self._graph[node_id]):
                return value  # a stand-in asks for what it needs of it
            raise WorkflowError(f"node {node_id} takes {name} from a Tagloom node; this needs the pack on the server")
        return worked_out

    def known(self, node_id: str) -> dict[str, Any]:
        """Return what is known of a node's inputs before the run; None for what is loaded or made in it."""
        return {field: self._inner(value) for field, value in self._graph[node_id]["inputs"].items()}

    def _is_loaded(self, link: Any) -> bool:
        """Return whether a link carries what a core node gives in our node's place."""
        stand_in = STAND_INS.get(self._graph[link[0]]["class_type"])
        return stand_in is not None and link[1] < stand_in.outputs

    def _outputs(self, node_id: str) -> tuple[Any, ...]:
        if node_id not in self._known:
            node = self._graph[node_id]
            name = f"node {node_id} ({node['class_type']})"
            evaluate = EVALUATORS.get(node["class_type"])
            if evaluate is None:
                raise WorkflowError(f"{name} has no core nodes to stand for it; install Tagloom on the server")
            inputs = self.known(node_id)
            if any(inputs.get(field, "") is None for field in PLAIN):
                raise WorkflowError(f"{name} takes a value that a core node makes; install Tagloom on the server")
            self._known[node_id] = evaluate(inputs)
        return self._known[node_id]

    def _inner(self, value: Any) -> Any:
        if not _is_link(value):
            return value
        origin = self._graph[value[0]]
        if self._is_loaded(value):
            return None  # a model, which nothing here looks into
        if _is_ours(origin):
            return self._outputs(value[0])[value[1]]
        name = origin["inputs"].get("image")
        return self._image_sizes.get(name) if isinstance(name, str) else None


def _is_ours(node: Mapping[str, Any]) -> bool:
    return str(node["class_type"]).startswith(NODE_PREFIX)


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2
