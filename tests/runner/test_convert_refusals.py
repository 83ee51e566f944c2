"""What the conversion refuses, with the node and the reason; whatever it is given, it never breaks."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagloom.runner.errors import WorkflowError
from tagloom.runner.graph.convert import to_api
from tagloom.runner.graph.workflows import shipped

from . import class_cases, link_cases, subgraph_cases, widget_cases
from .drawing import IDS, instance, node, subgraph, workflow
from .widget_cases import LOADER, text

CASES = {**widget_cases.CASES, **link_cases.CASES, **subgraph_cases.CASES, **class_cases.CASES}
SECONDS = 20
"""That a hostile workflow may take on a slow machine."""


def refused(document: Any, schemas: Any) -> str:
    with pytest.raises(WorkflowError) as caught:
        to_api(document, schemas.get)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_all_missing_classes_are_named_at_once_with_their_packs(conversion_schemas):
    document = workflow(
        node(4, "FaceDetailer", properties={"cnr_id": "comfyui-impact-pack", "ver": "8.0"}),
        node(5, "FaceDetailer", properties={"cnr_id": "comfyui-impact-pack"}),
        node(6, "Other Node", properties={"aux_id": "someone/some-nodes"}),
        node(7, "Third"),
        node(8, "Muted", mode=2),
        LOADER,
    )
    told = refused(document, conversion_schemas)
    assert "3 node classes" in told
    assert "FaceDetailer (nodes 4, 5, from comfyui-impact-pack)" in told
    assert "Other Node (node 6, from someone/some-nodes)" in told
    assert "Third (node 7)" in told
    assert "Muted" not in told


def test_a_missing_class_inside_a_subgraph_has_its_whole_id(conversion_schemas):
    inner = subgraph(1, node(3, "NoSuchNode"))
    told = refused(workflow(instance(5, 1), subgraphs=(inner,)), conversion_schemas)
    assert "NoSuchNode (node 5:3)" in told


def looped() -> Any:
    reroutes = (link_cases.reroute(5), link_cases.reroute(6))
    return workflow(*reroutes, text("a"), links="5.0>6. 6.0>5. 6.0>2.clip")


def containing_itself() -> Any:
    return workflow(instance(5, 1), subgraphs=(subgraph(1, instance(4, 2)), subgraph(2, instance(4, 1))))


def billions() -> Any:
    """Ten levels of ten instances each."""
    layers = [subgraph(at, *[instance(number, at + 1) for number in range(10)]) for at in range(9)]
    last = subgraph(9, *[node(number, "CLIPTextEncode", "a") for number in range(10)])
    return workflow(instance(5, 0), subgraphs=(*layers, last))


def edited(change: Any, *path: Any) -> Any:
    """Return a small workflow in which something is replaced."""
    document = workflow(LOADER, text("a"), links="1.1>2.clip")
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = change
    return document


REFUSALS = {
    "group nodes": (workflow(node(5, "workflow>My group")), ["node 5", "group node", "subgraph"]),
    "group nodes of old": (workflow(node(5, "workflow/My group")), ["node 5", "group node"]),
    "broadcasts": (workflow(node(5, "Anything Everywhere3")), ["node 5", "in no file"]),
    "a getter without its setter": (
        workflow(node(6, "GetNode", "model", outputs="C:CLIP"), text("a"), links="6.0>2.clip"),
        ["node 6", "'model'", "SetNode"],
    ),
    "3D views": (workflow(node(5, "Load3D", "", "", "", "", "", 512, 512)), ["node 5 (Load 3D)", "3D view"]),
    "links in a circle": (looped(), ["circle"]),
    "a subgraph in itself": (containing_itself(), ["contains itself"]),
    "far too many nodes": (billions(), ["more than 20000 nodes"]),
    "a link that is not there": (edited(77, "nodes", 1, "inputs", 0, "link"), ["node 2", "'clip'", "77"]),
    "a node that is not there": (edited([1, 55, 1, 2, 0, "CLIP"], "links", 0), ["node 2", "node 55"]),
    "two nodes of one id": (edited(1, "nodes", 1, "id"), ["two nodes", "1"]),
    "an id that is none": (edited({}, "nodes", 1, "id"), ["id"]),
    "a list as type": (edited(["a"], "nodes", 1, "type"), ["node 2", "type"]),
    "values that are a text": (edited("a", "nodes", 1, "widgets_values"), ["node 2", "values"]),
    "a mode that is a text": (edited("x", "nodes", 1, "mode"), ["node 2", "mode"]),
    "a link that is too short": (edited([1, 2], "links", 0), ["link", "2 parts"]),
    "nodes that are an object": (edited({}, "nodes"), ["nodes", "list"]),
    "a broken list of shown widgets": (
        workflow(
            subgraph_cases.join(5, "+", properties={"proxyWidgets": [["-1"]]}), subgraphs=(subgraph_cases.JOINING,)
        ),
        ["node 5", "shows"],
    ),
    "an unknown subgraph": (workflow(node(5, f"{IDS}7")), [IDS, "node 5"]),
    "choices in choices without end": (workflow(text("{" * 5000)), ["braces"]),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_refused_with_the_node_and_the_reason(conversion_schemas, name):
    document, words = REFUSALS[name]
    started = time.monotonic()
    told = refused(document, conversion_schemas)
    assert [word for word in words if word not in told] == []
    assert time.monotonic() - started < SECONDS


def test_a_choice_that_the_server_does_not_offer():
    """The server would drop the node's inputs without a word."""
    options = [{"key": "a", "inputs": {}}, {"key": "b", "inputs": {}}]
    schema = {"input": {"required": {"how": ["COMFY_DYNAMICCOMBO_V3", {"options": options}]}}}
    told = refused(workflow(node(3, "Dynamic", "c")), {"Dynamic": schema})
    assert "node 3" in told and "'c'" in told and "a, b" in told


