"""All that a prompt with wildcards and variants can become: counted at once, made one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import perm

from .candidates import Candidates, Where
from .deep import Deep, run
from .draws import Scripted
from .expansion import Expansion, Folders
from .folders import WildcardFolders
from .quantity import read_quantity
from .results import Expanded
from .sites import Region, Site

MOST_COUNTED = 10**18
"""More combinations than these are not counted."""


@dataclass(frozen=True)
class Combinations:
    """All combinations of a prompt; iterating makes them, the last choice in the text changing fastest.

    Attributes:
        text: the prompt.
        count: how many there are; `MOST_COUNTED` means that many or more.
    """

    text: str
    count: int
    _candidates: Candidates = field(repr=False)
    _dialect: str = field(repr=False)

    def __iter__(self) -> Iterator[Expanded]:
        """Make the combinations one by one."""
        script: list[int] | None = []
        while script is not None:
            chooser = Scripted(script)
            yield Expansion(self._candidates, chooser, self._dialect).expanded(self.text)
            script = chooser.next_script()


def combinations(text: str, folders: Folders = (), dialect: str = "a1111", tag_aware: bool = True) -> Combinations:
    """Return all that `expand` can make of a prompt, whatever the seed.

    Options with the weight 0 are left out; `{2$$a|b}` gives both orders. Every wildcard that can be met is looked up.

    Raises:
        UnknownDialect, UnknownWildcard, WildcardFileError, ChoiceError, CyclicWildcard: as `expand`; iterating also
            raises ExpansionTooLarge.
    """
    known = folders if isinstance(folders, WildcardFolders) else WildcardFolders(folders)
    candidates = Candidates(known, dialect, tag_aware)
    where = candidates.prompt(text)
    count = run(_Counting(candidates).region(where.source.region, where))
    return Combinations(text, count, candidates, dialect)


class _Counting:
    """Counts the combinations of sites; a wildcard's are counted once."""

    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates
        self._counted: dict[str, list[int]] = {}

    def region(self, region: Region, where: Where) -> Deep[int]:
        """Count the combinations of a stretch of text."""
        count = 1
        for site in region.sites:
            count = min(count * (yield self._site(site, where)), MOST_COUNTED)
        return count

    def _site(self, site: Site, where: Where) -> Deep[int]:
        counts: list[int] = yield self._options(site, where)
        return arrangements(counts, *read_quantity(site.head).clipped(len(counts)))

    def _options(self, site: Site, where: Where) -> Deep[list[int]]:
        """Count the combinations of each option that can be chosen."""
        name = site.name or site.lone_wildcard()
        if name in self._counted:
            return self._counted[name]
        pool = self._candidates.pool(site, where)
        counts: list[int] = []
        for index in pool.odds.possible:
            candidate = pool.take(index)
            counts.append((yield self.region(candidate.region, candidate.where)) if candidate.region.sites else 1)
        if name is not None:
            self._counted[name] = counts
        return counts


def arrangements(counts: Sequence[int], low: int, high: int) -> int:
    """Return in how many ways from `low` to `high` options can be taken in some order; each has its own combinations.

    More than `MOST_COUNTED` are that many.
    """
    if high == low == 1:
        return min(sum(counts), MOST_COUNTED)
    if _many(len(counts), high):
        return MOST_COUNTED
    ways = [1] + [0] * high  # ways[size]: of choosing so many, whatever the order
    for count in counts:
        for size in range(high, 0, -1):
            ways[size] = min(ways[size] + ways[size - 1] * count, MOST_COUNTED)
    return min(sum(perm(size) * ways[size] for size in range(low, high + 1)), MOST_COUNTED)


def _many(options: int, taken: int) -> bool:
    """Whether there are more than `MOST_COUNTED` orders of so many options."""
    orders = 1
    for left in range(options, options - taken, -1):
        orders *= left
        if orders >= MOST_COUNTED:
            return True
    return False
