"""Tells what a negation before a noun phrase denies: the girl of `not smiling girl` and `no hat girl` is there."""

from __future__ import annotations

from .nouns import Reading, is_noun, read_noun, units
from .people import is_being, read_person, sex_of
from .wording import tags_of, wording

DENY_ADJECTIVES = frozenset({"not", "never"})
"""Negations that deny an adjective that they stand before."""

KEPT_DENIED = frozenset({"a", "an", "any", "the", "or", "nor", "her", "his", "their"})
"""Words behind `without` that don't end what is denied."""
KEPT_BEHIND_OR = frozenset({"wearing", "wear", "wears", "have", "has", "having"})
"""Words that don't end it behind `or`: `not wearing a hat or wearing gloves`."""


def denied_words(negation: str, names: list[str], before: int) -> int:
    """Return how many words at the beginning of a noun phrase are denied while its noun is not; 0: all of it is.

    Args:
        negation: the word that the phrase stands directly behind; empty where there is an article between them.
        names: the words of the phrase.
        before: how many of them an `and` stands behind, so that they are denied together with the next.
    """
    *modifiers, noun = names
    person = sex_of(noun) is not None
    if not modifiers or (not person and tags_of(names)):
        return 0
    if negation in DENY_ADJECTIVES:
        length = before + len(units(modifiers[before:] or [""])[0])
        if length < len(names) and (person or not is_noun(names[length - 1])):
            return length
    things = [place for place, name in enumerate(modifiers, 1) if _is_thing(name)]
    return things[-1] if person and things and not tags_of(names) else 0


def read_denied(names: list[str], noun: str) -> Reading:
    """Return what is denied by words that stand before a noun which is not."""
    if _is_thing(names[-1]):
        return read_noun(names)
    full = _without_noun(names, noun)
    degrees = wording().lists["degrees"]
    plain = [name for name in names if name not in degrees]
    return _without_noun(plain, noun) if full.left and plain else full


def _without_noun(names: list[str], noun: str) -> Reading:
    sex = sex_of(noun)
    reading = read_person(names, noun, sex) if sex else read_noun([*names, noun])
    own = read_person([], noun, sex) if sex else read_noun([noun])
    return reading._replace(tags=tuple(tag for tag in reading.tags if tag not in own.tags))


def _is_thing(name: str) -> bool:
    """Return whether a word names a thing, and nobody: `hat`."""
    return is_noun(name) and not is_being(name)


def goes_on_denied(name: str, negation: str, behind_or: bool) -> bool:
    """Return whether what is denied goes on behind a joining word; `behind_or`: it stands behind an `or`."""
    keeps = name in KEPT_DENIED or (name == "and" and negation in ("without", "lacking"))
    return keeps or (behind_or and name in KEPT_BEHIND_OR)
