"""Decides where in a sentence a tag is said, and with which words."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..tags.classify import Classified, classify
from ..tags.vocabulary import vocabulary
from ..tags.words import lexicon
from .nouns import is_noun
from .people import sex_of
from .phrasing import BEHIND, articled, done, head_end, said, sayings
from .plurals import plural

BRACKETS = frozenset("{}[]<>|")
"""What holds these and is no known tag is syntax of another dialect."""
QUALIFIER = re.compile(r" \([^()]*\)$")
COUNTED = re.compile(r"\d\+?(?:girl|boy|other)s?|multiple (?:girls|boys|others)|solo")
SEXES = (" female", " male")
PARTICIPLES = ("ed", "less")
NUMBERED = re.compile(r"(\d+)([a-z]+)")
TO_ONESELF = frozenset(
    {
        *(
            "covering",
            "wiping",
            "scratching",
            "rubbing",
            "washing",
            "brushing",
            "combing",
            "drying",
            "tying",
            "adjusting",
        ),
        *("removing", "fixing", "licking", "biting", "stretching", "crossing", "unbuttoning", "unzipping", "undoing"),
    }
)
"""Verbs that are about the body and the clothes of the one who does it."""
HELD = (" stance", " pose")
PERSONS = ("girl", "boy", "woman", "man")
FOLLOWING = frozenset(
    {
        "on",
        "in",
        "at",
        "up",
        "down",
        "back",
        "away",
        "to",
        "over",
        "against",
        "from",
        "with",
        "through",
        "under",
        "forward",
    }
)
PLACING = ("on", "in", "at", "under", "against", "behind", "between", "near", "by", "beside", "inside", "among")
HOLDING = ("in", "on")
"""Words that make a place a thing: `city in bottle`."""
PORTABLE = ("food", "toys and games", "devices", "drinks and tableware")
"""Sub-groups of things that nobody is in, whatever they are called: `chocolate bar`."""
AS_WRITTEN = ("drop", "also", "count", "species", "people", "style")
STATES = {
    "adj": ("adj", "with"),
    "looks": ("looks", "with"),
    "is": ("is", "wears"),
    "wears": ("is", "wears"),
    "place": ("there", "there"),
    "with": ("is", "with"),
}
"""For a slot: where its adjectives are said, and where its nouns."""


class Piece(NamedTuple):
    """A tag as it is said.

    Attributes:
        tag: the tag.
        slot: where, as `data/easy/sentences.yaml` lists them; `also` where nothing fits.
        text: its words.
        noun: the noun that it may share with others (`hair`, `jacket`); empty where it shares none.
        weight: its attention weight.
    """

    tag: str
    slot: str
    text: str
    noun: str = ""
    weight: float = 1.0


def piece(tag: str, weight: float = 1.0) -> Piece:
    """Return how a tag or free phrase (in canonical spelling) is said."""
    known = sayings()
    entry = vocabulary().find(tag)
    if entry is None and (not BRACKETS.isdisjoint(tag) or QUALIFIER.search(tag)):
        return Piece(tag, "also", tag, weight=weight)
    name = entry.name if entry is not None else tag
    for slot, says in (("with", known["emoticons"]), ("shot", known["shots"]), ("angle", known["angles"])):
        if name in says:
            return Piece(tag, slot, says[name], weight=weight)
    if name in known["tags"]:
        slot, text = known["tags"][name]
        return Piece(tag, _posed(slot, name), text, weight=weight)
    if name in known["scenes"]:
        return Piece(tag, "scene", tag, weight=weight)
    return _by_group(tag, classify(tag), weight)


def _posed(slot: str, tag: str) -> str:
    """Return `posing` for what the body does; `doing` is what the face does."""
    return "posing" if slot == "doing" and classify(tag).group != "expression" else slot


def _by_group(tag: str, found: Classified, weight: float) -> Piece:
    animals = _numbered(tag)
    plain = reworded(tag)
    slot = "there" if animals else _slot(tag, plain, found)
    if slot == "there" and animals:
        return Piece(tag, slot, animals, weight=weight)
    held = "in " + said(plain) if plain.endswith(HELD) else ""
    if held or _is_doing(plain, found):
        return Piece(tag, _posed("doing", tag), held or _done(_turned(plain)), weight=weight)
    if slot in ("with", "is", "wears") and _is_absolute(plain, found):
        return Piece(tag, "with", f"~ {plain.removeprefix('own ')}", weight=weight)
    if slot in AS_WRITTEN:
        return Piece(tag, slot, plain, weight=weight)
    placed = _placed(plain, found)
    if placed:
        return Piece(tag, "place", placed, _noun(plain) if found.group == "background" else "", weight)
    if slot == "angle" or slot == "shot":
        return Piece(tag, "angle", plain if plain.startswith("from ") else f"as {said(plain)}", weight=weight)
    if slot in STATES and _is_adjective(plain, found, slot):
        return Piece(tag, STATES[slot][0], _state(plain, found), weight=weight)
    return Piece(tag, STATES[slot][1] if slot in STATES else slot, said(plain), _noun(plain), weight)


def _numbered(tag: str) -> str:
    """Return `a dog` for `1dog`, and an empty text for other tags."""
    match = NUMBERED.fullmatch(tag)
    noun = lexicon().singular(match[2]) if match else ""
    if not match or classify(noun).subgroup != "animals":
        return ""
    return said(noun) if match[1] == "1" else f"{match[1]} {plural(noun)}"


def _slot(tag: str, plain: str, found: Classified) -> str:
    known = sayings()
    slot = str(known["subgroups"].get(found.group, {}).get(found.subgroup) or known["groups"][found.group])
    first, _, last = plain.rpartition(" ")
    if found.group == "body" and slot in ("adj", "with", "people") and first and last in PERSONS:
        return "species"
    if tag in PERSONS:
        return "species"
    if slot in ("adj", "with") and found.how != "tag":
        return "also" if NUMBERED.fullmatch(tag) else "people" if sex_of(tag) else slot
    return "also" if slot == "count" and not COUNTED.fullmatch(tag) else slot


def reworded(tag: str) -> str:
    """Return a tag without its qualifier, `~` for `own`, and nouns that read better."""
    text = QUALIFIER.sub("", tag).replace(" own ", " ~ ")
    first, space, last = text.rpartition(" ")
    return f"{first}{space}{sayings()['nouns'].get(last, last)}"


def _is_doing(text: str, found: Classified) -> bool:
    """Return whether a tag is something that somebody does: `holding sword`, `sitting`, `broom riding`."""
    words = lexicon()
    if found.how == "tag" and found.group not in ("pose", "expression"):
        return False
    first, _, rest = _turned(text).partition(" ")
    if not first.endswith("ing") or len(first) < 5 or first in words.sets["nouns"]:
        return False
    if found.group == "expression" and first in words.states and first not in words.verbs:
        return False
    sense = words.verbs.get(first) or words.states.get(first)
    if sense is not None and sense.group == "background":
        return False
    takes = not rest or first in words.sets["transitive"] or rest.split(" ")[0] in FOLLOWING
    return takes or found.group in ("pose", "expression")


def _done(text: str) -> str:
    """Return what somebody does, to their own body or clothes where nobody else's are named: `covering her face`."""
    verb, _, rest = text.partition(" ")
    own = verb in TO_ONESELF and " " not in rest and classify(rest).group in ("body", "clothing")
    return f"{verb} ~ {rest}" if own else done(text)


