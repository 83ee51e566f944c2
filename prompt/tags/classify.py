"""Finds the group of any phrase: a known tag's own, else that of the word which the phrase is about.

A phrase such as `black collar with white spikes` is cut at its first preposition or participle; the last noun of what
stands before is its head (`collar`), unless another word of it turns the sense (`closed` before `eyes`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .lists import name_kind
from .vocabulary import OTHER, Entry, vocabulary
from .words import LONGEST, Lexicon, Sense, lexicon

READ = 24
"""So many words of a phrase are read: its head stands among the first ones."""
WRAPPING = re.compile(r"[\s({\[]*(.*?)(?::\s*[-+]?[\d.]+)?[\s)}\]]*", re.DOTALL)
MARKS = ',.!?;:"“”()[]{}'
NAME = re.compile(r"([^(\s][^()]*) \(([^()]+)\)")
BELONGING = re.compile(r"['’]s$")
SEATS = frozenset({"floor", "ground", "stair", "lap", "horse", "step", "stairs", "motorcycle", "horseback", "knee"})
DIRECTIONS = frozenset({"above", "below", "behind", "side", "front", "afar", "distance", "back", "outside", "far"})
ADVERBS = frozenset({"back", "top"})
ONGOING = frozenset({"air", "mid-air", "midair", "flight", "motion", "action", "line", "bed"})


class Classified(NamedTuple):
    """A phrase's group, and why.

    Attributes:
        group: one of `GROUPS`, or `OTHER`.
        subgroup: such as `hair`; empty where it is not known.
        head: the known tag or the word that decided; empty where none did.
        how: `tag` (known as a whole), `known ending` (its last words are a known tag), `head word`, `modifier` (a word
            that turns the head's sense), `beginning` (a verb or preposition), `adjective`, `word ending`, `name` (of a
            character, series or artist: no group), or `unknown`.
    """

    group: str
    subgroup: str = ""
    head: str = ""
    how: str = "unknown"


UNKNOWN = Classified(OTHER)


def classify(name: str) -> Classified:
    """Return the group of a tag (in canonical spelling) or of a free phrase; weights and brackets don't count."""
    entry = vocabulary().find(name)
    if entry is not None:
        return _known(entry, "tag")
    bare = _bare(name)
    entry = vocabulary().find(bare)
    if entry is not None:
        return _known(entry, "tag")
    kind = name_kind(name) or name_kind(bare)
    if kind:
        return Classified(OTHER, kind, bare, "name")
    named = NAME.fullmatch(name)
    if named and (name_kind(named[2]) or classify(named[1]).group == OTHER):
        return Classified(OTHER, "character", name, "name")
    return _Phrase(lexicon()).classify(_words(bare, lexicon()))


def _known(entry: Entry, how: str) -> Classified:
    return Classified(entry.group, entry.subgroup, entry.name, how)


def _bare(name: str) -> str:
    """Return a name without brackets and weight around it, and without escapes."""
    plain = name.replace("\\", "")
    if plain[:1] in "([{":
        found = WRAPPING.fullmatch(plain)
        plain = found[1] if found else plain
    return plain


def _words(phrase: str, words: Lexicon) -> list[str]:
    """Return a phrase's first words in American spelling, without marks and `'s`."""
    plain = (BELONGING.sub("", word.strip(MARKS)) for word in phrase.split(None, READ)[:READ])
    return [words.spelling.get(word, word) for word in plain if word]


