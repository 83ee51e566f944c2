"""Tells what a workflow holds: its nodes, the inputs that can be set, its models, its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..outputs.clean import one_line
from ..workflow_ground import made_ground
from .convert import Schemas
from .inputs import is_link
from .needs import needs_of
from .nodes import Nodes, Place
from .reading import Document
from .selectors import Selectors
from .values import shown


@dataclass(frozen=True)
class Description:
    """What a workflow holds, in plain data.

    Attributes:
        source: where it comes from.
        format: `ui` or `api`.
        inputs: by short names, the places that they stand for, each with what it has.
        nodes: each with its id, title, class, and what its inputs have.
        models: the files that it loads, as `folder/name`.
        outputs: the ids of the nodes that save or show something.
    """

    source: str
    format: str
    inputs: Mapping[str, list[dict[str, Any]]]
    nodes: list[dict[str, Any]]
    models: list[str]
    outputs: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "source": self.source,
            "format": self.format,
            "inputs": [{"name": name, "places": found} for name, found in self.inputs.items()],
            "nodes": self.nodes,
            "models": self.models,
            "outputs": self.outputs,
        }

    def text(self) -> str:
        """Return it in words."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{one_line(self.source)} ({self.format.upper()} format, {len(self.nodes)} nodes)"
        yield "inputs:" if self.inputs else "inputs: none has a short name for sure; set them by node, as below"
        widest = max(map(len, self.inputs), default=0)
        for name, found in self.inputs.items():
            yield f"  {one_line(name):<{widest}}  {', '.join(_place(each) for each in found)}"
        yield "nodes:"
        for node in self.nodes:
            title = (
                f"{one_line(node['title'])} ({one_line(node['class'])})" if node["title"] else one_line(node["class"])
            )
            yield f"  {one_line(node['id'])}: {title}"
            yield from (f"      {one_line(name)} {_has(value)}" for name, value in node["inputs"].items())
        yield f"models: {', '.join(map(one_line, self.models)) or 'none'}"
        yield f"outputs: {', '.join(f'node {one_line(node_id)}' for node_id in self.outputs) or 'none is known'}"


def described(document: Document, schemas: Schemas) -> Description:
    """Return what a workflow holds.

    Raises:
        WorkflowError: if it can't be converted with these classes.
    """
    ground = made_ground(document, schemas)
    nodes = Nodes(ground.graph, ground.schemas)
    names = Selectors(nodes, ground.declared(nodes)).names()
    return Description(
        document.source,
        document.kind,
        {name: [_told(nodes, place) for place in places] for name, places in names.items()},
        [_node(nodes, node_id) for node_id in nodes.graph],
        [f"{model.folder}/{model.name}" for model in needs_of(nodes).models],
        [node_id for node_id in nodes.graph if nodes.is_output(node_id)],
    )


def _told(nodes: Nodes, place: Place) -> dict[str, Any]:
    return {"node": place.node_id, "input": place.name, "value": nodes.inputs(place.node_id).get(place.name)}


def _node(nodes: Nodes, node_id: str) -> dict[str, Any]:
    title = nodes.title(node_id)
    return {"id": node_id, "title": title, "class": nodes.kind(node_id), "inputs": dict(nodes.inputs(node_id))}


def _place(told: Mapping[str, Any]) -> str:
    return f"{one_line(told['node'])}.{one_line(told['input'])} {_has(told['value'])}"


def _has(value: Any) -> str:
    return f"from node {one_line(str(value[0]))}, output {value[1]}" if is_link(value) else f"= {shown(value)}"
