"""Tells where a noun phrase of a description ends, and which words belong to no noun."""

from __future__ import annotations

from ..tags.vocabulary import vocabulary
from .nouns import is_noun, is_verb
from .people import goes_on, sex_of
from .wording import is_transitive, tags_of, wording
from .words import Word

MOST_WORDS = 10
"""The most words that are read as one noun phrase."""
SIDES = frozenset({"back", "stomach", "side"})
"""What somebody lies on, and things have too."""
LYING = frozenset({"lying", "lies", "laying", "lays", "down", "sleeping", "sleeps", "resting", "rests", "floating"})


def noun_end(words: list[Word], place: int) -> int:
    """Return where the noun phrase that begins at a place ends; 0 where none begins."""
    limit = min(place + MOST_WORDS, len(words))
    for end in range(place, limit):
        word = words[end]
        if word.quoted or _is_small(word.name) or not any(map(str.isalpha, word.name)):
            return 0
        takes = is_transitive(word.name) and (end == place or word.name.endswith("ing"))
        if takes and end + 1 < len(words):
            return 0
        after = words[end + 1] if end + 1 < limit else None
        ends = after is None or after.quoted or not goes_on(word.name, after.name)
        if ends and (sex_of(word.name) or is_noun(word.name)):
            return end + 1
    return 0


def object_follows(words: list[Word], place: int) -> bool:
    """Return whether what a verb is done to begins at a place."""
    articles = wording().lists["articles"] | {"her", "his", "their", "its"}
    if place >= len(words) or words[place].quoted:
        return False
    name = words[place].name
    return name in articles or name in wording().numbers or bool(noun_end(words, place))


def _is_part(names: list[str], before: str) -> bool:
    """Return whether `on the back` tells where a thing is, since nobody is lying (the word `before`)."""
    placed = len(names) == 3 and names[0] == "on" and names[1] in wording().lists["articles"]
    return placed and names[2] in SIDES and before not in LYING


def tags_of_all(words: list[Word], start: int, end: int) -> tuple[str, ...]:
    """Return the tags that the words between two places mean together, where they are no part of a longer phrase."""
    names, lists = [word.name for word in words[start:end]], wording().lists
    if vocabulary().find(" ".join(names)) is None and (wording().joins(names[-1]) or sex_of(names[-1])):
        return ()
    if names[0] in lists["articles"] or names[0] in lists["negations"] or sex_of(names[-1]):
        return ()
    longer = end < len(words) and is_noun(names[-1]) and is_noun(words[end].name)
    part = _is_part(names, words[start - 1].name if start else "")
    return () if longer or part else tags_of(names)


def says_how(words: list[Word]) -> bool:
    """Return whether the last word is an adverb behind a verb: `laughing very loudly`."""
    *before, last = [word.name for word in words]
    while before and before[-1] in wording().lists["degrees"]:
        before.pop()
    return last.endswith("ly") and bool(before) and not wording().joins(before[-1]) and is_verb(before[-1])


def _is_small(name: str) -> bool:
    known = wording()
    return not name or known.joins(name) or name in known.lists["negations"] or name in known.numbers