@pytest.mark.parametrize("document", [None, [], "x", 5, {"nodes": [None]}, {"nodes": 5}, {"nodes": [], "links": [5]}])
def test_what_is_no_workflow_is_refused(document):
    assert refused(document, {})


@pytest.mark.parametrize("document", [{}, {"nodes": None}, {"nodes": []}, {"nodes": [], "definitions": None}])
def test_an_empty_workflow_is_an_empty_graph(document):
    assert to_api(document, {}.get) == {}


def test_deep_nesting_is_refused():
    deep: Any = {"nodes": []}
    for _ in range(3000):
        deep = {"nodes": [], "id": "a", "definitions": {"subgraphs": [deep]}}
    assert "deeply" in refused(deep, {})


DOCUMENTS = [document for document, _ in CASES.values()] + [shipped("Tags to Image"), shipped("Inpaint")]
NUMBERS = (True, -1, 0, 1, 2, 4, -10, -20, 1.5, float("nan"), 10**30, 10**400, 1e300, -1e-300)
TEXTS = ("", "1", "-10", "*", "a.b", "{a|", "%a.b%", "x" * 300)
PARTS = (None, [], {}, [1, 2, 0, 1, 0, "*"], [[]], {"name": "text"}, {"link": 1}, ["-1", "text"])
JUNK = st.sampled_from((*NUMBERS, *TEXTS, *PARTS))


def places_in(document: Any) -> list[tuple[Any, Any]]:
    """Return every place in a document that can be changed: what holds it, and its key."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys if isinstance(holder[key], (dict, list))]
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_workflow_is_converted_or_refused(conversion_schemas, data):
    """One to four places of a workflow are replaced by junk, taken out, or swapped for another part of it."""
    document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 4))):
        places = places_in(document)
        if not places:
            break
        holder, key = places[data.draw(st.integers(0, len(places) - 1))]
        other, place = places[data.draw(st.integers(0, len(places) - 1))]
        what = data.draw(st.integers(0, 2))
        if what == 0:
            holder[key] = copy.deepcopy(data.draw(JUNK))
        elif what == 1:
            holder[key] = copy.deepcopy(other[place])
        else:
            del holder[key]
    converted(document, conversion_schemas | class_cases.SCHEMAS)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_schema_is_no_trouble_either(conversion_schemas, data):
    """A server's answer may be anything."""
    document, _ = data.draw(st.sampled_from(list(CASES.values())))
    damaged = ("KSampler", "LoadImage", "CLIPTextEncode", "EmptyLatentImage")
    schemas = copy.deepcopy({name: conversion_schemas[name] for name in damaged} | class_cases.SCHEMAS)
    for _ in range(3):
        places = places_in(schemas)
        holder, key = places[data.draw(st.integers(0, len(places) - 1))]
        holder[key] = copy.deepcopy(data.draw(JUNK))
    found = {key: schema for key, schema in schemas.items() if isinstance(schema, dict)}
    converted(document, conversion_schemas | found)


def converted(document: Any, schemas: Any) -> None:
    try:
        graph = to_api(document, schemas.get)
    except WorkflowError as error:
        assert str(error)
    else:
        for entry in graph.values():
            for value in entry["inputs"].values():
                assert not isinstance(value, list) or value[0] in graph
