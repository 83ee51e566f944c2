"""Works Tagloom's nodes out in a workflow's graph: for servers that lack the pack, and to know the final prompts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ..prompt import Detection, Size, WildcardFolders, matrix
from ..prompt.errors import PromptError
from .core.graph import Values
from .core.loras import with_files
from .errors import RunnerError, WorkflowError
from .graph.aliases import INPUTS, SIZE
from .graph.inputs import is_link
from .graph.nodes import Graph, Nodes, Place
from .graph.understanding import A1111
from .graph.workflows import NODE_PREFIX
from .places import wildcard_folders
from .request import AUTO
from .targets import Target
from .workflow_ground import Ground

FAMILY, LORAS = "family", "loras"
FINALS = {"positive": "encoded", "negative": "encoded_negative"}
"""What a workflow calls the prompts as they are encoded."""
MOST_KEPT = 64


class WorkedOut(NamedTuple):
    """A graph for a server, and what is known of it.

    Attributes:
        sent: what the server gets.
        graph: with the values of Tagloom's nodes in it, as far as they are known before the run.
        texts: the prompts as they are encoded, where the workflow says where they are.
        dialect: of these texts.
    """

    sent: dict[str, Any]
    graph: Graph
    texts: Mapping[str, str]
    dialect: str


def work_out(graph: dict[str, Any], ground: Ground, target: Target, sizes: Mapping[str, Size]) -> WorkedOut:
    """Return what is sent, and what is known.

    Args:
        graph: API format, with all values in it.
        ground: the workflow as the server would run it.
        target: the server.
        sizes: those of the pictures that were uploaded for it, by their names there.

    Raises:
        WorkflowError: if the server lacks the pack, and core nodes can't express what a node of it does.
        PromptError: likewise, for prompts and families that such a node would refuse.
    """
    if not any(str(node["class_type"]).startswith(NODE_PREFIX) for node in graph.values()):
        return WorkedOut(graph, graph, {}, A1111)
    try:
        values = Values(_with_family(graph, ground, target), sizes)
    except (RunnerError, PromptError):
        if not ground.has_pack:
            raise
        values = Values(graph, sizes)  # the server finds the family out
    sent = graph if ground.has_pack else with_files(values.to_core(), lambda: target.client.model_names(LORAS))
    return WorkedOut(sent, _known(graph, values), *_texts(ground, values))


def _known(graph: dict[str, Any], values: Values) -> dict[str, Any]:
    """Return the graph with what Tagloom's nodes give in place of their links, where that is known.

    Sides of 0, which stand for no size, are left out.
    """

    def final(value: Any, node_id: str, name: str) -> Any:
        if not is_link(value):
            return value
        try:
            known = values.input(value, node_id, name)
        except (RunnerError, PromptError, LookupError):
            return value
        return known if isinstance(known, str | int | float) else value

    known: dict[str, Any] = {}
    for node_id, node in graph.items():
        inputs = {name: final(value, node_id, name) for name, value in node["inputs"].items()}
        stated = {name: value for name, value in inputs.items() if name not in SIZE or value != 0}
        known[node_id] = {**node, "inputs": stated}
    return known


def _with_family(graph: dict[str, Any], ground: Ground, target: Target) -> dict[str, Any]:
    """Return the graph with the family chosen that its checkpoint is of, where that is left to the run."""
    open_nodes = [name for name, node in graph.items() if node["inputs"].get(FAMILY) == AUTO]
    if not open_nodes:
        return graph
    checkpoint = _checkpoint(graph, ground)
    found = _detected(target, checkpoint)
    chosen = dict(graph)
    for node_id in open_nodes:
        node = graph[node_id]
        chosen[node_id] = {**node, "inputs": {**node["inputs"], FAMILY: found.family}}
    return chosen


def family_of(graph: Graph, ground: Ground, target: Target) -> str | None:
    """Return the id of the family whose model a graph loads; None where that is not clear."""
    values = [node["inputs"].get(FAMILY) for node in graph.values()]
    named = {value for value in values if isinstance(value, str)} - {AUTO}
    try:
        return named.pop() if len(named) == 1 else _detected(target, _checkpoint(dict(graph), ground)).family
    except (RunnerError, PromptError):
        return None


def prompts_of(node: Mapping[str, Any]) -> int | None:
    """Return how many prompts a Prompt Matrix node makes; None where that is known in the run alone."""
    inputs = node["inputs"]
    known = [inputs.get(name) for name in ("text", "dialect", "tag_aware", "limit")]
    if None in known or any(map(is_link, known)):
        return None
    try:
        return len(matrix(known[0], WildcardFolders(wildcard_folders()), *known[1:]).prompts)
    except (PromptError, TypeError, ValueError):
        return None  # the node says what is wrong with it


def _checkpoint(graph: dict[str, Any], ground: Ground) -> str:
    nodes = Nodes(graph, ground.schemas)
    fields = (*INPUTS["checkpoint"], *INPUTS["model"])
    places = [Place(node_id, name) for node_id in graph for name in fields if name in nodes.inputs(node_id)]
    names = {str(nodes.inputs(place.node_id)[place.name]) for place in places if not nodes.link(place)}
    if len(names) != 1:
        raise WorkflowError(f"the workflow loads {len(names)} models; choose their families where it says auto")
    return names.pop()


@lru_cache(maxsize=MOST_KEPT)
def _detected(target: Target, checkpoint: str) -> Detection:
    return target.detect(checkpoint)


def _texts(ground: Ground, values: Values) -> tuple[dict[str, str], str]:
    """Return the prompts as they are encoded, and their dialect, where the workflow declares them."""
    finals = {name: tuple(place) for name, place in ground.declarations("finals").items() if _is_place(place)}
    declared = ground.declared(Nodes(ground.graph, ground.schemas))
    places = {role: finals.get(name) or next(iter(declared.get(name, ())), None) for role, name in FINALS.items()}
    found = {role: _final(values, place) for role, place in places.items() if place}
    dialect = next(iter(declared.get("dialect", ())), None)
    stated = _final(values, dialect) if dialect else None
    return {role: text for role, text in found.items() if text is not None}, stated or A1111


def _final(values: Values, place: tuple[Any, Any]) -> str | None:
    """Return the text that an input receives in the end; None where it is made in the run."""
    try:
        text = values.final(str(place[0]), place[1])
    except (RunnerError, PromptError, LookupError):
        return None
    return text if isinstance(text, str) else None


def _is_place(place: Any) -> bool:
    return isinstance(place, list) and len(place) == 2
