"""Makes the fixes that findings offer, round by round, until nothing is left to mend."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..collector import uncollected
from ..families.catalog import as_family
from .finding import Finding
from .keeping import safe_to_make, with_fixes
from .linter import findings
from .prompt import Prompt, Setting
from .text import printable

if TYPE_CHECKING:
    from ..families.profiles import Family

MOST_ROUNDS = 30
MOST_NODES = 20_000
"""Tags, separators and brackets of a prompt that is mended, and of all its rounds together."""
MOST_CHARACTERS = 60_000
"""Characters that are linted in all rounds together, apart from the first: it keeps huge prompts quick."""
AROUND = 40
MOST_SPOTS = 5_000
"""Findings of one code that are mended in a round."""


@dataclass(frozen=True)
class Fixed:
    """A mended prompt.

    Attributes:
        text: the prompt with the fixes made.
        applied: the findings that were mended; their places are those in the text of their round.
        left: what is still to be said about `text`.
        remark: why nothing was mended, if the prompt is too much for that.
    """

    text: str
    applied: tuple[Finding, ...]
    left: tuple[Finding, ...]
    remark: str = ""

    def report(self) -> str:
        """Return in words what was mended and what is left, one a line."""
        lines = [f"mended {finding.code}: {printable(finding.message)}" for finding in self.applied]
        nothing = [f"mended nothing: {self.remark}" if self.remark else "mended nothing"]
        return "\n".join([*(lines or nothing), *(f"left {item.code}: {printable(item.message)}" for item in self.left)])

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain data for JSON."""
        return {
            "text": self.text,
            "applied": [finding.as_dict() for finding in self.applied],
            "left": [finding.as_dict() for finding in self.left],
            "remark": self.remark,
        }


def fix(
    text: str,
    *,
    weights: bool = False,
    dialect: str = "a1111",
    family: Family | str | None = None,
    negative: str = "",
    tag_aware: bool = True,
    known: Collection[str] = (),
) -> Fixed:
    """Return a prompt with its fixes made.

    Args:
        text: the positive prompt; any string.
        weights: whether to make the fixes too that change effective weights.
        dialect: see `lint`, as for what follows.
        family: see `lint`.
        negative: see `lint`.
        tag_aware: see `lint`.
        known: see `lint`.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    return _fixed(Prompt(text, Setting(dialect, as_family(family), False, negative, tag_aware, known=known)), weights)


def fix_negative(
    text: str,
    *,
    weights: bool = False,
    dialect: str = "a1111",
    family: Family | str | None = None,
    positive: str = "",
    tag_aware: bool = True,
    known: Collection[str] = (),
) -> Fixed:
    """Return a negative prompt with its fixes made; as `fix`, with the positive prompt beside it."""
    return _fixed(Prompt(text, Setting(dialect, as_family(family), True, positive, tag_aware, known=known)), weights)


@uncollected
def _fixed(prompt: Prompt, weights: bool) -> Fixed:
    applied: list[Finding] = []
    refused: set[tuple[str, str]] = set()
    left = findings(prompt, MOST_SPOTS)
    parts = len(prompt.tree.nodes)
    if parts > MOST_NODES:
        remark = f"the prompt has {parts:,} tags, commas and brackets, and no more than {MOST_NODES:,} are mended"
        return Fixed(prompt.whole_text, (), left, remark)
    rounds = min(MOST_ROUNDS, MOST_NODES // parts, 1 + MOST_CHARACTERS // (1 + len(prompt.text)))
    for _ in range(rounds):
        text = prompt.whole_text
        wanted = [finding for finding in left if finding.fixes and (weights or not finding.changes_weights)]
        chosen = _apart([finding for finding in wanted if _place(text, finding) not in refused])
        safe = [finding for finding in chosen if not finding.changes_weights]
        made, mended = safe_to_make(prompt, safe)
        kept_back = {id(finding) for finding in safe} - {id(finding) for finding in made}
        refused |= {_place(text, finding) for finding in safe if id(finding) in kept_back}
        if len(safe) < len(chosen):
            made += [finding for finding in chosen if finding.changes_weights]
            mended = with_fixes(prompt, made)
        if mended.whole_text == text:
            break
        prompt = mended
        applied += made
        left = findings(prompt, MOST_SPOTS)
    return Fixed(prompt.whole_text, tuple(applied), left)


def _place(text: str, finding: Finding) -> tuple[str, str]:
    """Return what tells a finding from others of its code, also when the text has moved: what stands around it."""
    return finding.code, text[max(finding.start - AROUND, 0) : finding.end + AROUND]


def _apart(wanted: list[Finding]) -> list[Finding]:
    """Return the findings whose edits neither overlap nor touch those of one before; the rest has its round later."""
    taken: list[tuple[int, int]] = []
    chosen = []
    for finding in wanted:
        spans = [(edit.start, edit.end) for edit in finding.fixes or ()]
        if not any(_touches(taken, span) for span in spans):
            chosen.append(finding)
            for span in spans:
                insort(taken, span)
    return chosen


def _touches(taken: list[tuple[int, int]], span: tuple[int, int]) -> bool:
    at = bisect_right(taken, span)
    before = at > 0 and taken[at - 1][1] >= span[0]
    return before or (at < len(taken) and taken[at][0] <= span[1])
