"""Turns a description that holds syntax into tags: what stands between brackets, LoRA and AND, each in its place."""

from __future__ import annotations

from collections.abc import Callable

from ..syntax import Kind, Node, Tree, canonical
from ..tags.vocabulary import vocabulary
from .collected import Collected, listed
from .detecting import is_prose
from .reader import Reader
from .replacing import replaced
from .wording import wording
from .words import clauses

UNSURE = frozenset({"no", "never", "none", "minus", "neither", "nor"})
"""Negations that names begin with, such as `no game no life`."""
BORDERS = frozenset({Kind.AND, Kind.BREAK})


def in_place(tree: Tree) -> tuple[str, list[Collected]]:
    """Return the prompt with its plain parts as tags, and what was found in each of them."""
    return _written(tree, _read(tree, _reader))


def without_denied(tree: Tree) -> tuple[str, list[Collected]] | None:
    """Return a list of tags without those that deny something, such as `not smiling`; None where it has none."""
    readers = _read(tree, _denying)
    return _written(tree, readers) if readers else None


def _written(tree: Tree, readers: dict[int, Reader]) -> tuple[str, list[Collected]]:
    found: dict[int, Collected] = {}
    own: dict[int, Reader] = {}
    for index, node in enumerate(tree.nodes):
        if index in readers:
            own[index] = readers[index]
        elif node.kind in BORDERS:
            found |= _counted(own)
            own = {}
    found |= _counted(own)
    return replaced(tree, {index: listed(part.groups()) for index, part in found.items()}), list(found.values())


def _counted(readers: dict[int, Reader]) -> dict[int, Collected]:
    """Count the people between two borders; a pronoun tells of somebody only where nobody is named beside it."""
    found: dict[int, Collected] = {}
    named = any(reader.people.named for reader in readers.values())
    for index, reader in readers.items():
        found[index] = reader.count(pronouns=not named)
        named = named or reader.people.named
    return found


def _read(tree: Tree, reads: Callable[[str], Reader | None]) -> dict[int, Reader]:
    """Return a reader for each tag that is plain English or means known tags, as `smiling` means `smile`."""
    readers: dict[int, Reader] = {}
    others: set[str] = set()
    for index, node in enumerate(tree.nodes):
        source = tree.source(node) if node.kind is Kind.TAG else ""
        if source and source not in others:
            reader = reads(source)
            if reader is None:
                others.add(source)
            elif _has_brackets(tree, node) or _is_a_word(reader.collected):
                readers[index] = reader
    return readers


def _reader(source: str) -> Reader | None:
    """Return a reader that has read a tag, or None where that is a known tag or means none."""
    name = canonical(source)
    prose = is_prose(name)
    if not prose and _is_tag(name):
        return None
    reader = Reader()
    reader.read_all(clauses(source))
    return reader if prose or not reader.collected.remainder else _denying(source)


def _denying(source: str) -> Reader | None:
    """Return a reader that has read a tag which only denies something, or None for others: `no humans`, `no game`."""
    name = canonical(source)
    first, _, rest = name.partition(" ")
    if not rest or first not in wording().lists["negations"] or vocabulary().find(name) or name in wording().means:
        return None
    reader = Reader()
    reader.read_all(clauses(source))
    found = reader.collected
    unsure = first in UNSURE and len(found.remainder) > 1
    return None if found.positive or not found.negative or unsure else reader


def _is_tag(name: str) -> bool:
    entry = vocabulary().find(name)
    return entry is not None and entry.name == name


def _has_brackets(tree: Tree, node: Node) -> bool:
    """Return whether the weight of a tag counts for more than one word: not that of compel's `smiling++`."""
    around = tree.nodes[node.parent]
    return around.kind is not Kind.ATTENTION or around.start < node.start


def _is_a_word(found: Collected) -> bool:
    return not found.negative and len(found.positive) == 1 and " " not in next(iter(found.positive))
