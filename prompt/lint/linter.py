"""Asks every rule about a prompt."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ..collector import uncollected
from ..families.catalog import as_family
from ..syntax.edits import Edit
from .finding import Finding, Spot
from .prompt import Prompt, Setting
from .table import RULES, Rule

if TYPE_CHECKING:
    from ..families.profiles import Family

MOST_SPOTS = 500
"""Findings of one code in one prompt; nobody reads more."""


def lint(
    text: str,
    *,
    dialect: str = "a1111",
    family: Family | str | None = None,
    negative: str = "",
    tag_aware: bool = True,
    loras: Collection[str] | None = None,
    embeddings: Collection[str] | None = None,
    wildcards: Collection[str] | None = None,
    known: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Return what is to be said about a prompt, in the order of its places.

    Args:
        text: the positive prompt; any string.
        dialect: one of `syntax.DIALECTS`: how it is written.
        family: the model family that it is for, or its id.
        negative: the negative prompt beside it.
        tag_aware: whether it is encoded with tags like `;)` kept whole, as the node Encode Prompt can.
        loras: the LoRAs that are there, if that is known; likewise `embeddings` and `wildcards`.
        embeddings: see `loras`.
        wildcards: see `loras`.
        known: further canonical names that are no mistakes, such as characters and artists.

    Raises:
        UnknownDialect: if there is no such dialect.
        UnknownFamily: if there is no such family.
        TagListError: if a list of names is in use and can't be read.
    """
    setting = Setting(dialect, as_family(family), False, negative, tag_aware, loras, embeddings, wildcards, known)
    return findings(Prompt(text, setting))


def lint_negative(
    text: str,
    *,
    dialect: str = "a1111",
    family: Family | str | None = None,
    positive: str = "",
    tag_aware: bool = True,
    loras: Collection[str] | None = None,
    embeddings: Collection[str] | None = None,
    wildcards: Collection[str] | None = None,
    known: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Return what is to be said about a negative prompt; as `lint`, with the positive prompt beside it."""
    setting = Setting(dialect, as_family(family), True, positive, tag_aware, loras, embeddings, wildcards, known)
    return findings(Prompt(text, setting))


@uncollected
def findings(prompt: Prompt, most: int = MOST_SPOTS) -> tuple[Finding, ...]:
    """Return the findings about a prompt, `most` of each code, in the order of their places, then of their codes."""
    found = [finding for rule in RULES for finding in _of_rule(rule, prompt, most)]
    return tuple(sorted(found, key=lambda finding: (finding.start, finding.code, finding.end)))


def _of_rule(rule: Rule, prompt: Prompt, most: int) -> Iterator[Finding]:
    for count, spot in enumerate(islice(rule.find(prompt), most), 1):
        yield _finding(rule, spot, prompt.offset, " (and perhaps more like this behind it)" if count == most else "")


def _finding(rule: Rule, spot: Spot, offset: int, remark: str) -> Finding:
    return Finding(
        rule.code,
        spot.severity or rule.severity,
        spot.start + offset,
        spot.end + offset,
        spot.message + remark,
        _moved(spot.fixes, offset) if spot.fixes else spot.fixes,
        bool(spot.fixes) and spot.changes_weights,
        tuple(item._replace(edits=_moved(item.edits, offset)) for item in spot.suggestions),
    )


def _moved(edits: tuple[Edit, ...], offset: int) -> tuple[Edit, ...]:
    """Return edits of what stands behind a system prompt as edits of the whole."""
    return tuple(edit._replace(start=edit.start + offset, end=edit.end + offset) for edit in edits) if offset else edits
