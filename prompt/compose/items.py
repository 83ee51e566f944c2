"""The movable units of a prompt: what stands between commas and line ends, outside of all brackets.

Nothing is moved across AND, BREAK or a comment, which therefore stays on its line; these bound the regions. A group,
schedule, alternation or variant is one item with all that it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from ..syntax import Kind, Tree
from ..syntax.dialects import get_dialect
from ..tags.classify import Classified
from ..tags.vocabulary import OTHER
from .elements import BORDERS, Element, elements_in, subtree
from .grouping import classify

STRAY = {
    "a1111": re.compile(r"[()\[\]{}|]|:\s*[-+]?[.\d]+\Z"),
    "comfyui": re.compile(r"[(){}|]"),
    "novelai3": re.compile(r"[{}\[\]]"),
    "novelai4": re.compile(r"[{}\[\]]|::"),
    "compel": re.compile(r"[(){}|]|[+-]\Z"),
}
"""Matches syntax that stands in a tag as text: it may mean something else at another place, or to what is around."""
PARTNERS = {"(": ")", "[": "]", "{": "}"}


class Item(NamedTuple):
    """One movable unit: `text[start:end]`.

    Attributes:
        start: where it begins.
        end: where it ends.
        region: items of one region may change places.
        names: the canonical names of its tags, those inside of schedules and variants included.
        classified: the group and sub-group that it goes by; `other` where no tag of it is known.
        reference: whether it holds nothing but LoRA references.
        fixed: whether it must stay where it is, and nothing be moved across it: it holds a border, or brackets that
            reach out of it.
        element: the element of the tree that it is.
    """

    start: int
    end: int
    region: int
    names: tuple[str, ...]
    classified: Classified
    reference: bool
    fixed: bool
    element: Element


def items(tree: Tree) -> tuple[Item, ...]:
    """Return a prompt's items in their order."""
    return tuple(each_item(tree))


def each_item(tree: Tree) -> Iterator[Item]:
    """Go through a prompt's items, made one by one."""
    escapes, stray = get_dialect(tree.dialect).escapes, STRAY[tree.dialect]
    kept = frozenset(tree.kept)
    for element in elements_in(tree):
        nodes = list(subtree(tree, element))
        tags = [index for index in nodes if tree.nodes[index].kind is Kind.TAG]
        yield Item(
            element.start,
            element.end,
            element.region,
            tuple(str(tree.nodes[index].value) for index in tags),
            _classified(tree, element, tags),
            all(tree.nodes[index].kind in (Kind.LORA, Kind.SPACE) for index in element.nodes),
            _reaches_out(tree, element, nodes) or any(_is_stray(tree, i, kept, escapes, stray) for i in tags),
            element,
        )


def runs(found: Iterable[Item]) -> Iterator[list[Item]]:
    """Go through neighbours that may change places: of one region, with no fixed item between."""
    for (fixed, _), run in groupby(found, key=lambda item: (item.fixed, item.region)):
        if not fixed:
            yield list(run)


def _classified(tree: Tree, element: Element, tags: list[int]) -> Classified:
    """Return the group of the last of an item's own tags, where its head stands, else of the first known inside."""
    own = [index for index in element.nodes if tree.nodes[index].kind is Kind.TAG][-1:]
    for index in [*own, *tags]:
        found = classify(str(tree.nodes[index].value))
        if found.group != OTHER:
            return found
    return Classified(OTHER)


def _reaches_out(tree: Tree, element: Element, nodes: list[int]) -> bool:
    """Return whether a border stands in it, a bracket of it is closed elsewhere or never, or it ends in an escape."""
    last_edges = {tree.nodes[index].parent: index for index in nodes if tree.nodes[index].kind is Kind.EDGE}
    return (
        element.parent in last_edges
        or tree.text[element.end - 1] == "\\"
        or any(tree.nodes[index].kind in BORDERS for index in nodes)
        or any(tree.nodes[i].kind is Kind.ATTENTION and not _closed(tree, i, last_edges.get(i)) for i in nodes)
        or any(tree.nodes[i].kind is Kind.EDGE and _is_foreign(tree, i) for i in nodes)
    )


def _closed(tree: Tree, group: int, edge: int | None) -> bool:
    if edge is None:
        return False
    span, last = tree.nodes[group], tree.nodes[edge]
    partner = PARTNERS.get(tree.text[span.start], "")
    return last.end == span.end and last.start > span.start and partner in tree.source(last)


def _is_foreign(tree: Tree, edge: int) -> bool:
    """Return whether a bracket stands in a group that it is no part of: its other half is elsewhere, or nowhere."""
    node = tree.nodes[edge]
    group, text = tree.nodes[node.parent], tree.source(node)
    if group.kind is Kind.VARIANT:
        return text[0] not in "{|}"
    if group.kind is Kind.ATTENTION:
        return node.start != group.start and node.end != group.end
    return text[0] not in "[:|]" or text[-1] == ")"


def _is_stray(
    tree: Tree, index: int, kept: frozenset[tuple[int, int]], escapes: re.Pattern[str], stray: re.Pattern[str]
) -> bool:
    node = tree.nodes[index]
    text = tree.source(node)
    if not stray.search(text) or (node.start, node.end) in kept:
        return False
    return stray.search(escapes.sub("", text)) is not None
