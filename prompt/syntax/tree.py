"""The lossless syntax tree of a prompt.

A tree is a flat tuple of nodes in the order in which they begin, each with the index of its parent, so that no depth
of nesting is too much. Its leaves lie side by side and cover the whole text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple


class Kind(str, Enum):
    """What a node is. Groups hold other nodes, leaves hold text."""

    PROMPT = "prompt"  # the root
    ATTENTION = "attention"  # (x), (x:1.2), [x], {x}, 1.5::x::, x++
    SCHEDULE = "schedule"  # [a:b:0.5]
    ALTERNATION = "alternation"  # [a|b]
    VARIANT = "variant"  # {a|b}
    TAG = "tag"
    SEPARATOR = "separator"  # a comma or a line's end, with the spaces behind it
    SPACE = "space"
    EDGE = "edge"  # syntax of the group around it: a bracket with its number, a colon, a bar
    AND = "AND"
    AND_WEIGHT = "AND weight"  # the `:1.2` at the end of an A1111 sub-prompt
    BREAK = "BREAK"
    LORA = "lora"  # <lora:name:0.8>
    EMBEDDING = "embedding"  # embedding:name
    WILDCARD = "wildcard"  # __name__
    COMMENT = "comment"


GROUPS = frozenset({Kind.PROMPT, Kind.ATTENTION, Kind.SCHEDULE, Kind.ALTERNATION, Kind.VARIANT})


class Node(NamedTuple):
    """A node: its kind, `text[start:end]`, its parent's index (-1 for the root), and more about it.

    Attributes:
        kind: what it is.
        start: where its text begins.
        end: where its text ends.
        parent: the index of the group around it.
        weight: the effective attention weight at its beginning, as the dialect computes it; AND weights are apart.
        value: a tag's canonical name, an attention group's or AND's number, a schedule's `when`, a wildcard's or
            reference's name, a variant's head (`2$$`); else None.
    """

    kind: Kind
    start: int
    end: int
    parent: int
    weight: float = 1.0
    value: float | str | None = None


class Tag(NamedTuple):
    """One tag: its canonical name, `text[start:end]` where it stands, and its attention weight."""

    name: str
    start: int
    end: int
    weight: float = 1.0


class Misreading(NamedTuple):
    """A tag that the dialect's own parser would read as syntax: `text[start:end]`."""

    start: int
    end: int
    name: str


class SubPrompt(NamedTuple):
    """What stands between two ANDs: `text[start:end]` without its weight, and that weight."""

    start: int
    end: int
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Tree:
    """A parsed prompt.

    Attributes:
        text: the prompt.
        dialect: the id of the dialect that it was read in.
        nodes: all nodes, the root first.
        kept: the tags that were kept whole although they hold syntax of the dialect, by their spans; none that stand
            in comments and references.
    """

    text: str
    dialect: str
    nodes: tuple[Node, ...]
    kept: tuple[tuple[int, int], ...] = ()

    def source(self, node: Node) -> str:
        """Return the text of a node."""
        return self.text[node.start : node.end]

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """The tags in their order, with their canonical names."""
        return tuple(
            Tag(str(name), start, end, weight) for kind, start, end, _, weight, name in self.nodes if kind is Kind.TAG
        )

    @cached_property
    def _children(self) -> list[list[int]]:
        children: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            if node.parent >= 0:
                children[node.parent].append(index)
        return children

    def children(self, index: int) -> list[int]:
        """Return the indices of a node's children."""
        return self._children[index]

    def leaves(self) -> Iterator[Node]:
        """Go through the nodes that hold text themselves; they cover it without gap or overlap."""
        return (node for node in self.nodes if node.kind not in GROUPS)

    def of_kind(self, *kinds: Kind) -> list[Node]:
        """Return the nodes of some kinds, in their order."""
        return [node for node in self.nodes if node.kind in kinds]

    def sub_prompts(self) -> list[SubPrompt]:
        """Return what AND stands between, with the weights at their ends; one without AND."""
        found: list[SubPrompt] = []
        start, weight, end = 0, 1.0, None
        for node in self.of_kind(Kind.AND, Kind.AND_WEIGHT):
            if node.kind is Kind.AND_WEIGHT:
                weight, end = float(node.value or 0), node.start
            else:
                found.append(SubPrompt(start, node.start if end is None else end, weight))
                start, weight, end = node.end, 1.0, None
        return [*found, SubPrompt(start, len(self.text) if end is None else end, weight)]


def render(tree: Tree) -> str:
    """Return the text of a tree, put together from its leaves."""
    return "".join(map(tree.source, tree.leaves()))
