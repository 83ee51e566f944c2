"""What a prompt asks for, so that nothing is added that it has already or speaks against."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..syntax import Tag, Tree, canonical
from ..syntax.dialects import get_dialect
from ..syntax.tree import SubPrompt
from ..tags.vocabulary import vocabulary
from .grouping import in_quality, known_name

LOW_SCORE = re.compile(r"score_[0-6]")
"""Marks of poor pictures; `score_6_up` and the like are Pony's marks of good ones."""
YEAR = re.compile(r"year (\d{4})")
NEWEST_YEAR = 2021
"""From this year on pictures are `newest` (NoobAI-XL's and Animagine XL 3.1's model cards)."""
BRACES = "{}[] "
COLON_WEIGHT = re.compile(r"\A(?:\d+(?:\.\d*)?|\.\d+)::")
"""Not a negative one: what that weights is not wanted."""
SAFE = frozenset({"safe", "general", "rating_safe", "rating:safe", "rating:general", "rating safe", "sfw"})
UNSAFE = frozenset(
    {"nsfw", "explicit", "questionable", "sensitive", "rating_explicit", "rating_questionable", "rating:explicit"}
    | {"rating:questionable", "rating:sensitive", "rating explicit", "rating questionable", "uncensored"}
)
"""Words for a picture's rating: one of the two rules the other out."""


class Wishes(NamedTuple):
    """What a prompt asks for.

    Attributes:
        named: the known names of all its tags, in their order, whatever their weight.
        wanted: those with a positive weight, in a sub-prompt of positive weight.
    """

    named: tuple[str, ...]
    wanted: tuple[str, ...]

    def low_quality(self) -> str | None:
        """Return the first wish for low quality, or None."""
        return next((name for name in self.wanted if in_quality(name, "bad") or LOW_SCORE.fullmatch(name)), None)

    def implied(self) -> dict[str, str]:
        """Return what the wishes imply, each with the wish."""
        names = vocabulary()
        return {implied: name for name in reversed(self.wanted) for implied in names.implied(name)}


def wishes(tree: Tree) -> Wishes:
    """Return what a prompt asks for."""
    named = [name for tag in tree.tags for name in _names(tag)]
    wanted = [name for tag in _wanted_tags(tree) for name in _names(tag)]
    return Wishes(tuple(dict.fromkeys(named)), tuple(dict.fromkeys(wanted)))


def _names(tag: Tag) -> Iterator[str]:
    """Yield a tag's known name, and that of what NovelAI weights in it, such as `{{masterpiece}}` and `1.5::smile::`.

    Where such syntax is text, the tag in it is encoded all the same.
    """
    yield known_name(tag.name)
    inner = COLON_WEIGHT.sub("", tag.name.strip(BRACES)).removesuffix("::").strip(BRACES)
    if inner and inner != tag.name and vocabulary().find(tag.name) is None:
        yield known_name(inner)


def opposed(tag: str, wanted: Iterable[str]) -> str | None:
    """Return the wish that speaks against a quality tag: another period, another rating, or a tag that rules it out."""
    name = known_name(canonical(tag))
    conflicts = vocabulary().conflicts(name)
    for own in wanted:
        if own != name and (own in conflicts or _other_period(name, own) or _other_rating(name, own)):
            return own
    return None


def _wanted_tags(tree: Tree) -> Iterator[Tag]:
    parts = tree.sub_prompts() if get_dialect(tree.dialect).a1111 else [SubPrompt(0, len(tree.text))]
    starts = [part.start for part in parts]
    for tag in tree.tags:
        if tag.weight > 0 and parts[bisect_right(starts, tag.start) - 1].weight > 0:
            yield tag


def _other_period(first: str, second: str) -> bool:
    periods = (_period(first), _period(second))
    return None not in periods and periods[0] != periods[1]


def _period(name: str) -> str | None:
    year = YEAR.fullmatch(name)
    if year:
        return "newest" if int(year[1]) >= NEWEST_YEAR else name
    return name if in_quality(name, "period") else None


def _other_rating(first: str, second: str) -> bool:
    return (first in SAFE and second in UNSAFE) or (first in UNSAFE and second in SAFE)
