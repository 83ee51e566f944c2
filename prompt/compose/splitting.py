"""Splits a weighted group whose tags belong to several tag groups into groups of the same weight."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..syntax import Tree
from ..syntax.edits import Edit, apply_edits
from ..tags.vocabulary import OTHER
from .changes import Change, Changed
from .elements import ROOT, Element, elements, sole_group, sole_tag, subtree
from .grouping import classify
from .items import Item, runs
from .ordering import Order
from .removal import removals

LONGEST_GROUP = 20_000
"""Characters; a longer group is left whole."""


class _Group(NamedTuple):
    """A weighted item, the elements of it and of the groups in it by the node they stand in, and its tags' places."""

    item: Item
    inside: dict[int, list[Element]]
    tags: list[tuple[Element, int]]

    def in_order(self) -> bool:
        """Return whether its tags stand in order."""
        places = [place for _, place in self.tags]
        return places == sorted(places)


def split_groups(tree: Tree, found: Sequence[Item], order: Order) -> Changed:
    """Return the prompt with its groups split where tags of other items belong between theirs.

    The parts stand side by side, in the order of their first tags; nested groups keep their brackets. A group is left
    whole if anything but tags and groups stands in it. `found` are the prompt's items.
    """
    held = elements(tree)
    edits: list[Edit] = []
    changes: list[Change] = []
    for run in runs(found):
        for group in _to_split([_group(tree, held, item, order) for item in run], order):
            parts = list(_parts(tree, group))
            edits.append(Edit(group.item.start, group.item.end, ", ".join(parts)))
            changes.append(Change("split", tree.text[group.item.start : group.item.end], f"into {' and '.join(parts)}"))
    return Changed(apply_edits(tree.text, edits), tuple(changes))


def _to_split(run: list[_Group], order: Order) -> Iterator[_Group]:
    last = {place: at for at, group in enumerate(run) for _, place in group.tags}
    holders = Counter(place for group in run for place in {place for _, place in group.tags})
    for at, group in enumerate(run):
        places = {place for _, place in group.tags}
        if len(places) > 1:
            first, end = min(places), max(places)
            is_between = any(first < place < end and holders[place] > (place in places) for place in holders)
            if order.subgroups or not group.in_order() or is_between or last[first] > at:
                yield group


def _group(tree: Tree, held: dict[int, list[Element]], item: Item, order: Order) -> _Group:
    """Return an item with the places of its tags; one that is no group of tags has but one place."""
    single = [(item.element, order.groups[item.classified.group])] if item.classified.group != OTHER else []
    if sole_group(tree, item.element) is None or item.end - item.start > LONGEST_GROUP:
        return _Group(item, {}, single)
    inside = {index: held[index] for index in subtree(tree, item.element) if index in held}
    leaves = [element for part in inside.values() for element in part if sole_group(tree, element) is None]
    if any(sole_tag(tree, element) is None for element in leaves):
        return _Group(item, {}, single)
    return _Group(item, inside, _placed(tree, sorted(leaves, key=lambda element: element.start), order))


def _placed(tree: Tree, leaves: list[Element], order: Order) -> list[tuple[Element, int]]:
    """Return the tags with their groups' places; an unknown one has its left neighbour's, or else the first known."""
    groups = [classify(str(tree.nodes[element.nodes[0]].value)).group for element in leaves]
    last = next((order.groups[group] for group in groups if group != OTHER), None)
    found: list[tuple[Element, int]] = []
    for element, group in zip(leaves, groups, strict=True):
        last = order.groups[group] if group != OTHER else last
        if last is not None:
            found.append((element, last))
    return found


def _parts(tree: Tree, group: _Group) -> Iterator[str]:
    """Yield the group's text once for each place, without the tags of other places."""
    start, end = group.item.start, group.item.end
    by_place: dict[int, list[Element]] = defaultdict(list)
    for element, place in group.tags:
        by_place[place].append(element)
    for place in by_place:
        others = [element for element, other in group.tags if other != place]
        edits = removals(tree, {ROOT: [group.item.element], **group.inside}, others)
        yield apply_edits(tree.text[start:end], [Edit(edit.start - start, edit.end - start, "") for edit in edits])
