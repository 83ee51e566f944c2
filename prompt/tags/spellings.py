"""Other spellings of tags: those that `data/tags/aliases.yaml` lists, and those that its rules make."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from .listing import names_of, tag_data

IRREGULAR = {"child": "children", "foot": "feet", "leaf": "leaves", "mouse": "mice", "knife": "knives"}


def read_spellings(tags: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Go through the other spellings of tags, each with its tag; a listed one comes before one that a rule makes.

    Args:
        tags: each tag with its sub-group.
    """
    contents = tag_data("aliases")
    for tag, spellings in contents["tags"].items():
        yield from ((spelling, tag) for spelling in names_of(spellings))
    yield from _by_rule(tags, contents["rules"])


def _by_rule(tags: Iterable[tuple[str, str]], rules: dict[str, Any]) -> Iterator[tuple[str, str]]:
    others = {word: [other.replace("none", "") for other in names_of(text)] for word, text in rules["words"].items()}
    word = re.compile(rf"(?<![a-z])(?:{'|'.join(map(re.escape, others))})(?![a-z])")
    plurals, singulars = set(names_of(rules["plurals"])), tuple(names_of(rules["singulars"]))
    for tag, subgroup in tags:
        found = word.search(tag)
        if found is not None:
            for other in others[found[0]]:
                yield " ".join(f"{tag[: found.start()]}{other}{tag[found.end() :]}".split()), tag
        if rules["hyphens"] and "-" in tag[1:-1]:
            yield tag.replace("-", " "), tag
        if subgroup in plurals:
            yield from ((plural, tag) for plural in _plural(tag))
        if tag.endswith(singulars):
            yield tag.removesuffix("s"), tag


def _plural(tag: str) -> Collection[str]:
    """Return a tag's plural, if it ends with a plain word that has one."""
    first, space, last = tag.rpartition(" ")
    if not last.isalpha() or last.endswith("s"):
        return ()
    if last in IRREGULAR:
        return (first + space + IRREGULAR[last],)
    if last.endswith(("x", "ch", "sh")):
        return (f"{tag}es",)
    if last.endswith("y") and last[-2:-1] not in set("aeou"):
        return (f"{tag[:-1]}ies",)
    return (f"{tag}s",)
