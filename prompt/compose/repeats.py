"""Removes tags that a prompt has already: in another spelling, with another weight, or implied by another tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ..collector import uncollected
from ..syntax import Kind, Tree, parse
from ..syntax.edits import Edit, apply_edits
from ..tags.vocabulary import vocabulary
from .changes import UNSAFE, Change, Changed
from .elements import ROOT, Element, elements, sole_group, sole_tag
from .grouping import known_name
from .meaning import meaning, shown, spoken
from .removal import removals

Held = dict[int, list[Element]]


class _Tag(NamedTuple):
    """A tag that stands alone between separators.

    Attributes:
        name: its known name.
        weight: its effective weight.
        scope: the number of borders (AND, BREAK) before it.
        counted: that, or 0 where repeats count across borders.
        element: where it stands.
        unit: that, with the brackets that hold nothing else.
    """

    name: str
    weight: float
    scope: int
    counted: int
    element: Element
    unit: Element

    @property
    def strength(self) -> float:
        """How far its weight is from 0; NaN counts as nothing."""
        return abs(self.weight) if self.weight == self.weight else -1.0


class _Repeat(NamedTuple):
    """Tags of which one stays: whose text that is, whose place it takes, what goes, and why."""

    stays: _Tag
    place: _Tag
    gone: tuple[_Tag, ...]
    reason: str


@uncollected
def remove_repeats(
    text: str, *, dialect: str = "a1111", implied: bool = False, across: bool = False, tag_aware: bool = True
) -> Changed:
    """Return a prompt without repeated tags; underscores, case, escapes and aliases don't make a tag another one.

    The first place stays, with the strongest weight (the farthest from 0) as it is written there; where that stands in
    a group with other tags, it stays where it is. Tags in schedules, alternations and variants, and tags that share
    their place with other syntax, neither count nor go.

    Args:
        text: any prompt.
        dialect: one of `DIALECTS`.
        implied: remove also tags that a more special one implies (`animal ears` beside `cat ears`), if that is not
            weaker.
        across: count repeats across AND and BREAK too; a part between them is never left empty.
        tag_aware: whether tags like `;)` are kept whole.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    result = _pass(parse(text, dialect, tag_aware), across, tag_aware, _same)
    if not implied:
        return result
    second = _pass(parse(result.text, dialect, tag_aware), across, tag_aware, _implied)
    remarks = dict.fromkeys([*result.remarks, *second.remarks])
    return Changed(second.text, (*result.changes, *second.changes), tuple(remarks))


def _pass(tree: Tree, across: bool, tag_aware: bool, find: Callable[[list[_Tag]], Iterator[_Repeat]]) -> Changed:
    held = elements(tree)
    found = list(_tags(tree, held, across))
    repeats = list(find(found))
    if across:
        repeats = _without_emptying(repeats, _leaves(tree, held))
    if not repeats:
        return Changed(tree.text)
    edits = removals(tree, held, [tag.element for repeat in repeats for tag in repeat.gone])
    result = apply_edits(tree.text, [*edits, *_exchanges(tree.text, repeats)])
    if not _only_removed(tree, parse(result, tree.dialect, tag_aware), repeats, scoped=not across):
        return Changed(tree.text, remarks=(UNSAFE,))
    return Changed(result, tuple(change for repeat in repeats for change in _changes(tree.text, repeat)))


def _leaves(tree: Tree, held: Held) -> Iterator[tuple[int, Element]]:
    """Go through the elements that are no groups, in the prompt's order, each with the number of borders before it."""
    borders = [node.start for node in spoken(tree) if node.kind in (Kind.AND, Kind.BREAK)]
    scope = 0
    for element in sorted(element for part in held.values() for element in part):
        while scope < len(borders) and borders[scope] < element.start:
            scope += 1
        if sole_group(tree, element) is None:
            yield scope, element


def _tags(tree: Tree, held: Held, across: bool) -> Iterator[_Tag]:
    holders = {element.nodes[0]: element for part in held.values() for element in part}
    for scope, element in _leaves(tree, held):
        tag = sole_tag(tree, element)
        if tag is not None:
            unit = element
            while unit.parent != ROOT and len(held[unit.parent]) == 1:
                unit = holders[unit.parent]
            yield _Tag(known_name(str(tag.value)), tag.weight, scope, 0 if across else scope, element, unit)


def _same(found: list[_Tag]) -> Iterator[_Repeat]:
    by_name: dict[tuple[int, str], list[_Tag]] = defaultdict(list)
    for tag in found:
        by_name[tag.counted, tag.name].append(tag)
    for tags in by_name.values():
        if len(tags) > 1:
            stays = max(tags, key=lambda tag: tag.strength)
            place = tags[0] if _may_change_places(tags[0], stays) else stays
            yield _Repeat(stays, place, tuple(tag for tag in tags if tag is not place), "repeated")


def _may_change_places(first: _Tag, second: _Tag) -> bool:
    return first.unit.parent == second.unit.parent and first.scope == second.scope


def _implied(found: list[_Tag]) -> Iterator[_Repeat]:
    """Yield what a tag of the same scope implies that weighs at least as much."""
    names = vocabulary()
    strongest: dict[tuple[int, str], _Tag] = {}
    for tag in found:
        for name in names.implied(tag.name):
            known = strongest.get((tag.counted, name))
            if known is None or known.strength < tag.strength:
                strongest[tag.counted, name] = tag
    for tag in found:
        special = strongest.get((tag.counted, tag.name))
        if special is not None and special.strength >= tag.strength and special.name not in names.implied(tag.name):
            yield _Repeat(special, special, (tag,), f"implied by {special.name}")


def _without_emptying(repeats: list[_Repeat], leaves: Iterable[tuple[int, Element]]) -> list[_Repeat]:
    """Return the repeats whose removal leaves something between all borders."""
    left: dict[int, int] = defaultdict(int)
    for scope, _ in leaves:
        left[scope] += 1
    for repeat in repeats:
        for tag in repeat.gone:
            left[tag.scope] -= 1
    return [repeat for repeat in repeats if all(left[tag.scope] > 0 for tag in repeat.gone)]


def _exchanges(text: str, repeats: list[_Repeat]) -> Iterator[Edit]:
    """Yield the edits that write the strongest of each tag in the first one's place."""
    for repeat in repeats:
        if repeat.place is not repeat.stays:
            unit, source = repeat.place.unit, repeat.stays.unit
            yield Edit(unit.start, unit.end, text[source.start : source.end])


def _only_removed(before: Tree, after: Tree, repeats: list[_Repeat], scoped: bool) -> bool:
    """Return whether the prompt says what it said, but for the removed tags."""
    expected = meaning(before, scoped)
    for repeat in repeats:
        for tag in (repeat.place, *repeat.gone):
            if tag is not repeat.stays:
                expected[tag.scope * scoped, Kind.TAG.value, tag.name, shown(tag.weight)] -= 1
    return meaning(after, scoped) == expected


def _changes(text: str, repeat: _Repeat) -> Iterator[Change]:
    place, stays = repeat.place, repeat.stays
    for tag in repeat.gone:
        yield Change("removed", text[tag.unit.start : tag.unit.end], repeat.reason)
    if place is not stays:
        first = text[place.unit.start : place.unit.end]
        yield Change("weight", first, f"is now {text[stays.unit.start : stays.unit.end]}, the strongest of its repeats")
