"""What a graph is going to make, as far as it can be told before the run: pictures, their size, their steps. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from ...prompt.pictures.graph_values import CONSTANTS
from ...wallet import Picture
from ..graph.nodes import Nodes, Place

MOST = 10**6
"""Pictures of one job; what says more is no number to reckon with."""
PICTURED = ("IMAGE", "LATENT")
"""The types of outputs by which pictures come, in batches."""
REPEATED = ("RepeatLatentBatch", "RepeatImageBatch")
CUT = ("LatentFromBatch", "ImageFromBatch")
JOINED = ("LatentBatch", "ImageBatch")
"""Core nodes that make a batch longer by a factor, shorter, or of two."""
GRID, MATRIX = "TagloomImageGrid", "TagloomPromptMatrix"
"""Nodes of ours that lay all pictures side by side in one, and that let all behind them run once for each prompt."""
FILM = ("video", "animated", "webm", "gif")
"""What is in the names of output nodes that make one file of all pictures."""
PREVIEW = "preview"
"""What is in the names of output nodes whose pictures are saved only where there are no others."""


class Expected(NamedTuple):
    """What a job is going to make.

    Attributes:
        images: how many pictures.
        picture: what is known of each.
        is_least: whether there may be more: a number or a list is made in the run.
    """

    images: int = 1
    picture: Picture = Picture()
    is_least: bool = False


class _Flow(NamedTuple):
    """What comes out of a node: how often (of lists, once for each entry), and how many pictures each time."""

    times: int = 1
    each: int = 1
    is_least: bool = False


def expected(
    nodes: Nodes, family: str | None = None, prompts: Callable[[str], int | None] = lambda node_id: None
) -> Expected:
    """Return what a graph is going to make.

    Args:
        nodes: the graph; what Tagloom's nodes hand on is best put into it before.
        family: the model family's id, if it is known.
        prompts: gives the number of prompts that a Prompt Matrix node makes, by its id, or None.
    """
    ends = [(node_id, link[0]) for node_id in nodes.graph for link in _pictures_into(nodes, node_id)]
    kept = [end for end in ends if PREVIEW not in nodes.kind(end[0]).casefold()] or ends
    flows = _flows(nodes, [origin for _, origin in kept], prompts)
    images, is_least = 0, False
    for end, origin in kept:
        flow = flows[origin]
        images += flow.times * (1 if _is_film(nodes, end) else flow.each)
        is_least |= flow.is_least
    return Expected(min(images, MOST), _picture(nodes, list(flows), family), is_least)


def _pictures_into(nodes: Nodes, node_id: str) -> Iterator[tuple[str, int]]:
    """Yield where an output node gets pictures or a film from."""
    if not nodes.is_output(node_id):
        return
    for name in nodes.inputs(node_id):
        place = Place(node_id, name)
        spec, link = nodes.spec(place), nodes.link(place)
        if link is not None and spec is not None and {"IMAGE", "VIDEO"} & {*spec.kind.split(",")}:
            yield link


def _is_film(nodes: Nodes, node_id: str) -> bool:
    kind = nodes.kind(node_id).casefold()
    return any(word in kind for word in FILM)


def _flows(nodes: Nodes, ends: list[str], prompts: Callable[[str], int | None]) -> dict[str, _Flow]:
    """Return what comes out of each node before these, those in front first; graphs may be deep, or go in circles."""
    flows: dict[str, _Flow] = {}
    waiting, begun = list(ends), set[str]()
    while waiting:
        here = waiting[-1]
        links = [link for name in nodes.inputs(here) if (link := nodes.link(Place(here, name)))]
        new = [origin for origin, _ in links if origin not in begun]
        if here not in begun and new:
            begun.add(here)
            waiting.extend(new)
            continue
        begun.add(here)
        waiting.pop()
        if here not in flows:
            flows[here] = _flow(nodes, here, flows, prompts(here) if nodes.kind(here) == MATRIX else None)
    return flows


def _flow(nodes: Nodes, node_id: str, flows: Mapping[str, _Flow], listed: int | None) -> _Flow:
    """Return what comes out of a node, by what goes in."""
    kind, before = nodes.kind(node_id), _before(nodes, node_id, flows)
    is_least = any(flow.is_least for flow in _into(nodes, node_id, flows))
    if kind == GRID:
        return _Flow(is_least=False)
    times = max((flow.times for flow in _into(nodes, node_id, flows)), default=1)
    if kind == MATRIX:
        return _Flow(listed or 1, 1, listed is None)
    each, is_known = _batch(nodes, node_id, [flow.each for flow in before])
    lists = nodes.has_lists(node_id)
    return _Flow(min(times, MOST), max(0, min(each, MOST)), is_least or lists or not is_known)


def _into(nodes: Nodes, node_id: str, flows: Mapping[str, _Flow]) -> list[_Flow]:
    """Return what goes into a node by all its links."""
    links = (nodes.link(Place(node_id, name)) for name in nodes.inputs(node_id))
    return [flows[link[0]] for link in links if link and link[0] in flows]


def _before(nodes: Nodes, node_id: str, flows: Mapping[str, _Flow]) -> list[_Flow]:
    """Return what goes into a node by links that carry pictures, or may."""
    links = (nodes.link(Place(node_id, name)) for name in nodes.inputs(node_id))
    found = [link for link in links if link and link[0] in flows]
    return [flows[origin] for origin, slot in found if _kind_of(nodes, origin, slot) in (*PICTURED, "")]


def _kind_of(nodes: Nodes, node_id: str, slot: int) -> str:
    kinds = nodes.outputs(node_id)
    return kinds[slot] if 0 <= slot < len(kinds) else ""


def _batch(nodes: Nodes, node_id: str, before: list[int]) -> tuple[int, bool]:
    """Return how many pictures a node gives at once, and whether that is known."""
    kind, longest = nodes.kind(node_id), max(before, default=1)
    if kind in REPEATED:
        amount = _number(nodes, node_id, "amount")
        return longest * (amount or 1), amount is not None
    if kind in CUT:
        length = _number(nodes, node_id, "length")
        return min(longest, longest if length is None else length), length is not None
    if kind in JOINED:
        return sum(before), True
    if "batch_size" not in nodes.inputs(node_id):
        return longest, True
    size = _number(nodes, node_id, "batch_size")
    frames = _number(nodes, node_id, "length") if "video" in kind.casefold() else 1
    return (size or 1) * (frames or 1), size is not None


def _picture(nodes: Nodes, node_ids: list[str], family: str | None) -> Picture:
    """Return the most steps and the largest size that these nodes name."""
    steps = [found for node_id in node_ids if (found := _number(nodes, node_id, "steps"))]
    sizes = [size for node_id in node_ids if (size := _size(nodes, node_id))]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(None, None))
    return Picture(width, height, max(steps, default=None), family)


def _size(nodes: Nodes, node_id: str) -> tuple[int, int] | None:
    """Return the size that a node gives its pictures; other nodes have sizes that are not the picture's."""
    if not set(PICTURED) & set(nodes.outputs(node_id)):
        return None
    width, height = _number(nodes, node_id, "width"), _number(nodes, node_id, "height")
    return (width, height) if width and height else None


def _number(nodes: Nodes, node_id: str, name: str) -> int | None:
    """Return a whole number that an input has, or that a node of constants gives it."""
    link = nodes.link(Place(node_id, name))
    if link is not None and nodes.kind(link[0]) in CONSTANTS:
        node_id, name = link[0], "value"
    value = nodes.inputs(node_id).get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
