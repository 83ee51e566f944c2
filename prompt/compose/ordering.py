"""The order in which a prompt's parts are written: the specification's structure, as a model family wants it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..errors import PromptError
from ..families.profiles import Family
from ..syntax import canonical
from ..tags.vocabulary import GROUPS, OTHER
from .grouping import known_name, subgroup_rank
from .items import Item

Key = tuple[int, int, int]
LEADING = "body"
"""The group that an unknown tag at the very beginning is taken for: most likely it names a character."""


class Order(NamedTuple):
    """What comes first: the groups' places, and whether sub-groups have places too.

    Attributes:
        groups: each group's place.
        subgroups: whether a group is ordered by its sub-groups: people are counted first, then species, hair ...
        quality: the places of the family's own quality tags; Pony's score words have an order of their own.
    """

    groups: dict[str, int]
    subgroups: bool = False
    quality: dict[str, int] = {}  # noqa: RUF012 a NamedTuple's default, never changed


def order_for(family: Family | None = None, groups: Sequence[str] | None = None, subgroups: bool = False) -> Order:
    """Return the order of a family's prompts: quality first, or last where the family was taught so.

    Args:
        family: the model family; None has the specification's order.
        groups: the groups' order instead of that; groups that are left out come last.
        subgroups: whether sub-groups are ordered too.

    Raises:
        PromptError: for a name in `groups` that is no group.
    """
    wanted = tuple(groups) if groups is not None else _groups_of(family)
    for name in wanted:
        if name not in GROUPS:
            raise PromptError(f"no tag group {name!r}; there are {', '.join(GROUPS)}")
    places = {name: place for place, name in enumerate(dict.fromkeys([*wanted, *GROUPS]))}
    return Order(places, subgroups, _quality_places(family) if family else {})


def _groups_of(family: Family | None) -> tuple[str, ...]:
    if family is None or family.quality.place != "end":
        return GROUPS
    return (*(group for group in GROUPS if group != "quality"), "quality")


def _quality_places(family: Family) -> dict[str, int]:
    return {known_name(canonical(tag)): place for place, tag in enumerate(family.quality.levels["full"])}


def keys(items: Iterable[Item], order: Order) -> list[Key]:
    """Return the places of neighbouring items, to be sorted by.

    A tag that no group has stays behind its left neighbour, so that it does not jump; one without a left neighbour
    counts as the beginning of the body. LoRA references come last: they weight nothing, wherever they stand.
    """
    found: list[Key] = []
    last: Key = (order.groups[LEADING], -1, 0)
    for item in items:
        if item.reference:
            found.append((len(order.groups), 0, 0))
            continue
        if item.classified.group != OTHER:
            last = _key(item, order)
        found.append(last)
    return found


def _key(item: Item, order: Order) -> Key:
    group, subgroup = item.classified[:2]
    place = order.groups.get(group, len(order.groups))
    if not order.subgroups:
        return place, 0, 0
    own = order.quality.get(known_name(item.names[0]), len(order.quality)) if group == "quality" else 0
    return place, own, subgroup_rank(group, subgroup)
