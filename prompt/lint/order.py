"""The rule on the order of tags: quality, body, expression, clothing, pose, background."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from ..compose.sorting import sort_tags
from ..syntax.edits import Edit
from ..tags.vocabulary import GROUPS, OTHER
from .finding import Spot, Suggestion, listed
from .phrases import Phrase
from .prompt import Prompt, group_of

LONGEST = 20_000
"""Characters of a prompt that is sorted."""
LEAST_MOVED, SHARE = 3, 1 / 3
"""A prompt is out of order when so many tags, and this share of all, stand behind one of a later group."""


def order(prompt: Prompt) -> Iterator[Spot]:
    """Find prompts whose tags are not in the order that the specification gives; one finding for each part."""
    if prompt.negative or not prompt.takes_tags:
        return
    scopes: dict[int, list[tuple[int, Phrase]]] = {}
    for phrase in prompt.whole:
        group = group_of(phrase.name)
        if group != OTHER and not (group == "quality" and _quality_at_end(prompt)):
            scopes.setdefault(phrase.scope, []).append((GROUPS.index(group), phrase))
    edits: tuple[Edit, ...] | None = None
    for ranked in scopes.values():
        moved = out_of_order([rank for rank, _ in ranked])
        if len(moved) >= LEAST_MOVED and len(moved) >= SHARE * len(ranked):
            names = listed([prompt.source(ranked[place][1]) for place in moved])
            message = f"{names} would stand elsewhere in the usual order: {', '.join(GROUPS)}"
            edits = edits or _sorting(prompt)
            sorting = (Suggestion("sort the tags", edits),) if edits else ()
            yield Spot(ranked[moved[0]][1].start, ranked[moved[-1]][1].end, message, suggestions=sorting)


def _sorting(prompt: Prompt) -> tuple[Edit, ...] | None:
    """Return the edit that puts all tags in order, or None where that can't be done."""
    text = prompt.text
    if len(text) > LONGEST:
        return None
    tag_aware = prompt.setting.tag_aware
    wanted = sort_tags(text, prompt.family, dialect=prompt.dialect.id, tag_aware=tag_aware).text
    if wanted == text:
        return None
    same = _shared(text, wanted)
    behind = _shared(text[same:][::-1], wanted[same:][::-1])
    return (Edit(same, len(text) - behind, wanted[same : len(wanted) - behind]),)


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _quality_at_end(prompt: Prompt) -> bool:
    return prompt.family is not None and prompt.family.quality.place == "end"


def out_of_order(ranks: list[int]) -> list[int]:
    """Return the fewest places that must be moved so that the other ranks do not fall."""
    tails: list[int] = []
    last: list[int] = []
    before: list[int] = [-1] * len(ranks)
    for place, rank in enumerate(ranks):
        at = bisect_right(tails, rank)
        before[place] = last[at - 1] if at else -1
        tails[at : at + 1] = [rank]
        last[at : at + 1] = [place]
    kept: set[int] = set()
    place = last[-1] if last else -1
    while place >= 0:
        kept.add(place)
        place = before[place]
    return [place for place in range(len(ranks)) if place not in kept]
