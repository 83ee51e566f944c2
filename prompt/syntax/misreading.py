"""Finds the tags that a dialect's own parser takes for syntax."""

from __future__ import annotations

from .attention import attention_keeping
from .dialects import Dialect, get_dialect
from .parser import parse_keeping
from .tree import Kind, Misreading, Tree

MOST_READ = 100_000
"""Characters that are read to try each tag by itself; in a longer prompt the tags are judged together."""


def misreadings(tree: Tree) -> list[Misreading]:
    """Return the tags that the dialect's own parser would not leave alone, or that change how it reads the rest."""
    rules = get_dialect(tree.dialect)
    kept = list(tree.kept)
    if not kept:
        return []
    aware, own = _reading(tree.text, rules, kept), _reading(tree.text, rules, [])
    together = [Misreading(start, end, tree.text[start:end]) for start, end in kept]
    if len(kept) * len(tree.text) > MOST_READ:
        return together if own != aware else []
    found = [
        tag
        for index, tag in enumerate(together)
        if _reading(tree.text, rules, kept[:index] + kept[index + 1 :]) != aware
    ]
    return found or (together if own != aware else [])  # `>:(, ;)` is a pair of brackets only together


def _reading(text: str, rules: Dialect, kept: list[tuple[int, int]]) -> tuple[object, object]:
    """Return what is encoded with which weight, and what is syntax besides; equal where two readings are."""
    segments = [(segment.text, str(segment.weight)) for segment in attention_keeping(text, rules, kept)]
    nodes = parse_keeping(text, rules, kept, references=False, wildcards=False).nodes
    return segments, [node[:3] for node in nodes if node.kind not in (Kind.TAG, Kind.SPACE)]
