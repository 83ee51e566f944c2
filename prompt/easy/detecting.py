"""Tells a plain description from a list of tags."""

from __future__ import annotations

import re

from ..syntax import Kind, Tree, canonical
from ..tags.vocabulary import vocabulary
from .nouns import is_noun
from .people import sex_of
from .wording import wording
from .words import Word, clauses

PLAIN = frozenset({Kind.PROMPT, Kind.TAG, Kind.SEPARATOR, Kind.SPACE})
QUOTED = re.compile(r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”")
ADJECTIVES = frozenset({"male", "female"})
"""Words for people that are tags by themselves."""
NOBODY = "no humans"
"""The count tag that is plain English too."""
LONG = 10
"""A part of more words is no tag."""


def is_description(tree: Tree) -> bool:
    """Return whether a prompt is plain English rather than a list of tags."""
    if is_plain(tree):
        return describes(clauses(tree.text))
    names = [canonical(QUOTED.sub("", tree.source(node))) for node in tree.of_kind(Kind.TAG)]
    return not any(_is_count(name) for name in names) and any(is_prose(name) for name in names)


def describes(parts: list[list[Word]]) -> bool:
    """Return whether a text without syntax is plain English: a few words alone, or a part with articles or verbs."""
    names = [" ".join(word.name for word in part if not word.quoted) for part in parts]
    if any(_is_count(name) for name in names):
        return False
    if len(names) == 1:
        return " " in names[0] and vocabulary().find(names[0]) is None
    return any(is_prose(name) for name in names)


def is_plain(tree: Tree) -> bool:
    """Return whether a prompt holds no syntax; `:3` at its end is no weight where no AND stands."""
    kinds = {node.kind for node in tree.nodes}
    return kinds <= PLAIN or (kinds <= PLAIN | {Kind.AND_WEIGHT} and Kind.AND not in kinds)


def is_prose(part: str) -> bool:
    """Return whether what stands between two commas is plain English: it has an article, a verb, or a person."""
    words = part.split()
    if not words or vocabulary().find(part) is not None:
        return False
    if len(words) > LONG or not wording().lists["prose"].isdisjoint(words):
        return True
    if vocabulary().find(" ".join(words[-2:])) is not None:
        return False
    if part in ADJECTIVES:
        return False
    following = [*words[1:], ""]
    return any(sex_of(word) and not is_noun(after) for word, after in zip(words, following, strict=True))


def _is_count(part: str) -> bool:
    entry = vocabulary().find(part)
    return entry is not None and entry.subgroup == "count" and entry.name == part and part != NOBODY
