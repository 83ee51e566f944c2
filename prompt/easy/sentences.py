"""Turns tags into sentences for models that read English: `1girl, smirk` into `A girl is smirking`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..syntax import Kind, Node, Tree, canonical, parse
from ..tags.vocabulary import vocabulary
from .detecting import is_description
from .slots import QUALIFIER, Piece, piece
from .stand_ins import StandIns, stand_ins
from .writing import Writer

STOP = re.compile(r"[\w)\]]\.(?:\s|$)")
OPAQUE = frozenset({Kind.SCHEDULE, Kind.ALTERNATION, Kind.VARIANT})
KEPT = frozenset({Kind.LORA, Kind.EMBEDDING, Kind.WILDCARD})
EXACT = 1e-9
"""Weights that differ by less are the same: a product of brackets is not exact."""
LOST = frozenset({Kind.AND, Kind.BREAK, Kind.AND_WEIGHT, Kind.COMMENT})


@dataclass(frozen=True)
class EasySentences:
    """What became of tags.

    Attributes:
        text: the prompt.
        remainder: tags that no sentence was found for; they stand behind `Also:`.
        dropped: quality tags, which sentence families were not taught.
        weights: tags whose attention weights were lost.
        explained: each tag that is said, and its words before it shares a noun with others.
        changes: what else was changed, in words.
        untouched: it was plain English already.
    """

    text: str
    remainder: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    explained: tuple[tuple[str, str], ...] = ()
    changes: tuple[str, ...] = ()
    untouched: bool = False


def sentences_from(tags: str, dialect: str = "a1111", weights: bool = False) -> EasySentences:
    """Turn tags into sentences; plain English stays untouched.

    Args:
        tags: the prompt.
        dialect: the one that it is written in.
        weights: keep attention weights as `(words:1.2)`, for families that read them.

    Raises:
        UnknownDialect: no such dialect.
    """
    tree = parse(tags, dialect)
    if is_sentences(tree):
        return EasySentences(tags, untouched=True)
    outside = _outside(tree)
    within = stand_ins(tree, outside)
    written = within.restored
    pieces = _pieces(tree, outside, within)
    needless = dict(_needless(pieces))
    said = [_placed(here, weights) for here in pieces if here.slot != "drop" and here.tag not in needless]
    weighed = tuple(here.tag for here in said if here.weight != 1)
    sentences = list(Writer(said, _weighed if weights else _plain).sentences())
    kept = [tree.source(node) for place, node in enumerate(outside) if node.kind in KEPT and place not in within.taken]
    return EasySentences(
        " ".join([*map(written, sentences), *kept]),
        remainder=tuple(written(here.tag) for here in said if here.slot == "also"),
        dropped=tuple(here.tag for here in pieces if here.slot == "drop"),
        weights=() if weights else tuple(map(written, weighed)),
        explained=tuple((written(here.tag), written(here.text)) for here in said),
        changes=(*map(written, needless.values()), *_changes(tree)),
    )


def is_sentences(tree: Tree) -> bool:
    """Return whether a prompt is English sentences."""
    text = tree.text.strip()
    written = text.lstrip("([{")[:1].isupper() and STOP.search(text) is not None
    return not text or written or (is_description(tree) and " " in text)


def _pieces(tree: Tree, outside: list[Node], within: StandIns) -> list[Piece]:
    """Return each tag once, as it is said; syntax that sentences can't hold is kept as it is written."""
    found: dict[str, Piece] = {}
    for place, node in enumerate(outside):
        if place in within.taken:
            name = within.tags.get(place, "")
            if name:
                found.setdefault(name, piece(name, node.weight))
        elif node.kind in OPAQUE:
            source = tree.source(node)
            found.setdefault(source, Piece(source, "also", source))
        elif node.kind is Kind.TAG:
            name = canonical(tree.source(node))
            if name and name not in found:
                found[name] = piece(name, node.weight)
    return list(found.values())


def _placed(here: Piece, weights: bool) -> Piece:
    """Keep a `solo` that contradicts the count tags; a name's brackets are no weight where those are read."""
    here = here._replace(slot="also") if here.tag == "solo" else here
    named = weights and here.slot == "also" and QUALIFIER.search(here.text)
    return here._replace(text=re.sub(r"(?<!\\)([()])", r"\\\1", here.text)) if named else here


def _needless(pieces: list[Piece]) -> Iterator[tuple[str, str]]:
    """Go through the tags that others say already, each with a remark."""
    counts = [here.tag for here in pieces if here.slot == "count" and here.tag != "solo"]
    one = counts[0] if len(counts) == 1 and counts[0].startswith("1") else "" if counts else "naming one"
    implied = {(here.slot, here.noun, tag): here.tag for here in pieces for tag in vocabulary().implied(here.tag)}
    for here in pieces:
        by = one if here.tag == "solo" else implied.get((here.slot, here.noun, here.tag), "")
        if by and (here.noun or here.tag == "solo"):
            yield here.tag, f"{here.tag} is said by {by}"


def _outside(tree: Tree) -> list[Node]:
    """Return the nodes that stand in no schedule and no choice."""
    found: list[Node] = []
    inside = [False] * len(tree.nodes)
    for index, node in enumerate(tree.nodes):  # parents come first
        inside[index] = node.parent >= 0 and (inside[node.parent] or tree.nodes[node.parent].kind in OPAQUE)
        if not inside[index]:
            found.append(node)
    return found


def _plain(said: Piece, text: str) -> str:
    return text


def _weighed(said: Piece, text: str) -> str:
    return text if said.weight == 1 else f"({text}:{short(said.weight)})"


def short(weight: float) -> str:
    """Return a weight with three decimals at most where that is exact, else with two: `0.91` for `[smile]`."""
    exact = round(weight, 3)
    if abs(weight - exact) < EXACT and exact:
        return f"{exact:g}"
    rounded = round(weight, 2)
    return f"{weight:.3g}" if rounded in (0, 1) else f"{rounded:g}"


def _changes(tree: Tree) -> list[str]:
    kinds = {node.kind for node in tree.nodes}
    return [f"{kind.value} is gone: sentences have none" for kind in sorted(kinds & LOST, key=lambda kind: kind.value)]
