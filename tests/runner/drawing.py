"""Draws small workflows in UI format, as the editor saves them, from a few words."""

from __future__ import annotations

import copy
from typing import Any

IDS = "11111111-2222-4333-8444-00000000000"
"""A subgraph's id, but for the last digit."""


def node(node_id: Any, kind: str, *values: Any, inputs: str = "", outputs: str = "", **more: Any) -> dict[str, Any]:
    """Return a node; slots are written `name:TYPE`, those of widgets `name:TYPE!`."""
    return {
        "id": node_id,
        "type": kind,
        "pos": [0, 0],
        "size": [200, 100],
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": [_slot(word) | {"link": None} for word in inputs.split()],
        "outputs": [_slot(word) | {"links": []} for word in outputs.split()],
        "properties": {},
        "widgets_values": list(values),
    } | more


def workflow(*nodes: dict[str, Any], links: str = "", subgraphs: tuple[dict[str, Any], ...] = (), **more: Any) -> Any:
    """Return a workflow of schema 0.4; a link is written `1.0>2.clip`: node, output, node, input."""
    drawn, made = _linked(nodes, links)
    document = {
        "last_node_id": 100,
        "last_link_id": 100,
        "nodes": drawn,
        "links": [list(link.values()) for link in made],
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    } | more
    return document | {"definitions": {"subgraphs": list(subgraphs)}} if subgraphs else document


def schema_1(*nodes: dict[str, Any], links: str = "") -> dict[str, Any]:
    """Return a workflow of schema 1, where links are objects."""
    drawn, made = _linked(nodes, links)
    state = {"lastGroupId": 0, "lastNodeId": 100, "lastLinkId": 100, "lastRerouteId": 0}
    return {"version": 1, "state": state, "nodes": drawn, "links": made, "groups": [], "extra": {}, "config": {}}


def subgraph(
    number: int, *nodes: dict[str, Any], links: str = "", inputs: str = "", outputs: str = ""
) -> dict[str, Any]:
    """Return a subgraph; `in.0>2.text` and `2.0>out.0` are links to its own slots."""
    drawn, made = _linked(nodes, links)
    taken = {"inputs": ("origin_id", "origin_slot", -10), "outputs": ("target_id", "target_slot", -20)}
    slots: dict[str, list[dict[str, Any]]] = {}
    for side, words in (("inputs", inputs), ("outputs", outputs)):
        end, place, border = taken[side]
        slots[side] = [
            _slot(word)
            | {
                "id": f"{IDS[:-1]}{len(side) % 7}{number}{at:02d}"[:36].ljust(36, "0"),
                "linkIds": [link["id"] for link in made if link[end] == border and link[place] == at],
            }
            for at, word in enumerate(words.split())
        ]
    return {
        "id": f"{IDS}{number}",
        "version": 1,
        "revision": 0,
        "state": {"lastGroupId": 0, "lastNodeId": 100, "lastLinkId": 100, "lastRerouteId": 0},
        "config": {},
        "name": f"Subgraph {number}",
        "inputNode": {"id": -10, "bounding": [0, 0, 100, 100]},
        "outputNode": {"id": -20, "bounding": [500, 0, 100, 100]},
        "widgets": [],
        "nodes": drawn,
        "groups": [],
        "links": made,
        "extra": {},
    } | slots


def instance(node_id: Any, number: int, *values: Any, inputs: str = "", outputs: str = "", **more: Any) -> Any:
    """Return a node that stands for a subgraph."""
    return node(node_id, f"{IDS}{number}", *values, inputs=inputs, outputs=outputs, **more)


def _slot(word: str) -> dict[str, Any]:
    name, kind = word.rstrip("!").split(":", 1)
    return {"name": name, "type": kind} | ({"widget": {"name": name}} if word.endswith("!") else {})


def _linked(nodes: tuple[dict[str, Any], ...], links: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return copies of the nodes with the links at both ends, and the links as objects."""
    drawn = copy.deepcopy(list(nodes))
    by_id = {str(each["id"]): each for each in drawn}
    made = []
    for number, word in enumerate(links.split(), 1):
        start, end = word.split(">")
        (origin, out), (target, into) = start.rsplit(".", 1), end.split(".", 1)
        kind = "*"
        if origin != "in":
            output = by_id[origin]["outputs"][int(out)]
            output["links"].append(number)
            kind = output["type"]
        place = int(into) if target == "out" else [slot["name"] for slot in by_id[target]["inputs"]].index(into)
        if target != "out":
            slot = by_id[target]["inputs"][place]
            slot["link"] = number
            kind = slot["type"] if kind == "*" else kind
        ends = (-10 if origin == "in" else by_id[origin]["id"], int(out))
        there = (-20 if target == "out" else by_id[target]["id"], place)
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
        made.append(dict(zip(keys, (number, *ends, *there, kind), strict=True)))
    return drawn, made
