"""Writes a prompt with other texts for its tags: commas where they are needed, and nothing left of what is gone."""

from __future__ import annotations

from collections.abc import Mapping

from ..syntax import Kind, Node, Tree, canonical
from ..syntax.tree import GROUPS
from .wording import wording

GAPS = frozenset({Kind.SPACE, Kind.SEPARATOR})
SILENT = GAPS | {Kind.EDGE}
BORDERS = frozenset({Kind.AND, Kind.BREAK})
NAMED = frozenset({Kind.WILDCARD, Kind.EMBEDDING})
"""What stands for a tag."""


def replaced(tree: Tree, texts: Mapping[int, str]) -> str:
    """Return the prompt with `texts` for the tags at these indices; an empty one takes the brackets around it along."""
    gone = _gone(tree, texts)
    writer = _Writer(tree, texts)
    for index, node in enumerate(tree.nodes):
        if index in gone:
            writer.leave_out()
        elif node.kind in GAPS:
            writer.add_gap(node)
        elif node.kind not in GROUPS:
            writer.add(index, node)
    return writer.text()


def _gone(tree: Tree, texts: Mapping[int, str]) -> set[int]:
    """Return the indices of the tags without a text, and of the brackets that hold nothing else, with all in them."""
    gone: set[int] = set()
    emptied: set[int] = set()
    kept: set[int] = set()
    for index in range(len(tree.nodes) - 1, 0, -1):
        node = tree.nodes[index]
        hollow = node.kind is Kind.ATTENTION and index in emptied and index not in kept
        if hollow or texts.get(index) == "":
            gone.add(index)
            emptied.add(node.parent)
        elif node.kind not in SILENT:
            kept.add(node.parent)
    for index, node in enumerate(tree.nodes):
        if node.parent in gone:
            gone.add(index)
    return gone


class _Writer:
    """The prompt as far as it is written."""

    def __init__(self, tree: Tree, texts: Mapping[int, str]) -> None:
        self._tree = tree
        self._texts = texts
        self._written: list[tuple[Kind, str]] = []
        self._last: Node | None = None
        self._last_is_new = False
        self._left_out = False

    def leave_out(self) -> None:
        """Note that something is gone here, so that the comma beside it goes too."""
        self._left_out = True

    def add_gap(self, node: Node) -> None:
        """Write a comma or a space, unless what it stood behind is gone."""
        if self._left_out:
            if not self._written or self._written[-1][0] is Kind.SEPARATOR or self._opens():
                return
            self._drop(Kind.SPACE)
        self._written.append((node.kind, self._tree.source(node)))

    def add(self, index: int, node: Node) -> None:
        """Write anything else, with a comma before it where it would run into the tag before."""
        if self._left_out and (
            node.kind in BORDERS or (node.kind is Kind.EDGE and node.start > self._group(node).start)
        ):
            self._drop(*GAPS)
            if node.kind in BORDERS and self._written:
                self._written.append((Kind.SPACE, " "))
        elif self._needs_comma(index, node):
            self._drop(Kind.SPACE)
            self._written.append((Kind.SEPARATOR, ", "))
        self._written.append((node.kind, self._texts.get(index, self._tree.source(node))))
        self._last, self._left_out = node, False
        self._last_is_new = index in self._texts or (self._last_is_new and node.kind is Kind.EDGE)

    def text(self) -> str:
        """Return what is written, without the comma of something that is gone at the end."""
        if self._left_out:
            self._drop(*GAPS)
        return "".join(text for _, text in self._written)

    def _drop(self, *kinds: Kind) -> None:
        while self._written and self._written[-1][0] in kinds:
            self._written.pop()

    def _needs_comma(self, index: int, node: Node) -> bool:
        """Return whether something is no part of the tag before it, although no comma stands between them."""
        last = self._last
        if last is None or any(kind is Kind.SEPARATOR for kind, _ in self._written[-2:]):
            return False
        opens = node.kind is Kind.EDGE and node.start == self._group(node).start
        begins = opens or node.kind in NAMED or node.kind is Kind.LORA
        if last.kind is Kind.TAG:
            return node.kind is Kind.TAG or (begins and self._last_is_new)
        closed = last.kind is Kind.EDGE and last.end == self._group(last).end
        if closed and self._last_is_new and self._group(last).kind is Kind.ATTENTION:
            return begins or node.kind is Kind.TAG
        joins = index in self._texts and self._joins(node)
        return (closed or last.kind in NAMED) and (joins or (begins and self._left_out))

    def _joins(self, node: Node) -> bool:
        """Return whether a part begins with a word such as `in`, so that it is no noun that the one before is about."""
        return wording().joins(canonical(self._tree.source(node)).partition(" ")[0])

    def _opens(self) -> bool:
        last = self._last
        return last is not None and last.kind is Kind.EDGE and last.end < self._group(last).end

    def _group(self, edge: Node) -> Node:
        return self._tree.nodes[edge.parent]
