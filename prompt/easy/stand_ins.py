"""Keeps a wildcard or a choice in the tag that it is a part of: `__color__ hair` is said as one tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..syntax import Kind, Node, Tree, canonical
from ..tags.vocabulary import vocabulary
from .phrasing import PLACING
from .wording import is_transitive

STANDING_IN = frozenset({Kind.WILDCARD, Kind.SCHEDULE, Kind.ALTERNATION, Kind.VARIANT})
PARTS = STANDING_IN | {Kind.TAG, Kind.SPACE}
FIRST, LAST = 0xE000, 0xF8FF
"""Characters without a meaning of their own: each is written for one stand-in while sentences are made."""
PRIVATE = re.compile(f"[{chr(FIRST)}-{chr(LAST)}]")


class StandIns(NamedTuple):
    """The stand-ins of a prompt.

    Attributes:
        tags: for the place of a tag's last node among the nodes, its name with a character for each stand-in.
        taken: the places of all nodes that are in those tags.
        sources: what each character is written for.
    """

    tags: dict[int, str]
    taken: set[int]
    sources: dict[str, str]

    def restored(self, text: str) -> str:
        """Return a text with the stand-ins as they were written."""
        return PRIVATE.sub(lambda match: self.sources.get(match[0], match[0]), text) if self.sources else text


def stand_ins(tree: Tree, nodes: list[Node]) -> StandIns:
    """Find the stand-ins that are a part of a tag; none in a text that has such characters itself."""
    found = StandIns({}, set(), {})
    if PRIVATE.search(tree.text):
        return found
    letters: dict[str, str] = {}
    for run in _runs(tree, nodes):
        texts = [_text(tree, nodes[place], letters) for place in run]
        if FIRST + len(letters) > LAST:
            break
        found.tags[run[-1]] = " ".join(text for text in texts if text)
        found.taken.update(run)
    found.sources.update({letter: source for source, letter in letters.items()})
    return found


def _text(tree: Tree, node: Node, letters: dict[str, str]) -> str:
    source = tree.source(node)
    return letters.setdefault(source, chr(FIRST + len(letters))) if node.kind in STANDING_IN else canonical(source)


def _runs(tree: Tree, nodes: list[Node]) -> Iterator[list[int]]:
    """Go through the places of nodes that stand together without a comma, where they are one tag."""
    run: list[int] = []
    for place, node in enumerate([*nodes, None]):
        goes_on = node is not None and node.kind in PARTS and "\n" not in tree.source(node)
        if node is None or not goes_on or (run and node.parent != nodes[run[-1]].parent):
            if _is_tag(tree, [nodes[at] for at in run]):
                yield run
            run = []
        if goes_on:
            run.append(place)


def _is_tag(tree: Tree, run: list[Node]) -> bool:
    parts = [node for node in run if node.kind is not Kind.SPACE]
    tags = [node.kind is Kind.TAG for node in parts]
    if all(tags) or not any(tags):
        return False
    at = max(place for place, is_tag in enumerate(tags) if is_tag)
    name = canonical(tree.source(parts[at]))
    last = name.split(" ")[-1]
    if at < len(parts) - 1 and not (last in PLACING or is_transitive(last)):
        return False
    entry = vocabulary().find(name)
    return entry is None or entry.subgroup != "count"
