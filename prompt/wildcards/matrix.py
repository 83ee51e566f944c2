"""A prompt matrix: all that a prompt can become, each with a label that says what sets it apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ExpansionTooLarge
from ..lists import MOST_LISTED
from .combinations import MOST_COUNTED, combinations
from .expansion import Folders
from .results import Expanded

LIMIT = 16
SEPARATOR = " · "
NOTHING = "nothing"


@dataclass(frozen=True)
class Matrix:
    """A prompt's combinations, the last choice in the text changing fastest.

    Attributes:
        prompts: the prompts.
        labels: for each prompt what was chosen in it, in the order of the text, without what all of them share; empty
            texts where all are the same.
        remarks: what else should be known.
    """

    prompts: tuple[str, ...]
    labels: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    def report(self) -> str:
        """Return their number, each label with its prompt, and the remarks, one a line."""
        rows = zip(self.labels, self.prompts, strict=True)
        lines = [" -> ".join(filter(None, [label, _one_line(prompt)])) for label, prompt in rows]
        return "\n".join([f"combinations: {len(self.prompts)}", *lines, *self.remarks])


def matrix(
    text: str, folders: Folders = (), dialect: str = "a1111", tag_aware: bool = True, limit: int = LIMIT
) -> Matrix:
    """Return all that a prompt can become; no more than `limit` and `MOST_LISTED`, which is never cut in silence.

    Raises:
        ExpansionTooLarge: if there are more, or one of them grows beyond the bounds of `expand`.
        UnknownDialect, UnknownWildcard, WildcardFileError, ChoiceError, CyclicWildcard: as `expand`.
    """
    found = combinations(text, folders, dialect, tag_aware)
    _check(found.count, limit)
    made = list(found)
    prompts = tuple(expanded.text for expanded in made)
    remarks = dict.fromkeys(remark for expanded in made for remark in expanded.remarks)
    return Matrix(prompts, tuple(_labels(made)), (*_repeats(prompts), *remarks))


def _check(count: int, limit: int) -> None:
    there = f"the prompt has {count:,}{' or more' if count == MOST_COUNTED else ''} combinations"
    if count > MOST_LISTED:
        raise ExpansionTooLarge(
            f"{there}, and a matrix takes at most {MOST_LISTED}; use fewer wildcards and variants, or fewer options in "
            "them, or the node Wildcards, whose seed chooses one combination"
        )
    if count > limit:
        raise ExpansionTooLarge(f"{there}, and limit is {limit}; raise limit to {count}, or use fewer options")


def _labels(made: Sequence[Expanded]) -> list[str]:
    """Return for each combination what became of those wildcards and variants that do not always become the same."""
    differing = [values for values in zip(*(expanded.filled for expanded in made), strict=True) if len(set(values)) > 1]
    shown = [[_one_line(value).strip(" ,") or NOTHING for value in values] for values in differing]
    return [SEPARATOR.join(row) for row in zip(*shown, strict=True)] or [""] * len(made)


def _repeats(prompts: Sequence[str]) -> list[str]:
    repeats = len(prompts) - len(set(prompts))
    return [f"prompts that are the same as one before: {repeats}"] if repeats else []


def _one_line(text: str) -> str:
    return " ".join(text.split())
