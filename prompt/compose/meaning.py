"""What a prompt says, apart from the order of its tags: by this every change is checked before it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from ..syntax import Kind, Node, Tree
from .elements import CHOICES
from .grouping import known_name

Meaning: TypeAlias = Counter[tuple[int, str, str, str]]
"""How often each thing stands in each scope: (scope, its kind, its name or text, its effective weight)."""
Said: TypeAlias = tuple[str, str, str]
SILENT = frozenset({Kind.PROMPT, Kind.ATTENTION, Kind.SEPARATOR, Kind.SPACE, Kind.EDGE})
BORDERS = frozenset({Kind.AND, Kind.BREAK})


def meaning(tree: Tree, scoped: bool = True) -> Meaning:
    """Return what a prompt says; a schedule, alternation or variant counts as one thing with all it holds.

    Args:
        tree: the prompt.
        scoped: whether it counts between which AND and BREAK something stands.
    """
    found: Meaning = Counter()
    scope = 0
    for node in spoken(tree):
        scope += scoped and node.kind in BORDERS
        key = (scope, *said(tree, node))
        found[key] += 1
    return found


def sequence(tree: Tree) -> list[Said]:
    """Return what a prompt says, in its order."""
    return [said(tree, node) for node in spoken(tree)]


def said(tree: Tree, node: Node) -> Said:
    """Return a node's kind, its name or text, and its effective weight."""
    return node.kind.value, _what(tree, node), shown(node.weight)


def spoken(tree: Tree) -> Iterator[Node]:
    """Go through the nodes that say something, without those inside schedules, alternations and variants."""
    end = 0
    for node in tree.nodes:
        if node.start < end or node.kind in SILENT:
            continue
        if node.kind in CHOICES:
            end = node.end
        yield node


def shown(weight: float) -> str:
    """Return a weight as text, rounded so far that the order of multiplication does not count; NaN equals NaN."""
    return "1" if weight == 1 else f"{weight:.9g}"


def _what(tree: Tree, node: Node) -> str:
    if node.kind is Kind.TAG:
        return known_name(str(node.value))
    return "" if node.kind in BORDERS else tree.source(node).strip()
