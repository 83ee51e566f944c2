"""Puts a prompt's tags in order: quality, body, expression, clothing, pose, background."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..collector import uncollected
from ..families.catalog import as_family
from ..families.profiles import Family
from ..syntax import Tree, parse
from ..syntax.edits import Edit, apply_edits
from .changes import UNSAFE, Change, Changed
from .elements import LINE_ENDS
from .items import Item, items, runs
from .meaning import meaning
from .ordering import Key, Order, keys, order_for
from .splitting import split_groups


class _Piece(NamedTuple):
    """An item with its text and its place in the order."""

    item: Item
    text: str
    key: Key


@uncollected
def sort_tags(
    text: str,
    family: Family | str | None = None,
    *,
    dialect: str = "a1111",
    order: Sequence[str] | None = None,
    subgroups: bool = False,
    split: bool = True,
    tag_aware: bool = True,
) -> Changed:
    """Return a prompt with its tags in order; tags of one group keep their order.

    Effective weights stay. Nothing leaves its sub-prompt (AND), chunk (BREAK), comment's line, schedule or variant.
    Unknown tags stay behind their left neighbour; LoRA references come last. Where a region that has line ends is
    reordered, its groups get a line each. Negative prompts have the same order.

    Args:
        text: any prompt.
        family: its model family or that one's id; quality tags come last where that was taught so. None: the
            specification's order.
        dialect: one of `DIALECTS`.
        order: the tag groups in another order.
        subgroups: order the sub-groups too: people are counted first, then species, hair, eyes ...
        split: whether `(smile, red hair:1.2)` may become two groups of the same weight.
        tag_aware: whether tags like `;)` are kept whole.

    Raises:
        UnknownDialect: if there is no such dialect.
        UnknownFamily: if there is no such family.
        PromptError: if `order` names no tag group.
    """
    family = as_family(family)
    rules = order_for(family, order, subgroups)
    tree = parse(text, dialect, tag_aware)
    if family is not None and not family.takes_tags:
        return Changed(text, remarks=(f"{family.name} is asked in sentences, which have no tag order",))
    said = meaning(tree)
    for splits in (True, False) if split else (False,):
        result = _sorted(tree, rules, tag_aware, splits)
        if result.text == text or meaning(parse(result.text, dialect, tag_aware)) == said:
            return result
    return Changed(text, remarks=(UNSAFE,))


def _sorted(tree: Tree, order: Order, tag_aware: bool, split: bool) -> Changed:
    found = items(tree)
    first = split_groups(tree, found, order) if split else Changed(tree.text)
    if first.changes:
        tree = parse(first.text, tree.dialect, tag_aware)
        found = items(tree)
    edits: list[Edit] = []
    changes: list[Change] = []
    for run in runs(found):
        pieces = [
            _Piece(item, tree.text[item.start : item.end], key) for item, key in zip(run, keys(run, order), strict=True)
        ]
        wanted = sorted(pieces, key=lambda piece: piece.key)
        if wanted != pieces:
            edits += _edits(tree.text, pieces, wanted)
            changes += _moves(pieces, wanted)
    return Changed(apply_edits(tree.text, edits), (*first.changes, *changes)) if changes else Changed(tree.text)


def _edits(text: str, pieces: list[_Piece], wanted: list[_Piece]) -> Iterator[Edit]:
    between = [text[left.item.end : right.item.start] for left, right in pairwise(pieces)]
    breaks = [place for place, gap in enumerate(between) if _ends_line(gap)]
    apart = all(wanted[place + 1].item.reference for place in breaks)  # only references have lines of their own
    own = [
        between[place] for place in breaks if not pieces[place + 1].item.reference and not pieces[place].item.reference
    ]
    joins = between if apart else _lines(between, wanted, own)
    for place, (old, new) in enumerate(zip(pieces, wanted, strict=True)):
        if old.text != new.text:
            yield Edit(old.item.start, old.item.end, new.text)
        if place < len(joins) and joins[place] != between[place]:
            yield Edit(old.item.end, pieces[place + 1].item.start, joins[place])


def _lines(between: list[str], wanted: list[_Piece], own: list[str]) -> list[str]:
    """Return what stands between the items, so that each group has its lines.

    Lines end as the user's do: as those between tags (`own`), else as those at references, and with a comma.
    """
    line_end = own[0] if own else f",{next(filter(_ends_line, between)).lstrip(' ,')}"
    within = next((gap for gap in between if not _ends_line(gap)), line_end)
    return [within if left.key[0] == right.key[0] else line_end for left, right in pairwise(wanted)]


def _ends_line(between: str) -> bool:
    return not LINE_ENDS.isdisjoint(between)


def _moves(pieces: list[_Piece], wanted: list[_Piece]) -> Iterator[Change]:
    """Yield the moved items: the fewest that explain the new order."""
    old_places = {piece.item.start: place for place, piece in enumerate(pieces)}
    places = [old_places[piece.item.start] for piece in wanted]
    stayed = longest_rise(places)
    for at, place in enumerate(places):
        if place not in stayed:
            yield Change("moved", wanted[at].text, f"behind {wanted[at - 1].text}" if at else "to the front")


def longest_rise(numbers: Sequence[int]) -> set[int]:
    """Return the longest rising part of different numbers, in n log n steps."""
    ends: list[int] = []  # the smallest number that a rise of each length can end in
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(ends, number)
        before[number] = ends[at - 1] if at else None
        ends[at : at + 1] = [number]
    found: set[int] = set()
    current = ends[-1] if ends else None
    while current is not None:
        found.add(current)
        current = before[current]
    return found
