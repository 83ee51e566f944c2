"""Turns a description that holds syntax into tags: what stands between brackets, LoRA and AND, each in its place."""

from __future__ import annotations

from ..syntax import Kind, Node, Tree, canonical
from ..tags.vocabulary import vocabulary
from .collected import Collected, listed
from .detecting import is_prose
from .reader import Reader
from .replacing import replaced
from .words import clauses

BORDERS = frozenset({Kind.AND, Kind.BREAK})


def in_place(tree: Tree) -> tuple[str, list[Collected]]:
    """Return the prompt with its plain parts as tags, and what was found in each of them."""
    readers = _read(tree)
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


def _read(tree: Tree) -> dict[int, Reader]:
    """Return a reader for each tag that is plain English or means known tags, as `smiling` means `smile`."""
    readers: dict[int, Reader] = {}
    others: set[str] = set()
    for index, node in enumerate(tree.nodes):
        source = tree.source(node) if node.kind is Kind.TAG else ""
        if source and source not in others:
            reader = _reader(source)
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
    return reader if prose or not reader.collected.remainder else None


def _is_tag(name: str) -> bool:
    entry = vocabulary().find(name)
    return entry is not None and entry.name == name


def _has_brackets(tree: Tree, node: Node) -> bool:
    """Return whether the weight of a tag counts for more than one word: not that of compel's `smiling++`."""
    around = tree.nodes[node.parent]
    return around.kind is not Kind.ATTENTION or around.start < node.start


def _is_a_word(found: Collected) -> bool:
    return not found.negative and len(found.positive) == 1 and " " not in next(iter(found.positive))
