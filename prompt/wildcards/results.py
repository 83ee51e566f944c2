"""What an expansion tells: its text, and every choice with where it stood and what it became."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple

LONGEST_SHOWN = 60


class Place(NamedTuple):
    """A line of a file of wildcards, counted from 1."""

    file: str
    line: int

    def text(self) -> str:
        """Return it in words."""
        return f"{PurePath(self.file).name}, line {self.line}"


class Picked(NamedTuple):
    """An option that was chosen, as it is written, and for a wildcard's its place."""

    text: str
    place: Place | None = None


class Choice(NamedTuple):
    """One decision: what a wildcard or variant became.

    Attributes:
        kind: `wildcard` or `variant`.
        written: how it begins, as it is written: at most `LONGEST_SHOWN` characters.
        start: where it begins in the prompt, or in the option at `place`.
        end: where it ends.
        place: the line that it stands in; None is the prompt.
        picked: the options that were chosen, in their order: mostly one.
    """

    kind: str
    written: str
    start: int
    end: int
    place: Place | None
    picked: tuple[Picked, ...]

    def text(self) -> str:
        """Return it in words."""
        options = [
            shortened(pick.text) + (f" ({pick.place.text()})" if pick.place else "") if pick.text else "nothing"
            for pick in self.picked
        ]
        return f"{self.written} -> {' + '.join(options) or 'nothing'}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        picked = [{"text": pick.text, "place": pick.place and pick.place._asdict()} for pick in self.picked]
        return {**self._asdict(), "place": self.place and self.place._asdict(), "picked": picked}


@dataclass(frozen=True)
class Expanded:
    """An expanded prompt.

    Attributes:
        text: the prompt without wildcards and variants.
        choices: what was chosen, in the order in which it was: outer choices before those in them.
        seed: what it was chosen by; None in a combination.
        remarks: what else should be known.
        filled: what each wildcard and variant that stands in the prompt itself became, in their order: never those
            in options.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    seed: int | None = None
    remarks: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()

    def report(self) -> str:
        """Return the choices and remarks in words, one a line."""
        lines = [choice.text() for choice in self.choices] or ["nothing to choose"]
        return "\n".join([*lines, *self.remarks])

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        choices = [choice.as_dict() for choice in self.choices]
        return {"text": self.text, "seed": self.seed, "choices": choices, "remarks": list(self.remarks)}


def shortened(text: str) -> str:
    """Return a text's beginning, in one line."""
    line = " ".join(text[: 2 * LONGEST_SHOWN].split())
    return line if len(text) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 3] + "..."
