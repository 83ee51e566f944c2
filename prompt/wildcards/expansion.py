"""Expands wildcards and variants: each becomes one of its options, or several of them, and the rest stays as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..errors import ExpansionTooLarge
from .balance import PAIRS, is_balanced
from .candidates import Candidate, Candidates, Where
from .deep import Deep, run
from .draws import Chooser, Seeded, key_below
from .folders import WildcardFolders
from .names import key_of
from .quantity import read_quantity
from .results import Choice, Expanded, Picked, shortened
from .sites import Region, Site, Source

MOST_CHARACTERS = 1_000_000
MOST_CHOICES = 20_000
"""How many options may be chosen in one prompt."""
Folders = WildcardFolders | Iterable[Path | str] | Path | str


def expand(
    text: str,
    seed: int,
    folders: Folders = (),
    dialect: str = "a1111",
    tag_aware: bool = True,
    most_characters: int = MOST_CHARACTERS,
) -> Expanded:
    """Return a prompt with its wildcards and variants replaced by options of theirs.

    The same text, seed and files give the same on every system. Each wildcard and variant draws by itself: changing
    one does not change what the others become. Between them, the text is kept letter by letter, and options are
    inserted as they are written: brackets in them count where they land.

    Args:
        text: any string.
        seed: any whole number.
        folders: where wildcards are looked up, the first folder first; or `WildcardFolders`, which read them once.
        dialect: one of `DIALECTS`; where braces weight, as in NovelAI's, `{a|b}` is no variant.
        tag_aware: keep tags such as `|_|` whole.
        most_characters: how long the result may be.

    Raises:
        UnknownDialect: if there is no such dialect.
        UnknownWildcard: if no folder has a wildcard.
        WildcardFileError: if a file can't be read.
        ChoiceError: if nothing can be chosen from a wildcard or variant.
        CyclicWildcard: if a wildcard leads back to itself.
        ExpansionTooLarge: if the result would be too long, or take too many choices.
    """
    known = folders if isinstance(folders, WildcardFolders) else WildcardFolders(folders)
    expansion = Expansion(Candidates(known, dialect, tag_aware), Seeded(seed), dialect, most_characters)
    return expansion.expanded(text, seed)


class Expansion:
    """One expansion: what is chosen, and how large it becomes."""

    def __init__(
        self, candidates: Candidates, chooser: Chooser, dialect: str, most_characters: int = MOST_CHARACTERS
    ) -> None:
        """Take what sites can become, what chooses, the dialect, and how long the result may be."""
        self._candidates, self._chooser, self._most = candidates, chooser, most_characters
        self._pairs = PAIRS.get(dialect, "")
        self._size = self._taken = 0
        self._choices: list[Choice] = []
        self._remarks: dict[str, None] = {}

    def expanded(self, text: str, seed: int | None = None) -> Expanded:
        """Return the expansion of a prompt."""
        where = self._candidates.prompt(text)
        self._remark_on_references(where.source)
        pieces: list[str] = run(self._region(where.source.region, where, b""))
        remarks = (*self._remarks, *self._candidates.remarks())
        return Expanded("".join(pieces), tuple(self._choices), seed, remarks, tuple(pieces[1::2]))

    def _region(self, region: Region, where: Where, key: bytes) -> Deep[list[str]]:
        """Expand a stretch of text: what is kept, and between that what sites became.

        The sites in it are numbered, each wildcard by itself, which gives them keys.
        """
        text, place = where.source.text, region.start
        pieces: list[str] = []
        met: Counter[str] = Counter()
        for site in region.sites:
            pieces.append(self._grown(text[place : site.start]))
            label = "{}" if site.name is None else key_of(site.name)
            pieces.append((yield self._site(site, where, key_below(key, f"{label} {met[label]}"))))
            met[label] += 1
            place = site.end
        pieces.append(self._grown(text[place : region.end]))
        return pieces

    def _site(self, site: Site, where: Where, key: bytes) -> Deep[str]:
        pool = self._candidates.pool(site, where)
        quantity = read_quantity(site.head)
        count = self._chooser.quantity(key, *quantity.clipped(pool.size()))
        self._take(max(1, count))
        chosen = [pool.take(index) for index in self._chooser.sample(key, pool.odds, count)]
        self._remark(quantity.remark(pool.size()), site, where)
        self._write_down(site, where, chosen)
        results: list[str] = []
        for number, candidate in enumerate(chosen):
            if candidate.region.sites:
                pieces: list[str] = yield self._region(candidate.region, candidate.where, key_below(key, str(number)))
                result = "".join(pieces)
            else:
                result = self._grown(candidate.text())
            results += [result] if result else []
        self._grown(quantity.joiner * (len(results) - 1))
        return quantity.joiner.join(results)

    def _grown(self, piece: str) -> str:
        self._size += len(piece)
        if self._size > self._most:
            raise ExpansionTooLarge(f"the expansion has more than {self._most:,} characters; use fewer options")
        return piece

    def _take(self, count: int) -> None:
        self._taken += count
        if self._taken > MOST_CHOICES:
            raise ExpansionTooLarge(f"the expansion takes more than {MOST_CHOICES:,} choices; use fewer wildcards")

    def _write_down(self, site: Site, where: Where, chosen: list[Candidate]) -> None:
        kind = "variant" if site.name is None else "wildcard"
        picked = tuple([Picked(candidate.text(), candidate.place) for candidate in chosen])
        self._choices.append(Choice(kind, where.written(site), site.start, site.end, where.place, picked))
        for candidate in chosen:
            if not is_balanced(candidate.where.source, candidate.region, self._pairs):
                option = shortened(candidate.text())
                self._remark(f"the brackets of `{option}` are not balanced; they act on what is around it", site, where)
            if candidate.place:
                self._remark_on_references(candidate.where.source)

    def _remark(self, what: str, site: Site, where: Where) -> None:
        if what:
            self._remarks[f"{where.written(site)} {where.position(site)}: {what}"] = None

    def _remark_on_references(self, source: Source) -> None:
        for reference in source.references:
            what = "is one reference: what is in it is not chosen; put the choice around it, as {<lora:a:1>|<lora:b:1>}"
            self._remarks[f"{shortened(reference)} {what}"] = None
