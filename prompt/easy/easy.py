"""Easy mode: brings a prompt into the form that a model family reads, tags or sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..collector import uncollected
from ..families.catalog import as_family
from ..families.profiles import Family
from .description import EasyTags, tags_from
from .sentences import EasySentences, sentences_from


@dataclass(frozen=True)
class EasyResult:
    """What easy mode made of a prompt.

    Attributes:
        text: the prompt as the family reads it.
        negative: tags for the negative prompt, from `without a hat`.
        remainder: words or tags that nothing better was found for; they stand in `text` as they are.
        done: the description's tags or the tags' sentences.
    """

    text: str
    negative: tuple[str, ...]
    remainder: tuple[str, ...]
    done: EasyTags | EasySentences

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    def report(self) -> str:
        """Return in words what was done."""
        told = _told(self.done)
        if not self.text.strip() and not self.negative and not told:
            return "Nothing to do: the prompt is empty."
        if self.done.untouched:
            return f"Unchanged: it is {_form(self)}."
        return "\n".join([*told, *([f"Negative: {', '.join(self.negative)}"] if self.negative else [])])


@uncollected
def easy(text: str, family: Family | str, dialect: str = "a1111") -> EasyResult:
    """Turn a description into tags for a family that reads tags, and tags into sentences for one of sentences.

    A family that reads both, such as Pony, gets tags.

    Args:
        text: the prompt.
        family: the model family, or its id.
        dialect: the prompt's dialect.

    Raises:
        UnknownDialect: no such dialect.
        UnknownFamily: no family of that id.
    """
    family = as_family(family)
    if family.style == "sentences":
        sentences = sentences_from(text, dialect, weights=family.weights)
        return EasyResult(sentences.text, (), sentences.remainder, sentences)
    tags = tags_from(text, dialect)
    return EasyResult(tags.text, tags.negative, tags.remainder, tags)


def _form(result: EasyResult) -> str:
    """Return what an unchanged prompt is: `no English` where all its letters are those of other scripts."""
    letters = [char for char in result.text if char.isalpha()]
    if letters and not any(char.isascii() for char in letters):
        return "no English, which is all that easy mode reads"
    return "a list of tags already" if isinstance(result.done, EasyTags) else "plain English already"


def _told(done: EasyTags | EasySentences) -> list[str]:
    if isinstance(done, EasyTags):
        lines = [
            f"{' '.join(entry.words)} -> {', '.join(entry.tags)}" for entry in done.explained if not entry.negative
        ]
        left = "No tag was found for (kept as free phrases)"
    else:
        lines = [
            *(["Quality tags left out, as this family has none: " + ", ".join(done.dropped)] if done.dropped else []),
            *(["Weights lost: " + ", ".join(done.weights)] if done.weights else []),
            *done.changes,
        ]
        left = "No sentence was found for (kept at the end)"
    return [*lines, *([f"{left}: {', '.join(done.remainder)}"] if done.remainder else [])]
