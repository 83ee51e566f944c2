"""What the linter says: findings with their place, a message and what may be done about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple, TypeAlias

from ..syntax.edits import Edit

Severity: TypeAlias = Literal["error", "warning", "info"]
LONGEST_QUOTE = 40
"""Characters of a prompt that a message repeats."""


class Suggestion(NamedTuple):
    """Something that could be done, but only the prompt's author can say whether; never done by `fix`."""

    label: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Finding:
    """Something about a prompt that its author would want to know.

    Attributes:
        code: such as `TL103`; the README beside this file lists them all.
        severity: `error`: the prompt does not do what is written; `warning`: probably not what was meant; `info`.
        start: where in the prompt it begins, in characters.
        end: where it ends.
        message: what is wrong and what to do, in words.
        fixes: the edits of the prompt that mend it, or None if no edit surely does.
        changes_weights: whether the fix changes the effective weight of a tag that stays.
        suggestions: what else could be done.
    """

    code: str
    severity: Severity
    start: int
    end: int
    message: str
    fixes: tuple[Edit, ...] | None = None
    changes_weights: bool = False
    suggestions: tuple[Suggestion, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain data for JSON; edits are mappings with `start`, `end` and `replacement`."""
        values = asdict(self)
        values["fixes"] = None if self.fixes is None else [edit._asdict() for edit in self.fixes]
        values["suggestions"] = [
            {"label": label, "edits": [edit._asdict() for edit in edits]} for label, edits in self.suggestions
        ]
        return values


class Spot(NamedTuple):
    """What a rule finds: a finding without the code; `severity` is given where it is not the rule's own."""

    start: int
    end: int
    message: str
    fixes: tuple[Edit, ...] | None = None
    changes_weights: bool = False
    suggestions: tuple[Suggestion, ...] = ()
    severity: Severity | None = None


def quoted(text: str) -> str:
    """Return a piece of a prompt for a message: in quotes, on one line, shortened in the middle."""
    line = " ".join(text.split())
    if len(line) > LONGEST_QUOTE:
        half = LONGEST_QUOTE // 2
        line = f"{line[:half].rstrip()} … {line[-half:].lstrip()}"
    return f"'{line}'"


def listed(names: list[str], most: int = 5) -> str:
    """Return names for a message, with commas between them; the rest is counted."""
    shown = ", ".join(map(quoted, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
