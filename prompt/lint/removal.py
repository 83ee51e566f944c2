"""Takes a tag out of a prompt, with the brackets that held nothing else and one of the separators beside it."""

from __future__ import annotations

from bisect import bisect_left

from ..syntax import Kind
from ..syntax.edits import Edit
from ..syntax.tree import Node
from .prompt import Prompt

TEXT = frozenset({Kind.TAG, Kind.WILDCARD, Kind.ATTENTION, Kind.SCHEDULE, Kind.ALTERNATION, Kind.VARIANT})
"""Neighbours that would run together when what is between them is gone."""
BORDERS = frozenset({Kind.AND, Kind.BREAK, Kind.AND_WEIGHT, Kind.COMMENT, Kind.EMBEDDING})
NOTHING = frozenset({Kind.EDGE, Kind.SPACE})


def removal(prompt: Prompt, index: int) -> tuple[Edit, ...]:
    """Return the edit that takes a node out."""
    index = _outermost(prompt, index)
    node = prompt.tree.nodes[index]
    before, behind = _beside(prompt, index, -1), _beside(prompt, index, 1)
    if not any(side is not None and side.kind in TEXT for side in (before, behind)):
        if behind is not None and behind.kind is Kind.SEPARATOR and not _keeps_line(prompt, before, behind):
            return (Edit(node.start, behind.end, ""),)
        if before is not None and before.kind is Kind.SEPARATOR:
            glue = _glue(prompt, before.start, node.end) if behind is not None and behind.kind in BORDERS else ""
            return (Edit(before.start, node.end, glue),)
    return (Edit(node.start, node.end, _glue(prompt, node.start, node.end)),)


def _glue(prompt: Prompt, start: int, end: int) -> str:
    """Return the space that must stay where two texts would run together."""
    before, behind = prompt.text[max(start - 1, 0) : start], prompt.text[end : end + 1]
    return " " if before and behind and not before.isspace() and not behind.isspace() else ""


def _outermost(prompt: Prompt, index: int) -> int:
    """Return the outermost bracket that holds nothing but the node."""
    tree = prompt.tree
    parent = tree.nodes[index].parent
    while tree.nodes[parent].kind is Kind.ATTENTION:
        children = tree.children(parent)
        if len(children) > 6 or any(tree.nodes[child].kind not in NOTHING for child in children if child != index):
            break
        index, parent = parent, tree.nodes[parent].parent
    return index


def _beside(prompt: Prompt, index: int, step: int) -> Node | None:
    """Return a node's next sibling on one side, spaces passed over."""
    siblings = prompt.tree.children(prompt.parent(index))
    place = bisect_left(siblings, index) + step
    while 0 <= place < len(siblings):
        node = prompt.tree.nodes[siblings[place]]
        if node.kind is not Kind.SPACE:
            return node
        place += step
    return None


def _keeps_line(prompt: Prompt, before: Node | None, behind: Node) -> bool:
    """Return whether the separator behind is a line's end that must stay, as there is a comma before to go instead."""
    if before is None or before.kind is not Kind.SEPARATOR:
        return False
    return prompt.text[behind.start] in "\r\n" and prompt.text[before.start] not in "\r\n"
