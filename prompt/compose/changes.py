"""What composing does to a prompt: the new text, each change, and what should be said besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Change(NamedTuple):
    """One change.

    Attributes:
        what: `moved`, `split`, `removed`, `weight`, `added`, `spelled` or `tidied`.
        tag: the text that it is about, as the user wrote it; empty where it is about the whole prompt.
        detail: what happened, as the rest of a sentence.
    """

    what: str
    tag: str
    detail: str


@dataclass(frozen=True)
class Changed:
    """A prompt after a change; without changes, `text` is the user's own, letter by letter."""

    text: str
    changes: tuple[Change, ...] = ()
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**vars(self), "changes": [change._asdict() for change in self.changes]}

    def report(self) -> str:
        """Return the changes in words, one a line."""
        lines = [f"{' '.join(filter(None, change[:2]))}: {change.detail}" for change in self.changes]
        return "\n".join([*(lines or ["changed nothing"]), *self.remarks])


UNSAFE = "left as it is: its brackets are such that any change here would change the weights"
MOST_MARKS = 10_000
MARKS = "()[]{}|:,\n"


def too_much(*texts: str) -> str:
    """Return why prompts can't be changed in several steps: too many brackets and commas; else an empty text."""
    marks = sum(text.count(mark) for text in texts for mark in MARKS)
    if marks <= MOST_MARKS:
        return ""
    return f"{marks:,} commas and brackets; more than {MOST_MARKS:,} are too many"
