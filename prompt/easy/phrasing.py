"""English noun phrases: articles, lists, adjectives that share a noun."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from ..resources import data
from ..tags.listing import names_of
from ..tags.words import lexicon

PLACING = frozenset(
    {
        "on",
        "in",
        "at",
        "over",
        "under",
        "behind",
        "with",
        "against",
        "between",
        "around",
        "through",
        "from",
        "near",
        "to",
        "into",
        "above",
        "across",
    }
)
VOWELS = "aeiou"
SOUNDED = ("uni", "use", "euro", "one", "u-", "uvu", "uku", "ewe")
"""Beginnings that are written with a vowel and not said with one."""
SILENT = ("hour", "honest", "heir", "x ", "x-")
"""Beginnings that are said with a vowel and not written with one."""
BEHIND = frozenset(
    {"up", "down", "back", "out", "over", "apart", "together", "aside", "away", "visible", "hidden", "forward", "off"}
)
"""Words that tell something of the noun they stand behind: `hair down`, `hair pulled back`."""


@cache
def sayings() -> Any:
    """Return the contents of `data/easy/sentences.yaml`, its word lists as sets."""
    contents = dict(data("easy/sentences"))
    for name in ("mass", "countable", "the", "plain", "scenes", "early", "colors", "overhead", "close", "of_people"):
        contents[name] = frozenset(names_of(contents[name]))
    contents["places"] = {noun: word for word, nouns in contents["places"].items() for noun in names_of(nouns)}
    contents["tags"] = {tag: (slot, text) for slot, tags in contents["tags"].items() for tag, text in tags.items()}
    return contents


def said(phrase: str) -> str:
    """Return a noun phrase with the articles it needs: `mole under eye` is `a mole under the eye`."""
    words = phrase.split(" ")
    starts = [0, *(place + 1 for place, word in enumerate(words) if word in PLACING and 0 < place < len(words) - 1)]
    ends = [*(start - 1 for start in starts[1:]), len(words)]
    parts = [articled(words[start:end], first=not start) for start, end in zip(starts, ends, strict=True)]
    joins = ["", *(words[start - 1] for start in starts[1:])]
    return " ".join(f"{join} {part}".strip() for join, part in zip(joins, parts, strict=True))


def done(phrase: str) -> str:
    """Return what somebody does with the articles it needs: `holding sword` is `holding a sword`."""
    verb, _, rest = phrase.partition(" ")
    if not rest:
        return phrase
    first, _, after = rest.partition(" ")
    if first in PLACING:
        return f"{verb} {first} {articled(after.split(' '), first=False)}" if after else phrase
    if first in BEHIND:
        return phrase
    return f"{verb} {said(rest)}" if verb in lexicon().sets["transitive"] else phrase


def articled(words: list[str], first: bool) -> str:
    """Return a noun phrase with its article: `the` for what there is one of where it is not `first` in its phrase."""
    text = " ".join(words)
    head = _head(words) if words else ""
    if not text or words[0] in sayings()["plain"] or words[0].isdecimal():
        return text
    if not first and (words[-1] in sayings()["the"]):
        return f"the {text}"
    mass = head in sayings()["mass"] and text not in sayings()["countable"]
    if mass or text in sayings()["mass"] or is_plural(head):
        return text
    return f"{article(words[0])} {text}"


def head_end(words: list[str]) -> int:
    """Return where a phrase's head noun ends: behind `hair` in `hair pulled back` and in `hair with flowers`."""
    cuts = lexicon().sets["cuts"]
    end = next((place for place, word in enumerate(words) if place and word in cuts), len(words))
    noun = end
    while noun > 1 and (words[noun - 1] in BEHIND or (noun < end and words[noun - 1].endswith(("ed", "ing")))):
        noun -= 1
    return noun if noun < end and _goes_without(words[noun - 1]) else end


def _goes_without(noun: str) -> bool:
    return noun in sayings()["mass"] or is_plural(noun)


def _head(words: list[str]) -> str:
    return words[head_end(words) - 1]


def article(word: str) -> str:
    """Return `a` or `an` for what follows."""
    lowered = word.casefold()
    vowel = lowered[:1] in VOWELS and lowered and not lowered.startswith(SOUNDED)
    return "an" if vowel or f"{lowered} ".startswith(SILENT) else "a"


def is_plural(word: str) -> bool:
    """Return whether a noun is in the plural: `boots`, `glasses`, `leaves`, `people`."""
    return word in lexicon().irregular or (word.endswith("s") and not word.endswith(("ss", "us", "is")))


def names_several(phrase: str) -> bool:
    """Return whether a noun phrase is in the plural, whatever follows its noun: `stars in the sky`."""
    return is_plural(_head(phrase.split(" "))) or phrase.startswith("no ")


def listed(parts: Iterable[str]) -> str:
    """Return `a, b and c`."""
    given = list(parts)
    return given[0] if len(given) == 1 else f"{', '.join(given[:-1])} and {given[-1]}" if given else ""


def capital(text: str) -> str:
    """Return a sentence's beginning with a capital."""
    return text[:1].upper() + text[1:]
