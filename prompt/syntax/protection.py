r"""Finds the tags of a prompt that look like syntax (`:3`, `;)`, `re:zero`, `late[st]`), before any syntax is read."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from itertools import accumulate

from ..naming import spoken
from ..tags.lists import names_in_use
from ..tags.names import NameStore
from ..tags.vocabulary import vocabulary

WORD = re.compile(r"\b(?:AND|BREAK)\b")
WORD_OR_BAR = re.compile(rf"{WORD.pattern}|\|")
OPENERS, CLOSERS = "([{", ")]}"
WEIGHT_END = re.compile(r"\s*(?::\s*[+-]?[.\d]+|(?<=\))[.\d]+|\++|-+|::)$")
"""A weight behind a tag, in any dialect: `:1.2`, `)1.2`, `++`, `::`."""
WEIGHT_LAST = frozenset(".+-:")
"""What a weight ends with where it does not end with a digit."""
NOVELAI_NUMBER = re.compile(r"-?[.\d]+::")
SPACES = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
BEHIND = f"{CLOSERS}:+-.0123456789{SPACES}"
"""What a tag may be followed by in its piece of the text: what closes there, or a weight."""
MOST_TRIMS = 5
"""How many brackets around a tag are looked behind; more around one tag are not met."""
LONGEST_TAG = 200
"""Characters; the longest Danbooru names have about 170."""


class SyntaxTags:
    """The tags that hold characters which are syntax in some dialect."""

    def __init__(self, names: Iterable[str], more: Callable[[str], bool] | None = None) -> None:
        """Take their canonical names; `more` knows further ones, such as those of an imported list."""
        self._names = frozenset(names)
        self._begin_with_bar = [_folded(name)[1:-1] for name in self._names if name.startswith("|")]
        self._more = more
        self._beginnings: dict[str, frozenset[str]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether a canonical name is such a tag."""
        return name in self._names or (self._more is not None and self._more(name))

    def beginnings(self, characters: str) -> frozenset[str]:
        """Return what `beginning` may find where a tag stands that holds one of the characters; not first, if a bar."""
        if characters not in self._beginnings:
            active, pattern = one_of(characters), beginning(characters)
            names = [_folded(name)[:-1] for name in self._names if active.search(name)]
            found = [match for name in names if (match := pattern.match(name))]
            whole = [match[1] for match in found if match.end() == len(match.string)]
            followed = frozenset(name + behind for name in whole for behind in BEHIND)
            self._beginnings[characters] = (frozenset(match[1] for match in found) | followed) - {""}
        return self._beginnings[characters]

    def likely(self, folded: str, characters: str) -> list[int]:
        """Return the borders of a folded text behind which such a tag may begin, each by its number."""
        found = beginning(characters).findall(folded, 0, len(folded) - 1)  # nothing is behind the last comma
        if self._more is not None:
            return list(range(len(found)))
        known = self.beginnings(characters)
        if "|" in folded and any(name in folded for name in self._begin_with_bar):
            known |= {""}
        return [] if known.isdisjoint(found) else [index for index, key in enumerate(found) if key in known]


@cache
def one_of(characters: str) -> re.Pattern[str]:
    """Match one of the characters."""
    return re.compile(f"[{characters}]")


@cache
def beginning(characters: str) -> re.Pattern[str]:
    """Match each comma and bar of a folded text, and what stands behind it up to its first character of syntax.

    The group leaves out opening brackets and a number, and holds that character and the next one, if they are there.
    """
    others = characters.replace("|", "")
    number = f"(?:{NOVELAI_NUMBER.pattern})?"
    return re.compile(rf"[,|][(\[{{ \t]*{number}([^{characters},|]*[{others}]?[^,|]?)", re.DOTALL)


def syntax_tags() -> SyntaxTags:
    """Return those of Tagloom's own vocabulary, and of the lists of names that are in use."""
    return _syntax_tags(names_in_use())


@lru_cache(maxsize=1)
def _syntax_tags(lists: NameStore | None) -> SyntaxTags:
    names = [name.replace("_", " ") if " " in name else name for name in vocabulary().special]
    return SyntaxTags(names, (lambda name: lists.find(name) is not None) if lists else None)