def _is_participle(word: str) -> bool:
    return word.endswith(("ed", "ing")) and word not in lexicon().sets["nouns"]


def _is_absolute(text: str, found: Classified) -> bool:
    """Return whether a tag says how something of somebody is: `eyes closed`, `hair pulled back`, `hat removed`."""
    words = text.removeprefix("own ").split(" ")
    end = len(words)
    while end > 1 and (words[end - 1] in BEHIND or _is_participle(words[end - 1])):
        end -= 1
    owned = found.group in ("body", "expression", "pose") or text.endswith(" removed")
    return owned and end < len(words) and is_noun(words[end - 1]) and words[0] not in sayings()["plain"]


def _turned(text: str) -> str:
    """Return `riding broom` for `broom riding`."""
    first, space, last = text.rpartition(" ")
    turns = last.endswith("ing") and last in lexicon().sets["transitive"] and " " not in first and is_noun(first)
    return f"{last} {first}" if space and turns else text


def _placed(text: str, found: Classified) -> str:
    """Return `in a forest` for a place, or an empty text."""
    first, _, rest = text.partition(" ")
    if first in PLACING and rest:
        return f"{first} {articled(rest.split(' '), first=False) if found.group == 'pose' else said(rest)}"
    if found.group != "background" or found.subgroup in PORTABLE:
        return ""
    places, words = sayings()["places"], text.split(" ")
    end = next((place for place, word in enumerate(words) if place and word in lexicon().sets["cuts"]), len(words))
    if end < len(words) and words[end] in HOLDING:
        return ""
    word = next((places[name] for start in range(end) if (name := " ".join(words[start:end])) in places), "")
    return f"{word} {said(text)}" if word else ""


def _is_adjective(text: str, found: Classified, slot: str) -> bool:
    words = lexicon()
    last = text.split(" ")[-1]
    if slot == "with":
        return text in words.states or text.endswith(SEXES)
    if text.endswith(SEXES) or text in words.states or last in words.states:
        return True
    if found.group == "clothing":
        return last.endswith(PARTICIPLES) and words.singular(last) not in words.heads
    named = words.singular(last) in words.heads or found.how == "head word"
    return not named and (" " not in text or last.endswith(("ed", "less")))


def _state(text: str, found: Classified) -> str:
    """Return what somebody is: `wet`; what only clothes can be is said of clothes: `dressed in striped clothes`."""
    clothes = found.group == "clothing" and text.split(" ")[-1] not in sayings()["of_people"]
    return f"dressed in {text} clothes" if clothes else _sexless(text)


def _sexless(text: str) -> str:
    return next((text.removesuffix(ending) for ending in SEXES if text.endswith(ending)), text)


def _noun(text: str) -> str:
    """Return the noun that a phrase of adjectives ends with, where nothing follows it."""
    words = text.split(" ")
    return words[-1] if head_end(words) == len(words) else ""
