"""Turns a plain description into tags: `a girl with long orange hair` into `1girl, long hair, orange hair`."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax import Tree, canonical, parse
from ..tags.vocabulary import GROUPS, OTHER, vocabulary
from .collected import Collected, Explained, listed
from .detecting import describes, is_description, is_plain
from .in_place import in_place, without_denied
from .reader import Reader
from .words import clauses


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
    """Turn a plain description into tags; a list of tags stays untouched, but for what it denies.

    Weights, LoRA, AND and other syntax stay where they are; what stands between them is turned into tags in its place.

    Raises:
        UnknownDialect: no such dialect.
    """
    tree = parse(description, dialect)
    if _is_described(tree):
        return _result(*_read(tree))
    found = without_denied(tree)
    if found is None:
        return EasyTags(description, {}, untouched=True)
    text, parts = found
    rest = parse(text, dialect)
    if _is_described(rest):
        text, others = _read(rest)
        parts = [*parts, *others]
    return _result(text, parts)


def _is_described(tree: Tree) -> bool:
    if not is_plain(tree):
        return is_description(tree)
    return vocabulary().find(canonical(tree.text)) is None and describes(clauses(tree.text))


def _read(tree: Tree) -> tuple[str, list[Collected]]:
    if not is_plain(tree):
        return in_place(tree)
    reader = Reader()
    reader.read_all(clauses(tree.text))
    found = reader.count()
    found.without_filler()
    return listed(found.groups()), [found]


def _result(text: str, parts: list[Collected]) -> EasyTags:
    by_part = [part.groups() for part in parts]
    groups = {
        group: tuple(dict.fromkeys(tag for found in by_part for tag in found.get(group, ())))
        for group in (*GROUPS, OTHER)
    }
    return EasyTags(
        text,
        {group: tags for group, tags in groups.items() if tags},
        negative=tuple(dict.fromkeys(tag for part in parts for tag in part.negative)),
        remainder=tuple(word for part in parts for word in part.remainder),
        explained=tuple(entry for part in parts for entry in part.explained),
        joining=tuple(word for part in parts for word in part.joining),
    )