def protected_tags(text: str, characters: str, tags: SyntaxTags) -> list[tuple[int, int]]:
    """Return the spans of the tags that hold a character which is syntax elsewhere.

    A tag is looked up where it stands alone between separators, with or without brackets and a weight around it.

    Args:
        text: the prompt.
        characters: the inside of a character class: what can be syntax in the prompt's dialect.
        tags: the tags to look for.
    """
    found: list[tuple[int, int]] = []
    if not one_of(characters).search(text):
        return found
    folded = _folded(text)
    borders = _likely_borders(text, folded, characters, tags)
    at = 0
    while at < len(borders):
        start, end = folded.rfind(",", 0, borders[at] + 1), folded.find(",", borders[at] + 1)
        first, at = at, bisect_left(borders, end, at)
        span = _tag_span(text, start, end - 1, characters, tags)
        found += [span] if span else _between_borders(text, start, end - 1, characters, tags, {*borders[first:at]})
    return found


def _folded(text: str) -> str:
    """Return a text with small letters, spaces for underscores and commas for all separators, between two commas."""
    small = text.lower()
    text = small if len(small) == len(text) else text.replace("İ", "I").lower()  # the one letter that becomes two
    for border in "\n\r，、":
        text = text.replace(border, ",")
    return f",{text.replace('_', ' ')},"


def _likely_borders(text: str, folded: str, characters: str, tags: SyntaxTags) -> list[int]:
    """Return where in a folded text the borders are behind which a tag may be, the words in capitals among them."""
    found = tags.likely(folded, characters)
    if found:
        lengths = list(accumulate(map(len, folded.replace("|", ",").split(","))))
        found = [lengths[index] + index for index in found]
    if "AND" in text or "BREAK" in text:
        found = sorted([*found, *(match.start() + 1 for match in WORD.finditer(text))])
    return found


def _between_borders(
    text: str, start: int, end: int, characters: str, tags: SyntaxTags, likely: set[int]
) -> list[tuple[int, int]]:
    """Return the tags between a piece's ANDs, BREAKs and bars, of which some are likely borders."""
    found: list[tuple[int, int]] = []
    behind_word = False
    for border in [*WORD_OR_BAR.finditer(text, start, end), None]:
        last = border.start() if border else end
        word = border is not None and border[0] != "|"
        if start in likely or ((word or behind_word) and tags.likely(_folded(text[start:last]), characters)[:1] == [0]):
            span = _tag_span(text, start, last, characters, tags)
            found += [span] if span else []
        start, behind_word = border.end() if border else end, word
    return found


def _tag_span(text: str, start: int, end: int, characters: str, tags: SyntaxTags) -> tuple[int, int] | None:
    active = one_of(characters)
    ends = _ends(text, start, end)
    for first in _starts(text, start, end):
        for last in ends:
            if last - first <= LONGEST_TAG:
                if not active.search(text, first, last):
                    break  # what is shorter has no such character either
                if spoken(text[first:last]) in tags:
                    return first, last
    return None


def _starts(text: str, start: int, end: int) -> list[int]:
    """Return where a tag may begin: at the piece's first letter, and behind each bracket or number that opens there."""
    starts: list[int] = []
    for _ in range(MOST_TRIMS):
        while start < end and text[start].isspace():
            start += 1
        starts.append(start)
        number = NOVELAI_NUMBER.match(text, start, end)
        if number:
            starts.append(number.end())
        if start == end or text[start] not in OPENERS:
            break
        start += 1
    return starts


def _ends(text: str, start: int, end: int) -> list[int]:
    """Return where a tag may end: at the piece's last letter, and before each weight and bracket that closes there."""
    ends: list[int] = []
    for _ in range(MOST_TRIMS):
        while end > start and text[end - 1].isspace():
            end -= 1
        ends.append(end)
        last = text[end - 1 : end]
        weight = WEIGHT_END.search(text, max(start, end - 24), end) if last in WEIGHT_LAST or last.isdecimal() else None
        if weight:
            end = weight.start()
            ends.append(end)
        if end == start or text[end - 1] not in CLOSERS:
            break
        end -= 1
    return ends
