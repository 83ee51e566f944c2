r"""Finds the tags of a prompt that look like syntax (`:3`, `;)`, `re:zero`, `late[st]`), before any syntax is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from ..naming import spoken
from ..tags.lists import names_in_use
from ..tags.names import NameStore
from ..tags.vocabulary import vocabulary

WORD_BORDER = re.compile(r"\b(?:AND|BREAK)\b|\|")
BORDER_LETTERS = re.compile(r"AND|BREAK|\|")  # finds them quickly, and others too
OPENERS, CLOSERS = "([{", ")]}"
WEIGHT_END = re.compile(r"\s*(?::\s*[+-]?[.\d]+|(?<=\))[.\d]+|\++|-+|::)$")
"""A weight behind a tag, in any dialect: `:1.2`, `)1.2`, `++`, `::`."""
NOVELAI_NUMBER = r"-?[.\d]+::"
MOST_TRIMS = 5
"""How many brackets around a tag are looked behind; more around one tag are not met."""
LONGEST_TAG = 200
"""Characters; the longest Danbooru names have about 170."""


class SyntaxTags:
    """The tags that hold characters which are syntax in some dialect."""

    def __init__(self, names: Iterable[str], more: Callable[[str], bool] | None = None) -> None:
        """Take their canonical names; `more` knows further ones, such as those of an imported list."""
        self._names = frozenset(names)
        self._more = more
        self._beginnings: dict[str, frozenset[str]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether a canonical name is such a tag."""
        return name in self._names or (self._more is not None and self._more(name))

    @property
    def has_more(self) -> bool:
        """Whether there are further ones, of which only the names can be asked."""
        return self._more is not None

    def beginnings(self, characters: str) -> frozenset[str]:
        """Return what `beginning` finds in the tags."""
        if characters not in self._beginnings:
            pattern = beginning(characters)
            keys = (match[1] for name in self._names if (match := pattern.match(name)))
            self._beginnings[characters] = frozenset(key.replace("_", " ") for key in keys)
        return self._beginnings[characters]

    def may_be_in(self, text: str, characters: str) -> bool:
        """Whether such a tag may begin a text, behind white space and brackets."""
        match = beginning(characters).match(text)
        key = match[1].casefold().replace("_", " ") if match else ""
        known = self.beginnings(characters)
        return self._more is not None or key in known or key[:-1] in known


@cache
def beginning(characters: str) -> re.Pattern[str]:
    """Match a text up to its first character of syntax behind opening brackets and a number, that one and the next."""
    return re.compile(rf"[(\[{{ \t]*(?:{NOVELAI_NUMBER})?([^{characters}]*[{characters}].?)", re.DOTALL)


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
    if not re.search(f"[{characters}]", text):
        return found
    pattern, known, everywhere = beginning(characters), tags.beginnings(characters), tags.has_more
    folded = _folded(text)
    next_border = iter([*(match.start() for match in BORDER_LETTERS.finditer(text)), len(text)]).__next__
    border = next_border()
    start = 0
    for piece in folded.split(","):
        end = start + len(piece)
        while border < start:
            border = next_border()
        if (match := pattern.match(piece)) is not None:
            key = match[1]
            begins = key in known or key[:-1] in known or everywhere
            span = _tag_span(text, start, end, characters, tags) if begins else None
            if span:
                found.append(span)
            elif border < end:
                found += _between_borders(text, start, end, characters, tags)
        start = end + 1
    return found


def _folded(text: str) -> str:
    """Return a text of the same length, with small letters, spaces for underscores and commas for all separators."""
    small = text.lower()
    text = small if len(small) == len(text) else text  # some rare letters become two
    for border in "\n\r，、":
        text = text.replace(border, ",")
    return text.replace("_", " ")


def _between_borders(text: str, start: int, end: int, characters: str, tags: SyntaxTags) -> list[tuple[int, int]]:
    """Return the tags between a piece's ANDs, BREAKs and bars."""
    found: list[tuple[int, int]] = []
    for border in [*WORD_BORDER.finditer(text, start, end), None]:
        last = border.start() if border else end
        if tags.may_be_in(text[start:last], characters):
            span = _tag_span(text, start, last, characters, tags)
            found += [span] if span else []
        start = border.end() if border else end
    return found


def _tag_span(text: str, start: int, end: int, characters: str, tags: SyntaxTags) -> tuple[int, int] | None:
    active = re.compile(f"[{characters}]")
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
        number = re.compile(NOVELAI_NUMBER).match(text, start, end)
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
        weight = WEIGHT_END.search(text, max(start, end - 24), end)
        if weight:
            end = weight.start()
            ends.append(end)
        if end == start or text[end - 1] not in CLOSERS:
            break
        end -= 1
    return ends
