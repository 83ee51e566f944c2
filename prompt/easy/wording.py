"""The words by which plain descriptions are read, from `data/easy/description.yaml`, and the forms that words take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from ..resources import data
from ..tags.listing import names_of
from ..tags.vocabulary import Entry, vocabulary
from ..tags.words import lexicon

LISTS = (
    *("articles", "joining", "prose", "predicates", "negations", "degrees", "she", "he", "many", "girls", "boys"),
    *("plain", "never_alone", "filler"),
)
DOING = ("pose", "expression")
"""The groups of verbs."""
VOWELS = "aeiou"
POSSESSIVES = frozenset({"her", "his", "their", "its", "my", "your"})
REMEMBERED = 4096
"""So many answers about words are remembered."""
LONGEST_JOINT = 4
"""The most words that only join others together."""
LONGEST_TAG = 6
"""The most words of a description that become one tag."""


class Wording(NamedTuple):
    """The small words of English, and what words of descriptions mean.

    Attributes:
        lists: the word lists of the file.
        numbers: how many a number word means.
        means: the tags of a word or phrase.
        starts: the first words of all tags and phrases of two or more words, and how many words those have at most.
    """

    lists: Mapping[str, frozenset[str]]
    numbers: Mapping[str, int]
    means: Mapping[str, tuple[str, ...]]
    starts: Mapping[str, int]

    def joins(self, word: str) -> bool:
        """Return whether a word only joins others, so that no tag comes of it."""
        return word in self.lists["joining"] or word in self.lists["articles"]


@cache
def wording() -> Wording:
    """Return what `data/easy/description.yaml` says."""
    contents = data("easy/description")
    means = {str(words): tuple(names_of(tags)) for words, tags in contents["means"].items()}
    names = (*vocabulary().spellings, *means)
    return Wording(
        lists={name: frozenset(names_of(contents[name])) for name in LISTS},
        numbers={
            word: int(count) for word, _, count in (pair.partition(" ") for pair in names_of(contents["numbers"]))
        },
        means=means,
        starts=_starts(names),
    )


def joint(names: list[str]) -> int:
    """Return how many words at the beginning only join others together, as `on top of` does; 0 for one alone."""
    joining = wording().lists["joining"]
    return next((length for length in range(len(names), 1, -1) if " ".join(names[:length]) in joining), 0)


def _starts(names: Iterable[str]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for name in names:
        first, space, rest = name.partition(" ")
        if space:
            longest[first] = max(longest.get(first, 0), min(2 + rest.count(" "), LONGEST_TAG))
    return longest


def tags_of(words: list[str]) -> tuple[str, ...]:
    """Return the tags that some words mean as a whole, whatever form they stand in; none where they mean no tag."""
    return _tags_of(tuple(words))


@lru_cache(REMEMBERED)
def _tags_of(words: tuple[str, ...]) -> tuple[str, ...]:
    known = wording()
    for variant in _variants(list(words)):
        name = " ".join(variant)
        if name in known.means:
            return known.means[name]
        entry = _entry(name, known)
        if entry is not None and (entry.group in DOING or not (_is_stem(name, words) or _is_place(entry, name, words))):
            return (entry.name,)
    return ()


def _is_stem(name: str, words: tuple[str, ...]) -> bool:
    """Return whether a name is a verb's stem: `smirk` of `smirking`, but also `rock` of `rocking`."""
    return len(words) == 1 and words[0].endswith("ing") and not name.endswith("ing")


def _is_place(entry: Entry, name: str, words: tuple[str, ...]) -> bool:
    """Return whether a participle would become what is around: `park` of `parked`."""
    return entry.group == "background" and len(words) == 1 and words[0].endswith("ed") and name != words[0]


def _entry(name: str, known: Wording) -> Entry | None:
    return None if name in known.lists["never_alone"] or name.isdecimal() else vocabulary().find(name)


def _variants(words: list[str]) -> Iterator[list[str]]:
    """Go through the forms in which a tag may name the same: without articles, `own` for `her`, other endings."""
    yield words
    if len(words) == 1:
        yield from ([form] for form in forms(words[0]))
        return
    articles = wording().lists["articles"]
    plain = [word for word in words if word not in articles]
    owned = ["own" if word in POSSESSIVES else word for word in plain]
    bare = [word for word in plain if word not in POSSESSIVES]
    for base in (plain, owned, bare):
        if len(base) > 1:
            yield base
            yield from ([*base[:-1], form] for form in lexicon().singulars(base[-1]))
            yield from ([form, *base[1:]] for form in ongoing(base[0]))


def forms(word: str) -> Iterator[str]:
    """Go through the forms of a word that a tag may have: `smirk` for `smirking`, `sitting` for `sits`."""
    yield from lexicon().singulars(word)
    yield from ongoing(word)
    if word.endswith("ing") and len(word) > 5:
        yield from _stems(word[:-3])
    elif word.endswith("ed") and len(word) > 4:
        yield from _stems(word[:-2])
    elif word.endswith("ily"):
        yield word[:-3] + "y"
    elif word.endswith("ly") and len(word) > 4:
        yield word[:-2]


@lru_cache(REMEMBERED)
def ongoing(word: str) -> tuple[str, ...]:
    """Return the -ing forms that a verb in the third person may have: `sitting` for `sits`."""
    return tuple(_ongoing(word))


def _ongoing(word: str) -> Iterator[str]:
    if not word.endswith("s") or word.endswith("ss") or len(word) < 4:
        return
    stem = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    yield stem + "ing"
    yield stem + stem[-1] + "ing"
    if stem.endswith("ie"):
        yield stem[:-2] + "ying"
    elif stem.endswith("e"):
        yield stem[:-1] + "ing"


@lru_cache(REMEMBERED)
def is_transitive(word: str) -> bool:
    """Return whether a word is a verb that takes an object: `holding`, `holds`."""
    verbs = lexicon().sets["transitive"]
    return word in verbs or any(form in verbs for form in ongoing(word))


def _stems(stem: str) -> Iterator[str]:
    yield stem
    yield stem + "e"
    if len(stem) > 3 and stem[-1] == stem[-2]:
        yield stem[:-1]
