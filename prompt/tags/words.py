"""The words of phrases: head words, states and verbs by tag group, and how a phrase is taken apart.

Read from `data/words/` when first asked. A head is a noun (or a few words) that says what a phrase is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from ..resources import data
from .listing import names_of

WORD_GROUPS = ("background", "quality", "pose", "clothing", "body", "expression")
"""The order in which the files are read: of a word that two groups claim, the last one keeps it."""
SETS = (
    *("determiners", "cuts", "transparent", "passes", "places", "transitive", "manual", "nouns", "people", "limbs"),
    *("placed", "positions"),
)
LONGEST = 3
"""The most words that a head has."""


class Sense(NamedTuple):
    """What a word is about: a tag group and a sub-group."""

    group: str
    subgroup: str


class Shift(NamedTuple):
    """A word of `words` beside a head moves the phrase to another group: `closed` makes `eyes` an expression."""

    words: frozenset[str]
    sense: Sense


class Lexicon(NamedTuple):
    """What is known of words.

    Attributes:
        heads: nouns, in the singular, of one to `LONGEST` words.
        states: adjectives and participles that stand for themselves, such as `muscular`.
        verbs: verbs that begin a phrase.
        shifts: for each head, what words beside it do.
        endings: by what stands behind a hyphen.
        tails: by the end of a single word, longest first.
        sets: the word sets of `grammar.yaml`.
        irregular: plurals that no rule folds.
        spelling: the American spelling of British words.
    """

    heads: Mapping[str, Sense]
    states: Mapping[str, Sense]
    verbs: Mapping[str, Sense]
    shifts: Mapping[str, tuple[Shift, ...]]
    endings: Mapping[str, Sense]
    tails: tuple[tuple[str, Sense], ...]
    sets: Mapping[str, frozenset[str]]
    irregular: Mapping[str, str]
    spelling: Mapping[str, str]

    def singular(self, word: str) -> str:
        """Return the singular of a plural that is no head itself, or the word."""
        if word in self.heads:
            return word
        return next((form for form in self.singulars(word) if form in self.heads), word)

    def singulars(self, word: str) -> Iterator[str]:
        """Go through the singulars that a word may have."""
        if word in self.irregular:
            yield self.irregular[word]
        if word.endswith("s") and not word.endswith("ss"):
            yield word[:-1]
            if word.endswith("ies"):
                yield word[:-3] + "y"
            elif word.endswith("es"):
                yield word[:-2]
        elif word + "s" in self.heads:
            yield word + "s"


@cache
def lexicon() -> Lexicon:
    """Return what the files of `data/words/` say."""
    files = {group: data(f"words/{group}") for group in WORD_GROUPS}
    grammar = data("words/grammar")
    heads = _senses(files, "heads")
    states = _senses(files, "states")
    sets = {name: frozenset(names_of(grammar[name])) for name in SETS}
    return Lexicon(
        heads=heads,
        states=states,
        verbs=_senses(files, "verbs"),
        shifts=_shifts(grammar["shifts"], heads, states, sets),
        endings=_by_ending(grammar["endings"]),
        tails=tuple(sorted(_by_ending(grammar["tails"]).items(), key=lambda pair: (-len(pair[0]), pair[0]))),
        sets=sets,
        irregular=dict(_pairs(grammar["irregular"])),
        spelling=dict(_pairs(grammar["spelling"])),
    )


def _senses(files: Mapping[str, Any], part: str) -> dict[str, Sense]:
    return {
        word: Sense(group, subgroup)
        for group, contents in files.items()
        for subgroup, words in contents.get(part, {}).items()
        for word in names_of(words)
    }


def _by_ending(groups: Mapping[str, str]) -> dict[str, Sense]:
    return {ending: Sense(group, "") for group, endings in groups.items() for ending in names_of(endings)}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in names_of(text):
        first, _, second = pair.partition(" ")
        yield first, second


def _shifts(
    rules: Iterable[Mapping[str, str]],
    heads: Mapping[str, Sense],
    states: Mapping[str, Sense],
    sets: Mapping[str, frozenset[str]],
) -> dict[str, tuple[Shift, ...]]:
    """Return the rules of each head in their order; `@body` means all of a group, `limbs` a set of words."""
    shifts: dict[str, tuple[Shift, ...]] = {}
    for rule in rules:
        shift = Shift(frozenset(_members(rule["words"], states, sets)), Sense(rule["group"], rule["subgroup"]))
        for head in sorted(set(_members(rule["heads"], heads, sets))):
            shifts[head] = (*shifts.get(head, ()), shift)
    return shifts


def _members(text: str, senses: Mapping[str, Sense], sets: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for name in names_of(text):
        if name.startswith("@"):
            yield from (word for word, sense in senses.items() if sense.group == name[1:])
        elif name in sets:
            yield from sets[name]
        else:
            yield name
