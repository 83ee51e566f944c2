"""Makes the fixes that findings offer, round by round, until nothing is left to mend."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..collector import uncollected
from .finding import Finding
from .keeping import safe_to_make, with_fixes
from .linter import findings
from .prompt import Setting
from .text import printable

if TYPE_CHECKING:
    from ..families.profiles import Family

MOST_ROUNDS = 30
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
    """

    text: str
    applied: tuple[Finding, ...]
    left: tuple[Finding, ...]

    def report(self) -> str:
        """Return in words what was mended and what is left, one a line."""
        lines = [f"mended {finding.code}: {printable(finding.message)}" for finding in self.applied]
        return "\n".join(
            [*(lines or ["mended nothing"]), *(f"left {item.code}: {printable(item.message)}" for item in self.left)]
        )

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain data for JSON."""
        return {
            "text": self.text,
            "applied": [finding.as_dict() for finding in self.applied],
            "left": [finding.as_dict() for finding in self.left],
        }


def fix(
    text: str,
    *,
    weights: bool = False,
    dialect: str = "comfyui",
    family: Family | None = None,
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
    return _fixed(text, Setting(dialect, family, False, negative, tag_aware, known=known), weights)


def fix_negative(
    text: str,
    *,
    weights: bool = False,
    dialect: str = "comfyui",
    family: Family | None = None,
    positive: str = "",
    tag_aware: bool = True,
    known: Collection[str] = (),
) -> Fixed:
    """Return a negative prompt with its fixes made; as `fix`, with the positive prompt beside it."""
    return _fixed(text, Setting(dialect, family, True, positive, tag_aware, known=known), weights)


@uncollected
def _fixed(text: str, setting: Setting, weights: bool) -> Fixed:
    applied: list[Finding] = []
    refused: set[tuple[str, str]] = set()
    left = findings(text, setting, MOST_SPOTS)
    rounds = min(MOST_ROUNDS, 1 + MOST_CHARACTERS // max(len(text), 1))
    for _ in range(rounds):
        wanted = [finding for finding in left if finding.fixes and (weights or not finding.changes_weights)]
        chosen = _apart([finding for finding in wanted if _place(text, finding) not in refused])
        safe = [finding for finding in chosen if not finding.changes_weights]
        made = safe_to_make(text, safe, setting)
        kept_back = {id(finding) for finding in safe} - {id(finding) for finding in made}
        refused |= {_place(text, finding) for finding in safe if id(finding) in kept_back}
        made += [finding for finding in chosen if finding.changes_weights]
        changed = with_fixes(text, made)
        if changed == text:
            break
        text = changed
        applied += made
        left = findings(text, setting, MOST_SPOTS)
    return Fixed(text, tuple(applied), left)


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
