"""Checks fixes before they are made, whatever their rule promises: words that stay keep their effective weight."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from ..syntax import Kind
from ..syntax.edits import Edit, apply_edits
from .finding import Finding
from .prompt import Prompt

MOST_CHECKS = 40
"""So often a text is parsed to find the fixes that break something; what is not checked by then is not made."""
WORD = re.compile(r"[^\W_]+")

Kept: TypeAlias = tuple[Counter[tuple[str, float]], Counter[str], list[str]]
"""Words with the weights that they are encoded with; words of tags and brackets' numbers; references."""


def safe_to_make(prompt: Prompt, chosen: list[Finding]) -> tuple[list[Finding], Prompt]:
    """Return those of the findings whose fixes together break nothing, and the prompt with these made.

    These are all, or what halving leaves. A fix breaks something if a word has another weight behind it, or is lost
    though no edit takes it out, or if a LoRA, an embedding or a wildcard is not the same.
    """
    waiting = [chosen] if chosen else []
    made: list[Finding] = []
    mended = prompt
    kept = _kept(prompt) if chosen else None
    for _ in range(MOST_CHECKS):
        if not waiting or kept is None:
            break
        part = waiting.pop()
        changed = with_fixes(prompt, [*made, *part])
        if _keeps(kept, _kept(changed), _taken_out(prompt.whole_text, [*made, *part])):
            made += part
            mended = changed
        elif len(part) > 1:
            half = len(part) // 2
            waiting += [part[half:], part[:half]]
    return made, mended


def with_fixes(prompt: Prompt, chosen: Iterable[Finding]) -> Prompt:
    """Return the prompt with the findings' edits made."""
    return Prompt(apply_edits(prompt.whole_text, _edits(chosen)), prompt.setting)


def _edits(chosen: Iterable[Finding]) -> list[Edit]:
    return [edit for finding in chosen for edit in finding.fixes or ()]


def _kept(prompt: Prompt) -> Kept:
    """Return what a fix must keep."""
    tree, aware = prompt.tree, prompt.aware_tree
    words = Counter((word, round(tag.weight, 6)) for tag in tree.tags for word in _words(tag.name))
    everything = Counter(word for node in tree.of_kind(Kind.TAG, Kind.EDGE) for word in _words(tree.source(node)))
    references = [aware.source(node) for node in aware.of_kind(Kind.LORA, Kind.EMBEDDING, Kind.WILDCARD)]
    return words, everything, references


def _words(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFKC", text.replace("\\", "").casefold()))


def _taken_out(text: str, chosen: list[Finding]) -> Counter[str]:
    """Return the words that the findings' edits take out on purpose."""
    edits = _edits(chosen)
    gone = Counter(word for edit in edits for word in _words(text[edit.start : edit.end]))
    return gone - Counter(word for edit in edits for word in _words(edit.replacement))


def _keeps(before: Kept, after: Kept, taken_out: Counter[str]) -> bool:
    """Return whether words have the weights that they had, none is lost by the way, and references are the same."""
    changed, lost = after[0] - before[0], before[1] - after[1] - taken_out
    return not changed and not lost and before[2] == after[2]
