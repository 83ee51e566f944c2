"""The parts of a prompt that can be moved or removed: what stands between its separators.

Each group of the tree that is an element by itself is walked too, so that `(smile, red hair:1.2)` is one element and
holds two. Iterative and linear, whatever the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..syntax import Kind, Node, Tree

BORDERS = frozenset({Kind.AND, Kind.AND_WEIGHT, Kind.BREAK, Kind.COMMENT})
"""What nothing is moved across."""
CHOICES = frozenset({Kind.SCHEDULE, Kind.ALTERNATION, Kind.VARIANT})
"""Groups that stand for one of several texts: each is one thing, what it holds is left alone."""
ROOT = 0
LINE_ENDS = frozenset("\n\r")


class Element(NamedTuple):
    """`text[start:end]` between two separators, without the white space around it.

    Attributes:
        start: where it begins.
        end: where it ends.
        parent: the index of the group that it stands in.
        region: counts the borders before it in that group: elements of one region stand between the same borders.
        nodes: the indices of the nodes that it consists of, without those inside of these.
    """

    start: int
    end: int
    parent: int
    region: int
    nodes: tuple[int, ...]


def elements(tree: Tree) -> dict[int, list[Element]]:
    """Return the elements of the whole prompt (key 0) and of each group that is an element by itself."""
    found: dict[int, list[Element]] = {}
    waiting = [ROOT]
    while waiting:
        parent = waiting.pop()
        found[parent] = list(elements_in(tree, parent))
        waiting += [group for element in found[parent] if (group := sole_group(tree, element)) is not None]
    return found


def sole_group(tree: Tree, element: Element) -> int | None:
    """Return the index of the weighted group that an element consists of, or None where it is no single one."""
    index = element.nodes[0]
    return index if len(element.nodes) == 1 and tree.nodes[index].kind is Kind.ATTENTION else None


def sole_tag(tree: Tree, element: Element) -> Node | None:
    """Return the tag that an element consists of, or None where there is anything else in it."""
    node = tree.nodes[element.nodes[0]]
    return node if len(element.nodes) == 1 and node.kind is Kind.TAG else None


def subtree(tree: Tree, element: Element) -> Iterator[int]:
    """Go through the indices of an element's nodes and of all that these hold."""
    first, last = element.nodes[0], element.nodes[-1]
    yield from range(first, last)
    end = tree.nodes[last].end
    index = last
    while index < len(tree.nodes) and (index == last or tree.nodes[index].start < end):
        yield index
        index += 1


def elements_in(tree: Tree, parent: int = ROOT) -> Iterator[Element]:
    """Go through the elements that stand directly in the prompt (`ROOT`) or in a group."""
    edges = tree.nodes[parent].kind is not Kind.PROMPT
    region = 0
    run: list[int] = []
    for index in tree.children(parent):
        node = tree.nodes[index]
        border = node.kind in BORDERS or (edges and node.kind is Kind.EDGE)
        if border or node.kind is Kind.SEPARATOR:
            yield from _element(tree, parent, region, run)
            run = []
            region += border
        else:
            run.append(index)
    yield from _element(tree, parent, region, run)


def _element(tree: Tree, parent: int, region: int, run: Iterable[int]) -> Iterator[Element]:
    """Yield the element of a run of nodes, without the spaces at its ends, if anything is left."""
    indices = list(run)
    while indices and tree.nodes[indices[-1]].kind is Kind.SPACE:
        indices.pop()
    while indices and tree.nodes[indices[0]].kind is Kind.SPACE:
        indices.pop(0)
    if indices:
        yield Element(tree.nodes[indices[0]].start, tree.nodes[indices[-1]].end, parent, region, tuple(indices))
