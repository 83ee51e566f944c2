"""Reads a noun with the adjectives before it: `long orange hair` is `long hair` and `orange hair`."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from ..tags.vocabulary import vocabulary
from ..tags.words import lexicon
from .wording import DOING, REMEMBERED, ongoing, tags_of, wording

STANDING_ALONE = {
    "clothing": frozenset({"clothing"}),
    "background": frozenset({"background"}),
}
"""Beside a noun of which group a tag of which group may stand alone: `burning forest` is `burning`, `forest`."""
OF_PEOPLE = frozenset({"body", "expression", "clothing", "pose"})
"""The groups whose tags say something about a person when they stand before the noun."""
OF_ANIMALS = OF_PEOPLE - {"body"}
"""The same of an animal: a giant octopus is no giant."""

BODY_PARTS = {
    "haired": "hair",
    "eyed": "eyes",
    "skinned": "skin",
    "eared": "ears",
    "tailed": "tail",
    "horned": "horns",
    "winged": "wings",
    "furred": "fur",
    "bearded": "beard",
}
"""What `red-haired` and its like speak of."""
ADJECTIVE = ("ed", "ing", "y", "ful", "less", "ous", "ic", "al")


class Reading(NamedTuple):
    """What some words become: known tags, and free phrases that keep the words without tag (`left`)."""

    tags: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@lru_cache(REMEMBERED)
def is_verb(word: str) -> bool:
    """Return whether a word is a verb in `-ing`, or in the third person: `sits`."""
    words = lexicon()
    if word in words.sets["nouns"]:
        return False
    if word.endswith("ing") and len(word) > 4:
        return word not in words.heads or words.heads[word].group in DOING
    sense = words.heads.get(words.singular(word))
    return (sense is None or sense.group in DOING) and any(
        (entry := vocabulary().find(form)) is not None and entry.group in DOING for form in ongoing(word)
    )


@lru_cache(REMEMBERED)
def does(word: str) -> bool:
    """Return whether a word in `-ing` is a tag for what somebody does, though it may be a noun too: `fishing`."""
    entry = vocabulary().find(word) if word.endswith("ing") else None
    return entry is not None and entry.group in DOING


@lru_cache(REMEMBERED)
def is_noun(word: str) -> bool:
    """Return whether a word names a thing."""
    words = lexicon()
    if word in words.states or word in wording().lists["degrees"] or is_verb(word):
        return False
    if words.singular(word) in words.heads:
        return True
    entry = vocabulary().find(word)
    names = entry is not None and entry.group in ("clothing", "background") and not word.endswith(ADJECTIVE)
    return names and word not in wording().lists["never_alone"]


def read_noun(words: list[str]) -> Reading:
    """Return what becomes of adjectives and a noun, in their order."""
    whole = tags_of(words)
    if whole:
        return Reading(whole)
    known, start = _known_ending(words)
    pairs, left = _paired(words[:start], words[start:])
    tags = tuple(dict.fromkeys((*pairs, *(tag for tag in known if not _said_by(tag, pairs)))))
    if left or not known:
        kept = [word for word in words[:start] if word in left] + words[start:]
        return Reading(tags, (" ".join(kept),), tuple(left) if known else tuple(kept))
    return Reading(tags)


def _said_by(tag: str, others: tuple[str, ...]) -> bool:
    """Return whether other tags say a tag already, as `long hair` says `hair`."""
    return any(other.endswith(f" {tag}") or tag in vocabulary().implied(other) for other in others)


def _known_ending(words: list[str]) -> tuple[tuple[str, ...], int]:
    """Return the tags of the longest ending that means some, and where it begins; else the last word's place."""
    for start in range(1, len(words)):
        tags = tags_of(words[start:])
        if tags:
            return tags, start
    return (), len(words) - 1


def _paired(modifiers: list[str], head: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the tags that the adjectives make with the noun, each by itself, and those that make none."""
    tags: list[str] = []
    left: list[str] = []
    for unit in units(modifiers):
        found = _pair(unit, head)
        if found:
            tags += found
        else:
            if len(unit) > 1:
                tags += _pair(unit[-1:], head)
            left += unit
    return tuple(tags), left


def units(modifiers: list[str]) -> list[list[str]]:
    """Keep `dark` with `red`, and `very` with what follows."""
    found: list[list[str]] = []
    open_unit: list[str] = []
    for word in modifiers:
        open_unit.append(word)
        if word not in wording().lists["degrees"]:
            found.append(open_unit)
            open_unit = []
    return [*found, open_unit] if open_unit else found


def _pair(unit: list[str], head: list[str]) -> tuple[str, ...]:
    sense = lexicon().heads.get(lexicon().singular(head[-1]))
    group = sense.group if sense is not None else "background"
    wanted = [[*unit, *head], [*unit, head[-1]]]
    if group == "clothing":
        wanted.append([*unit, "clothes"])
    for words in wanted:
        tags = tags_of(words)
        if tags:
            return tags
    if sense is not None and sense.subgroup == "animals":
        return alone(unit, OF_ANIMALS)
    beings = sense is not None and sense.subgroup in ("species", "people")
    return alone(unit, OF_PEOPLE if beings else STANDING_ALONE.get(group, frozenset()))


def alone(unit: list[str], groups: Collection[str]) -> tuple[str, ...]:
    """Return the tag of an adjective that stands alone, where it is of one of the groups.

    `burning` and `muscular` do; `red-haired` is `red hair`.
    """
    split = of_the_body(unit)
    if split:
        return tags_of(split)
    describes = unit[-1] in lexicon().states or unit[-1].endswith(("ing", "ed")) or unit[-1] in wording().means
    tags = tags_of(unit) if describes else ()
    entry = vocabulary().find(tags[0]) if tags else None
    return tags if entry is not None and entry.group in groups else ()


def of_the_body(unit: list[str]) -> list[str]:
    """Return the words that `red-haired` or `dark blue-eyed` stands for: `red hair`; none for others."""
    first, hyphen, last = unit[-1].rpartition("-")
    return [*unit[:-1], *first.split("-"), BODY_PARTS[last]] if hyphen and last in BODY_PARTS else []
