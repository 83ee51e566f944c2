"""Checks a prompt and, if wanted, mends it first: what the node and the runner have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .finding import Finding
from .fixing import Fixed, fix
from .linter import lint

if TYPE_CHECKING:
    from ..families import Family


@dataclass(frozen=True)
class CheckedPrompt:
    """A prompt and what is to be said about it.

    Attributes:
        text: the prompt, mended if that was wanted.
        findings: what is to be said about `text`.
        mended: what was mended before.
    """

    text: str
    findings: tuple[Finding, ...]
    mended: tuple[Finding, ...] = ()

    @property
    def warnings(self) -> int:
        """How many findings are more than a remark."""
        return sum(finding.severity != "info" for finding in self.findings)

    def report(self) -> str:
        """Return in words what was mended and what is to be said."""
        mended = [f"mended {finding.code}: {finding.message}" for finding in self.mended]
        found = [f"{finding.code} {finding.severity}: {finding.message}" for finding in self.findings]
        return "\n".join([*mended, *(found or ["nothing to say"])])


def check(
    text: str,
    *,
    mend: bool = False,
    dialect: str = "a1111",
    family: Family | str | None = None,
    negative: str = "",
    tag_aware: bool = True,
) -> CheckedPrompt:
    """Return what the linter says about a prompt, after the fixes that keep effective weights if `mend` is on.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    fixed = Fixed(text, (), ())
    if mend:
        fixed = fix(text, dialect=dialect, family=family, negative=negative, tag_aware=tag_aware)
    found = lint(fixed.text, dialect=dialect, family=family, negative=negative, tag_aware=tag_aware)
    return CheckedPrompt(fixed.text, found, fixed.applied)
