"""What a wildcard or variant can become."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import NamedTuple

from ..errors import ChoiceError, CyclicWildcard
from .draws import Odds
from .folders import Wildcard, WildcardFolders
from .names import key_of
from .results import Place, shortened
from .sites import Region, Site, Source, read_option, read_prompt


class Where(NamedTuple):
    """Where an expansion is: in the prompt or in a wildcard's option, and which wildcards led there."""

    source: Source
    place: Place | None = None
    chain: tuple[str, ...] = ()

    def written(self, site: Site) -> str:
        """Return how a site begins, as it is written."""
        return shortened(self.source.text[site.start : site.end])

    def position(self, site: Site) -> str:
        """Return in words where a site stands."""
        if self.place:
            return f"in {self.place.file}, line {self.place.line}"
        line = self.source.text.count("\n", 0, site.start) + 1
        return f"at character {site.start + 1}" + (f", in line {line}" if line > 1 else "")


class Candidate(NamedTuple):
    """An option: the stretch of text that it is, and for a wildcard's its place."""

    where: Where
    region: Region
    place: Place | None = None

    def text(self) -> str:
        """Return it as it is written."""
        return self.where.source.text[self.region.start : self.region.end]


class Pool(NamedTuple):
    """The options of a site: how often each is chosen, and what gives one by its index."""

    odds: Odds
    take: Callable[[int], Candidate]

    def size(self) -> int:
        """Return how many can be chosen."""
        return len(self.odds.possible)


class _Line(NamedTuple):
    text: str
    place: Place
    wildcard: str


class _Lines(NamedTuple):
    """All options that a wildcard's name stands for."""

    lines: list[_Line]
    odds: Odds


class Candidates:
    """Finds what sites can become: in one dialect, from some folders."""

    def __init__(self, folders: WildcardFolders, dialect: str, tag_aware: bool) -> None:
        """Take the folders, and how prompts and lines are read."""
        self._folders, self._dialect, self._tag_aware = folders, dialect, tag_aware
        self._lines: dict[str, _Lines] = {}
        self._sources: dict[str, Source] = {}  # for one expansion: which tags are kept may be otherwise at the next
        self._used: dict[str, Wildcard] = {}

    def prompt(self, text: str) -> Where:
        """Return the place where an expansion begins.

        Raises:
            UnknownDialect: if there is no such dialect.
        """
        return Where(read_prompt(text, self._dialect, self._tag_aware))

    def pool(self, site: Site, where: Where) -> Pool:
        """Return the options of a site.

        Raises:
            UnknownWildcard: if nothing has its name.
            WildcardFileError: if its file can't be read.
            ChoiceError: if none can be chosen.
        """
        name = site.name or site.lone_wildcard()
        if name is None:
            odds = Odds(site.weights)
            _check(odds, site, where)
            return Pool(odds, lambda index: Candidate(where, site.options[index]))
        found = self._lines.get(name)
        if found is None:
            found = self._lines[name] = self._found(name, site, where)
            _check(found.odds, site, where)
        lines = found.lines
        return Pool(found.odds, lambda index: self._candidate(lines[index], where))

    def _found(self, name: str, site: Site, where: Where) -> _Lines:
        wildcards = self._folders.find(name)
        if not wildcards:
            raise self._folders.unknown(name, where.position(site))
        lines: list[_Line] = []
        weights: list[float] = []
        for wildcard in wildcards:
            self._used[wildcard.name] = wildcard
            key, path = key_of(wildcard.name), str(wildcard.path)
            for option in wildcard.options():
                lines.append(_Line(option.text, Place(path, option.line), key))
                weights.append(option.weight)
        return _Lines(lines, Odds(weights))

    def _candidate(self, line: _Line, where: Where) -> Candidate:
        if line.wildcard in where.chain:
            raise CyclicWildcard((*where.chain[where.chain.index(line.wildcard) :], line.wildcard))
        source = self._sources.get(line.text)
        if source is None:
            source = self._sources[line.text] = read_option(line.text, self._dialect, self._tag_aware)
        return Candidate(Where(source, line.place, (*where.chain, line.wildcard)), source.region, line.place)

    def remarks(self) -> list[str]:
        """Return what should be known about the files that were used."""
        hidden = {wildcard: self._folders.hidden_by(wildcard) for wildcard in self._used.values()}
        found = [
            f"__{wildcard.name}__ is also in {', '.join(map(str, others))}; {wildcard.path} comes first"
            for wildcard, others in hidden.items()
            if others
        ]
        return [*found, *(f"left out: {fault}" for fault in self._folders.unreadable())] if hidden else []


def _check(odds: Odds, site: Site, where: Where) -> None:
    if not odds.possible or not isfinite(odds.total):
        what = "every option has the weight 0" if not odds.possible else "the weights are too large"
        raise ChoiceError(f"nothing can be chosen from {where.written(site)} ({where.position(site)}): {what}")
