"""Looks a graph through before it is queued, as the server would and further: everything that is wrong, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .convert import Schemas
from .faults import Fault, Kind, Report
from .inputs import COMBO, DYNAMIC, Input, is_link
from .missing import missing_in_graph
from .nodes import Graph, Nodes, Place
from .prompt_lint import remarks
from .values import ENDINGS, WRAPPER, offer, problem_of, shown

ANY = ("*", "")
V3 = "COMFY_"
"""Begins the names of types that depend on what is linked; only the server knows which fit."""
ALLOW = "--allow-api-nodes"


def preflight(graph: Graph, schemas: Schemas, *, allow_api_nodes: bool = False, lint: bool = True) -> Report:
    """Return what is wrong with a graph for a server.

    Args:
        graph: API format, as it would be sent.
        schemas: the server's classes.
        allow_api_nodes: whether nodes may ask services that are paid for.
        lint: whether the prompts are looked through too.
    """
    nodes = Nodes(graph, schemas)
    faults = [*missing_in_graph(nodes)]
    live = nodes.live()
    if not faults and not any(nodes.is_output(node_id) for node_id in graph):
        faults.append(
            Fault("output", "nothing in the workflow saves or shows a result", "add a node such as Save Image")
        )
    for node_id in graph:
        if node_id in live and nodes.is_known(node_id):
            faults += _node(nodes, node_id, allow_api_nodes)
    faults += _circle(nodes, live)
    return Report(tuple(faults), tuple(remarks(nodes)) if lint else ())


def _node(nodes: Nodes, node_id: str, allow_api_nodes: bool) -> Iterator[Fault]:
    if nodes.costs_money(node_id) and not allow_api_nodes:
        yield _fault(nodes, node_id, "money", "", "it asks a service that costs money", f"allow it with {ALLOW}")
    specs = nodes.specs(node_id)
    for name, spec in specs.items():
        if spec.required and not _is_given(name, nodes.inputs(node_id)) and not _may_be_empty(spec):
            fix = f"link a {spec.kind} to it, or switch the node off" if not spec.is_value else f"set {node_id}.{name}"
            yield _fault(nodes, node_id, "input", name, "it is required and missing", fix)
    for name, value in nodes.inputs(node_id).items():
        found = specs.get(name)
        if is_link(value):
            yield from _link(nodes, Place(node_id, name), found)
        elif found is not None:
            yield from _value(nodes, node_id, found, value)


def _is_given(name: str, inputs: Mapping[str, Any]) -> bool:
    return name in inputs or any(other.startswith(f"{name}.") for other in inputs)


def _may_be_empty(spec: Input) -> bool:
    """Return whether an input that is required is made up by the server from others, or from none."""
    return spec.kind.startswith(V3) and spec.kind != DYNAMIC


def _value(nodes: Nodes, node_id: str, spec: Input, value: Any) -> Iterator[Fault]:
    if isinstance(value, list):
        reason = f"{shown(value)} is neither a value nor a link"
        yield _fault(nodes, node_id, "value", spec.name, reason, f"write a list as {{{WRAPPER!r}: [...]}}")
        return
    problem = problem_of(value, spec) if spec.is_value else None
    if problem:
        is_model = spec.kind == COMBO and isinstance(value, str) and value.casefold().endswith(ENDINGS)
        yield _fault(nodes, node_id, "model" if is_model else "value", spec.name, *problem)


def _link(nodes: Nodes, place: Place, spec: Input | None) -> Iterator[Fault]:
    value = nodes.inputs(place.node_id)[place.name]
    origin, slot = str(value[0]), value[1]
    if origin not in nodes.graph:
        reason, fix = f"it is linked to node {shown(origin)[1:-1]}, which is not there", "link it anew"
        yield _fault(nodes, place.node_id, "link", place.name, reason, fix)
        return
    kinds = nodes.outputs(origin)
    if not nodes.is_known(origin):
        return
    if not 0 <= slot < len(kinds):
        reason = f"it is linked to output {slot} of {nodes.called(origin)}, which has {len(kinds)}"
        yield _fault(nodes, place.node_id, "link", place.name, reason, "link it anew")
    elif spec is not None and not _fits(kinds[slot], spec.kind):
        reason = f"it takes {spec.kind}, and {nodes.called(origin)} gives {kinds[slot]}"
        yield _fault(nodes, place.node_id, "link", place.name, reason, f"link a {spec.kind} to it")


def _fits(given: str, taken: str) -> bool:
    """Return whether an output fits an input: types may be lists with commas, and `*` is any."""
    if given in ANY or taken in ANY or V3 in given or V3 in taken:
        return True
    both = [{kind.strip().casefold() for kind in kinds.split(",")} for kinds in (given, taken)]
    return bool(both[0] & both[1]) or "*" in both[0] | both[1]


def _circle(nodes: Nodes, live: set[str]) -> Iterator[Fault]:
    """Find links that lead back to where they come from."""
    done: set[str] = set()
    for start in nodes.graph:
        if start not in live or start in done:
            continue
        path: dict[str, Iterator[str]] = {start: _before(nodes, start)}
        while path:
            here = next(reversed(path))
            before = next(path[here], None)
            if before is None:
                done.add(here)
                del path[here]
            elif before in path:
                ids = [*path][[*path].index(before) :]
                reason = f"links lead in a circle through the nodes {offer(ids)}"
                yield _fault(nodes, before, "link", "", reason, "take one of them out")
                return
            elif before not in done:
                path[before] = _before(nodes, before)


def _before(nodes: Nodes, node_id: str) -> Iterator[str]:
    links = (nodes.link(Place(node_id, name)) for name in nodes.inputs(node_id))
    return (link[0] for link in links if link)


def _fault(nodes: Nodes, node_id: str, kind: Kind, name: str, reason: str, fix: str) -> Fault:
    return Fault(kind, reason, fix, node_id, nodes.title(node_id), nodes.kind(node_id), name)
