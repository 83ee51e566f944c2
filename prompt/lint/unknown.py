"""Rules on tags that nothing is known of: probably mistyped, or new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ..syntax.edits import Edit
from ..tags import lists
from ..tags.vocabulary import OTHER, vocabulary
from .finding import Spot, Suggestion, listed, quoted
from .near import nearest
from .numbers import glued_weight
from .phrases import Phrase
from .prompt import LONGEST_NAME, Prompt, group_of, is_known, is_prose

WORD = re.compile(r"[^\W\d_]{3,}")
SYNTAX = re.compile(r"[()\[\]{}|<>（）［］｛｝：｜]|[:;=]\s*\d[\w.]*\Z|\d::|::\Z")
"""What makes a tag one that other rules speak of."""


def misspelt(prompt: Prompt) -> Iterator[Spot]:
    """Find tags with a word that no tag has, beside which there is a known tag."""
    for phrase in _unknown(prompt):
        tag = meant(phrase.name)
        if tag is not None:
            message = f"{quoted(prompt.source(phrase))} is no tag that Tagloom knows; did you mean {quoted(tag)}?"
            edits = (Edit(phrase.start, phrase.end, tag),)
            yield Spot(phrase.start, phrase.end, message, suggestions=(Suggestion(f"write {tag}", edits),))


def new_names(prompt: Prompt) -> Iterator[Spot]:
    """Find the tags that belong to no group, and name them all at once."""
    unknown = [
        phrase
        for phrase in _unknown(prompt)
        if group_of(phrase.name) == OTHER and _is_plain(prompt, phrase) and meant(phrase.name) is None
    ]
    if unknown:
        names = listed(list(dict.fromkeys(prompt.source(phrase) for phrase in unknown)))
        message = f"of {names} Tagloom knows nothing; that is fine for names of characters, series and artists"
        yield Spot(unknown[0].start, unknown[0].end, message)


def _is_plain(prompt: Prompt, phrase: Phrase) -> bool:
    """Return whether a tag has words, and no syntax that was taken for text."""
    syntax = SYNTAX.search(prompt.masked, phrase.start, phrase.end) is not None
    bracketed = prompt.masked[phrase.end : phrase.end + 1] == ")"
    weighted = bracketed and glued_weight(prompt.source(phrase)) is not None
    return not syntax and not weighted and WORD.search(phrase.name) is not None


def meant(name: str) -> str | None:
    """Return the tag that a name was probably meant to be, or None; free phrases of known words are none."""
    words = WORD.findall(name)
    if words and all(word in _words() for word in words):
        return None
    return nearest(name)


def is_name(prompt: Prompt, name: str) -> bool:
    """Return whether a name is a known tag, in the lists in use, or among those that the caller gave."""
    return is_known(name) or name in prompt.setting.known or lists.listed(name) is not None


def _unknown(prompt: Prompt) -> Iterator[Phrase]:
    if not prompt.takes_tags:
        return
    told: set[str] = set()
    for phrase in prompt.whole:
        if phrase.name in told or len(phrase.name) > LONGEST_NAME:
            continue
        told.add(phrase.name)
        known = is_name(prompt, phrase.name) or _is_remarked(prompt, phrase.name)
        if not known and not is_prose(prompt.source(phrase)):
            yield phrase


def _is_remarked(prompt: Prompt, name: str) -> bool:
    """Return whether the family has something to say about a word, so that it is no unknown one."""
    family = prompt.family
    return family is not None and (name in family.foreign or name in family.remarks or family.quality.knows(name))


@cache
def _words() -> frozenset[str]:
    """All words of the vocabulary's tags."""
    return frozenset(word for entry in vocabulary() for word in WORD.findall(entry.name))
