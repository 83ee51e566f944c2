"""A prompt's phrases: its tags, each with where it stands, and whether it stands alone between separators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..syntax import Kind, Tree
from ..syntax.tree import Node

CHOICES = frozenset({Kind.SCHEDULE, Kind.ALTERNATION, Kind.VARIANT})
"""Groups whose parts are read instead of one another."""
JOINING = frozenset({Kind.TAG, Kind.WILDCARD})
"""Leaves that make one phrase with a tag beside them."""
MOST_TAGS = 10_000
TRANSPARENT = frozenset({Kind.SPACE, Kind.PROMPT, Kind.ATTENTION})


class Phrase(NamedTuple):
    """A tag in a prompt.

    Attributes:
        name: its canonical name.
        start: where its text begins.
        end: where its text ends.
        weight: its effective attention weight.
        node: the index of its node.
        whole: whether it stands alone: `(long:1.2) hair` are two phrases, neither whole.
        scope: a number that is the same for phrases which are read together: not across AND, BREAK and choices.
    """

    name: str
    start: int
    end: int
    weight: float
    node: int
    whole: bool
    scope: int


def phrases_of(tree: Tree) -> tuple[Phrase, ...]:
    """Return a tree's first tags in their order."""
    tags = tree.tags[:MOST_TAGS]
    if not tags:
        return ()
    places = [index for index, node in enumerate(tree.nodes) if node.kind is Kind.TAG][: MOST_TAGS + 1]
    last = places[-1] if len(places) > MOST_TAGS else len(tree.nodes) - 1
    forward = _closed_before(tree, range(1, last + 1), backwards=False)
    backward = _closed_before(tree, range(last, 0, -1), backwards=True)
    scopes = _scopes(tree, last)
    return tuple(
        Phrase(*tag, place, place in forward and place in backward, scopes[place])
        for tag, place in zip(tags, places, strict=False)
    )


def _closed_before(tree: Tree, order: Iterable[int], backwards: bool) -> set[int]:
    """Return the tags that begin a phrase, when the nodes are walked in this order."""
    found: set[int] = set()
    closed = True
    around: dict[int, bool] = {}
    for index in order:
        node = tree.nodes[index]
        if node.kind in TRANSPARENT or node.kind in CHOICES:
            continue
        if node.kind is Kind.EDGE:
            parent = tree.nodes[node.parent]
            if parent.kind in CHOICES:
                closed = _at_edge(node, parent, around, closed, backwards)
            continue
        if node.kind is Kind.TAG and closed:
            found.add(index)
        closed = node.kind not in JOINING
    return found


def _at_edge(node: Node, parent: Node, around: dict[int, bool], closed: bool, backwards: bool) -> bool:
    """Return whether a choice's option (or what follows the choice) begins a phrase."""
    opening = node.start == parent.start
    closing = node.end == parent.end and not opening
    if closing if backwards else opening:
        around[node.parent] = closed
        return closed
    if opening if backwards else closing:
        return False  # what follows a choice belongs to its options: `[red|blue] hair`
    return around.get(node.parent, closed)


def _scopes(tree: Tree, last: int) -> dict[int, int]:
    """Return each tag's scope, up to a node."""
    scopes: dict[int, int] = {}
    current, newest = 0, 0
    outside: dict[int, int] = {}
    for index, node in enumerate(tree.nodes[: last + 1]):
        if node.kind is Kind.TAG:
            scopes[index] = current
        elif node.kind in (Kind.AND, Kind.BREAK):
            newest += 1
            current = newest
        elif node.kind is Kind.EDGE and tree.nodes[node.parent].kind in CHOICES:
            parent = tree.nodes[node.parent]
            if node.start == parent.start:
                outside[node.parent] = current
            if node.end == parent.end and node.start != parent.start:
                current = outside.get(node.parent, current)
            else:
                newest += 1
                current = newest
    return scopes
