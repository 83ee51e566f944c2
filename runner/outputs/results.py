"""What contact sheets and galleries are made of: jobs that have ended, and what tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..jobs.job import State
from .clean import one_line
from .names import model_stem
from .saving import Saved
from .secrets import without_secrets

LONGEST = 2000
"""Characters of a value that is shown."""


@dataclass(frozen=True)
class Result:
    """A job that has ended.

    Attributes:
        number: its place in the run, from 1 on.
        state: how it ended.
        files: what was saved of it.
        asked: what its row of the table or cell of the grid says, by name.
        values: the settings that it was made with, by name.
        problem: why it is not done.
        texts: what its nodes showed.
        seconds: what the server needed.
    """

    number: int
    state: State = State.DONE
    files: tuple[Saved, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    texts: tuple[str, ...] = ()
    seconds: float | None = None

    def shown(self) -> dict[str, str]:
        """Return the settings, those that were asked for first, in words and without secrets."""
        both = {name: value for name, value in {**self.asked, **self.values}.items() if value not in (None, "")}
        return {str(name): in_words(value) for name, value in without_secrets(both).items()}


def in_words(value: Any) -> str:
    """Return a setting's value as it is shown."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)[:LONGEST] if not isinstance(value, int) or value.bit_length() <= LONGEST else "a huge number"


def short(name: str, value: str, most: int = 60) -> str:
    """Return a value in one short line; of a model only its own name."""
    return one_line(model_stem(value) if name in ("checkpoint", "model", "vae") else value, most)


def varying(results: Sequence[Result]) -> list[str]:
    """Return the names of the settings that are not the same for all; the table's or grid's, if there are any."""
    names = _varying([result.asked for result in results])
    return names or _varying([result.values for result in results])


def _varying(all_values: Iterable[Mapping[str, Any]]) -> list[str]:
    seen: dict[str, set[str]] = {}
    count = 0
    for values in all_values:
        count += 1
        for name, value in values.items():
            seen.setdefault(str(name), set()).add(in_words(value))
    return [name for name, values in seen.items() if len(values) > 1] if count > 1 else []
