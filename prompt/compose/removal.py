"""Takes elements out of a prompt, each with one of the separators beside it, and brackets that would stand empty."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..syntax import Tree
from ..syntax.edits import Edit
from .elements import BORDERS, LINE_ENDS, ROOT, Element


def removals(tree: Tree, all_elements: dict[int, list[Element]], gone: Collection[Element]) -> list[Edit]:
    """Return the edits that take `gone` out; `all_elements` is what `elements` returned for the tree."""
    taken = set(gone)
    holders = {element.nodes[0]: element for held in all_elements.values() for element in held}
    for parent in sorted(all_elements, reverse=True):  # inner groups come before those around them
        held = all_elements[parent]
        if parent != ROOT and held and all(element in taken for element in held) and not _has_border(tree, parent):
            taken.add(holders[parent])
    return [edit for parent, held in all_elements.items() for edit in _in_group(tree.text, parent, held, taken)]


def _has_border(tree: Tree, group: int) -> bool:
    return any(tree.nodes[index].kind in BORDERS for index in tree.children(group))


def _in_group(text: str, parent: int, held: list[Element], taken: set[Element]) -> Iterator[Edit]:
    place = 0
    while place < len(held):
        if held[place] not in taken:
            place += 1
            continue
        first = place
        while place < len(held) and held[place] in taken and held[place].region == held[first].region:
            place += 1
        yield _edit(text, held, first, place)


def _edit(text: str, held: list[Element], first: int, stop: int) -> Edit:
    """Return the edit for neighbours of one region; of the separators beside them, a line's end stays."""
    start, end = held[first].start, held[stop - 1].end
    region = held[first].region
    before = held[first - 1].end if first > 0 and held[first - 1].region == region else None
    behind = held[stop].start if stop < len(held) and held[stop].region == region else None
    if before is not None and (behind is None or _ends_line(text[end:behind]) > _ends_line(text[before:start])):
        return Edit(before, end, "")
    return Edit(start, end if behind is None else behind, "")


def _ends_line(between: str) -> bool:
    return not LINE_ENDS.isdisjoint(between)
