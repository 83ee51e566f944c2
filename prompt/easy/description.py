"""Turns a plain description into tags: `a girl with long orange hair` into `1girl, long hair, orange hair`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..syntax import Kind, Tree, canonical, parse
from ..syntax.edits import Edit, apply_edits
from ..tags.classify import classify
from ..tags.vocabulary import GROUPS, OTHER, vocabulary
from .collected import Collected, Explained
from .nouns import is_noun
from .people import sex_of
from .reader import Reader
from .wording import wording
from .words import Word, clauses

PLAIN = frozenset({Kind.PROMPT, Kind.TAG, Kind.SEPARATOR, Kind.SPACE})
QUOTED = re.compile(r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”")
LONG = 10
"""A part of more words is no tag."""


@dataclass(frozen=True)
class EasyTags:
    """What became of a description.

    Attributes:
        text: the prompt.
        groups: its tags and free phrases by tag group, in the specification's order; empty where it was left untouched.
        negative: what the description does not want (`without a hat`): for the negative prompt.
        remainder: words that no tag was found for. They are kept in free phrases of `text`.
        explained: which words became which tags.
        joining: words that only join others and became nothing.
        untouched: it was a list of tags already.
    """

    text: str
    groups: dict[str, tuple[str, ...]]
    negative: tuple[str, ...] = ()
    remainder: tuple[str, ...] = ()
    explained: tuple[Explained, ...] = ()
    joining: tuple[str, ...] = ()
    untouched: bool = False


def tags_from(description: str, dialect: str = "a1111") -> EasyTags:
    """Turn a plain description into tags; a list of tags stays untouched.

    Weights, LoRA, AND and other syntax stay where they are; what stands between them is turned into tags in its place.

    Raises:
        UnknownDialect: no such dialect.
    """
    tree = parse(description, dialect)
    if _is_plain(tree):
        return _of_plain_text(description)
    return _in_place(tree) if is_description(tree) else EasyTags(description, {}, untouched=True)


def _of_plain_text(text: str) -> EasyTags:
    parts = clauses(text)
    if vocabulary().find(canonical(text)) is not None or not _describes(parts):
        return EasyTags(text, {}, untouched=True)
    collected = _read(parts)
    groups = _grouped(collected)
    return _result(_listed(groups), groups, [collected])


def is_description(tree: Tree) -> bool:
    """Return whether a prompt is plain English rather than a list of tags."""
    if _is_plain(tree):
        return _describes(clauses(tree.text))
    names = [canonical(QUOTED.sub("", tree.source(node))) for node in tree.of_kind(Kind.TAG)]
    return not any(_is_count(name) for name in names) and any(_is_prose(name) for name in names)


def _describes(parts: list[list[Word]]) -> bool:
    """Return whether a text without syntax is plain English: a few words alone, or a part with articles or verbs."""
    names = [" ".join(word.name for word in part if not word.quoted) for part in parts]
    if any(_is_count(name) for name in names):
        return False
    if len(names) == 1:
        return " " in names[0] and vocabulary().find(names[0]) is None
    return any(_is_prose(name) for name in names)


def _is_plain(tree: Tree) -> bool:
    """Return whether a prompt holds no syntax; `:3` at its end is no weight where no AND stands."""
    kinds = {node.kind for node in tree.nodes}
    return kinds <= PLAIN or (kinds <= PLAIN | {Kind.AND_WEIGHT} and Kind.AND not in kinds)


def _is_count(part: str) -> bool:
    entry = vocabulary().find(part)
    return entry is not None and entry.subgroup == "count" and entry.name == part


def _is_prose(part: str) -> bool:
    words = part.split()
    if not words or vocabulary().find(part) is not None:
        return False
    if len(words) > LONG or not wording().lists["prose"].isdisjoint(words):
        return True
    if vocabulary().find(" ".join(words[-2:])) is not None:
        return False
    following = [*words[1:], ""]
    return any(sex_of(word) and not is_noun(after) for word, after in zip(words, following, strict=True))


def _read(parts: list[list[Word]]) -> Collected:
    reader = Reader()
    for clause in parts:
        reader.read(clause)
    reader.finish()
    collected = reader.collected
    collected.count(reader.people.tags())
    said = {tag.rpartition(" ")[2] for tag in collected.positive if " " in tag}
    generic = [tag for tag in collected.positive if tag in said and classify(tag).group == "body"]
    for tag in generic:
        del collected.positive[tag]
    return collected


def _grouped(collected: Collected) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {group: [] for group in (*GROUPS, OTHER)}
    for tag in collected.positive:
        groups["background" if tag[:1] in '"“' else classify(tag).group].append(tag)
    return {group: tuple(tags) for group, tags in groups.items() if tags}


def _result(text: str, groups: dict[str, tuple[str, ...]], parts: list[Collected]) -> EasyTags:
    return EasyTags(
        text,
        groups,
        negative=tuple(dict.fromkeys(tag for part in parts for tag in part.negative)),
        remainder=tuple(word for part in parts for word in part.remainder),
        explained=tuple(entry for part in parts for entry in part.explained),
        joining=tuple(word for part in parts for word in part.joining),
    )


def _in_place(tree: Tree) -> EasyTags:
    """Turn each part between syntax into tags where it stands."""
    edits: list[Edit] = []
    parts: list[Collected] = []
    for node in tree.of_kind(Kind.TAG):
        if _is_prose(canonical(tree.source(node))):
            part = _read(clauses(tree.source(node)))
            parts.append(part)
            edits.append(Edit(node.start, node.end, _listed(_grouped(part)) + _comma(tree.text, node.end, part)))
    groups: dict[str, tuple[str, ...]] = {}
    for group in (*GROUPS, OTHER):
        tags = tuple(dict.fromkeys(tag for part in parts for tag in _grouped(part).get(group, ())))
        groups |= {group: tags} if tags else {}
    return _result(apply_edits(tree.text, edits), groups, parts)


def _listed(groups: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(_written(tag) for tags in groups.values() for tag in tags)


def _comma(text: str, end: int, part: Collected) -> str:
    """Return the comma that tags need before a wildcard, a reference or a bracket that follows without one."""
    return (
        ","
        if part.positive and text[end : end + 40].lstrip(" ").startswith(("__", "(", "<", "{", "[", "embedding:"))
        else ""
    )


def _written(tag: str) -> str:
    r"""Return a tag as a prompt holds it: `star \(sky\)`."""
    return re.sub(r"([()\[\]])", r"\\\1", tag)