class _Phrase:
    """Takes phrases apart with one lexicon."""

    def __init__(self, words: Lexicon) -> None:
        self._lexicon = words
        self._sets = words.sets

    def classify(self, words: list[str]) -> Classified:
        """Return the group of a phrase that is no known tag, given as its words."""
        words = self._begun(words)
        if not words:
            return UNKNOWN
        for reading in (self._beginning, self._in_background, self._noun_phrase, self._rest):
            found = reading(words)
            if found is not None:
                return found
        return UNKNOWN

    def _begun(self, words: list[str]) -> list[str]:
        """Drop articles, numbers and degrees at the beginning, and `pair of` with its like."""
        start = 0
        while start < len(words) - 1:
            if words[start] in self._sets["determiners"]:
                start += 1
            elif words[start] in self._sets["transparent"] and words[start + 1] == "of":
                start += 2
            else:
                break
        return words[start:]

    def _in_background(self, words: list[str]) -> Classified | None:
        place = words[-1] if words[-1] in ("background", "distance", "foreground", "backdrop") else ""
        return Classified("background", "plain", place, "head word") if place else None

    def _beginning(self, words: list[str]) -> Classified | None:
        """Read a phrase that begins with a preposition or a verb."""
        first, rest = words[0], words[1:]
        if first == "from" and (not rest or not DIRECTIONS.isdisjoint(rest) or len(rest) == 1):
            return Classified("pose", "angle", first, "beginning")
        if first in self._sets["passes"] and rest:
            return self._passed(first, rest)
        if first in self._sets["places"] and rest:
            return self._placed(first, rest)
        return self._verb(words)

    def _passed(self, first: str, rest: list[str]) -> Classified:
        if first in ("in", "during", "at") and rest[-1] in ONGOING:
            return Classified("pose", "posture", rest[-1], "beginning")
        found = self.classify(rest)
        return found if found.group != OTHER else UNKNOWN

    def _placed(self, first: str, rest: list[str]) -> Classified:
        found = self.classify(rest)
        if first == "by" and found.group == OTHER:
            return Classified("quality", "style", first, "beginning")
        seat = first in ("on", "upon", "atop", "against", "over") and (
            found.subgroup == "furniture" or self._lexicon.singular(found.head.split(" ")[-1]) in SEATS
        )
        if found.group == "background" and not seat:
            return found
        return Classified("pose", "posture", first, "beginning")

    def _verb(self, words: list[str]) -> Classified | None:
        """Read a phrase that begins with a verb: `holding a sword`, `sitting on a chair`, `covered in mud`."""
        first, rest = words[0], words[1:]
        if self._noun(words) is not None:
            return None
        if not self._is_verb(first) or (rest and not self._takes(first, rest[0])):
            return None
        paired = self._lexicon.verbs.get(" ".join(words[:2])) or self._lexicon.verbs.get(" ".join(words[:3]))
        sense = paired or self._lexicon.verbs.get(first) or self._lexicon.states.get(first) or Sense("pose", "action")
        how = Classified(sense.group, sense.subgroup, first, "beginning")
        if not rest or sense.group not in ("pose", "quality"):
            return how
        aim = self._object(rest)
        face = aim.group == "expression" and aim.subgroup in ("mouth", "eyes", "brows", "smile", "mood")
        if first not in self._sets["manual"] and (
            face or aim.head.split(" ")[-1] in ("eyes", "eye", "eyebrow", "eyelid")
        ):
            return Classified("expression", aim.subgroup, first, "beginning")
        return aim if sense.subgroup == "angle" and aim.group == "quality" else how

    def _object(self, rest: list[str]) -> Classified:
        """Return what a verb is about: what follows it, or follows the preposition after it."""
        if rest[0] in ("on", "with", "in", "to") and len(rest) > 1:
            rest = rest[1:]
        rest = self._begun(rest)
        return self._noun_phrase(rest) or UNKNOWN

    def _is_verb(self, word: str) -> bool:
        if word in self._sets["nouns"]:
            return False
        return (
            word in self._lexicon.verbs or word in self._sets["transitive"] or (len(word) > 4 and word.endswith("ing"))
        )

    def _takes(self, verb: str, following: str) -> bool:
        """Return whether what follows belongs to a verb, and is no noun that the verb only describes."""
        return (
            verb in self._sets["transitive"]
            or following in self._sets["cuts"]
            or following in self._sets["determiners"]
            or following in self._sets["places"]
            or following.endswith("ly")
            or following
            in ("up", "down", "out", "off", "away", "back", "forward", "sideways", "together", "alone", "viewer")
            or f"{verb} {following}" in self._lexicon.verbs
        )

    def _noun_phrase(self, words: list[str]) -> Classified | None:
        """Read a phrase by the head of its first part."""
        end = self._cut(words)
        found = self._head(words[:end])
        if found is None:
            return self._adjective(words[:end])
        start, length, named = found
        key = self._lexicon.singular(named.head.split(" ")[-1]) if named.how == "known ending" else named.head
        beside = {*words[:start], *words[start + length : end + 1]}
        return (
            self._about_people(key, words, end) or self._positioned(key, words, end) or self._turned(named, key, beside)
        )

    def _cut(self, words: list[str]) -> int:
        """Return where the first part ends."""
        for place in range(1, len(words)):
            word = words[place]
            if word in self._sets["cuts"]:
                return place
            acts = self._is_verb(word) and (place + 1 == len(words) or self._takes(word, words[place + 1]))
            if acts and self._lexicon.singular(words[place - 1]) in self._lexicon.heads:
                return place
        return len(words)

    def _head(self, words: list[str]) -> tuple[int, int, Classified] | None:
        """Return where the last noun stands, how many words it has, and what it says."""
        heads = self._lexicon.heads
        for end in range(len(words), 0, -1):
            if words[end - 1] in ADVERBS and any(self._lexicon.singular(word) in heads for word in words[: end - 1]):
                continue
            for length in range(min(LONGEST + 1, end), 0, -1):
                named = self._noun(words[end - length : end])
                if named is not None:
                    return end - length, length, named
        return self._lone_tag(words)

    def _lone_tag(self, words: list[str]) -> tuple[int, int, Classified] | None:
        """Return the last word that is a known tag, though it is no head."""
        for place in range(len(words) - 1, -1, -1):
            if words[place] not in self._lexicon.states and (entry := vocabulary().find(words[place])):
                return place, 1, _known(entry, "known ending")
        return None

    def _noun(self, words: list[str]) -> Classified | None:
        name = " ".join(words)
        if len(words) > 1 and (entry := vocabulary().find(name)):
            return _known(entry, "known ending")
        last = self._lexicon.singular(words[-1])
        for key in (name, " ".join([*words[:-1], last])):
            if key in self._lexicon.heads:
                return Classified(*self._lexicon.heads[key], key, "head word")
        return None

    def _about_people(self, key: str, words: list[str], end: int) -> Classified | None:
        """Read what people do, where the phrase says no more about them."""
        if key in self._sets["people"] and end < len(words) and self._is_verb(words[end]):
            return self._verb(words[end:])
        return None

    def _positioned(self, key: str, words: list[str], end: int) -> Classified | None:
        """Read where a part of the body or a thing in the hand is: `hand on hip`, `sword in hand`."""
        if end >= len(words) - 1:
            return None
        if key in self._sets["placed"] and words[end] in self._sets["positions"]:
            return Classified("pose", "limbs", key, "modifier")
        held = self._lexicon.singular(words[-1]) in ("hand", "mouth", "arm", "paw", "lap") and words[end] in (
            "in",
            "between",
        )
        if held and self._lexicon.heads.get(key, Sense("", "")).group == "background":
            return Classified("pose", "holding", key, "modifier")
        return None

    def _turned(self, named: Classified, key: str, beside: set[str]) -> Classified:
        """Return the head's group, or the one to which a word beside it turns the phrase."""
        for shift in self._lexicon.shifts.get(key, ()):
            turning = beside & shift.words
            if turning:
                return Classified(*shift.sense, f"{min(turning)} {key}", "modifier")
        return named

    def _adjective(self, words: list[str]) -> Classified | None:
        """Read a phrase without any noun by its last adjective, or by what a word ends with."""
        for word in reversed(words):
            if word in self._lexicon.states:
                return Classified(*self._lexicon.states[word], word, "adjective")
        for word in reversed(words):
            sense = self._ending(word)
            if sense is not None:
                return Classified(*sense, word, "word ending")
        return None

    def _ending(self, word: str) -> Sense | None:
        before, hyphen, last = word.rpartition("-")
        if hyphen and before:
            key = self._lexicon.singular(last)
            return self._lexicon.endings.get(last) or self._lexicon.heads.get(key) or self._lexicon.states.get(last)
        return next(
            (sense for tail, sense in self._lexicon.tails if word.endswith((tail, tail + "s")) and word != tail), None
        )

    def _rest(self, words: list[str]) -> Classified | None:
        """Read what follows the first part, where that says nothing."""
        end = self._cut(words)
        return self.classify(words[end + 1 :]) if end < len(words) - 1 else None
