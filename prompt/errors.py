"""What can go wrong in `prompt/`.

PromptError
├── ChoiceError           a wildcard or variant from which nothing can be chosen
├── CountingUnavailable   no tokenizer at hand
├── CyclicWildcard        a wildcard's line leads back to the wildcard
├── ExpansionTooLarge     wildcards that grow beyond bounds
├── HeaderError           a checkpoint's header can't be read
├── PictureError          a picture file that can't be read
├── ProfileError          a model family's file is wrong
├── SizeError             an image size that no model can make
├── TagListError          a list of tag names can't be read or kept
├── UnknownDialect        no such prompt dialect
├── UnknownFamily         no such family, or no family fits a checkpoint
├── UnknownLora           no LoRA of a name, or several
├── UnknownSampler        no such sampler or scheduler
├── UnknownWildcard       no such wildcard in the folders
└── WildcardFileError     a file of wildcards can't be read
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class PromptError(ValueError):
    """Something about the prompt or its settings that the user can mend; the message says how."""


class ChoiceError(PromptError):
    """A wildcard or variant from which nothing can be chosen: it has no option, or its weights are of no use."""


class CountingUnavailable(PromptError):
    """Text tokens can't be counted here; a number would be a guess."""


class CyclicWildcard(PromptError):
    """A wildcard whose line leads back to it: the message names the chain."""

    def __init__(self, chain: tuple[str, ...]) -> None:
        """Take the wildcards' names, from the first to the one that is met again."""
        super().__init__(f"wildcards lead back to themselves: {' -> '.join(chain)}; take one of them out of its file")
        self.chain = chain


class ExpansionTooLarge(PromptError):
    """Wildcards and variants whose expansion has too many characters or choices."""


class HeaderError(PromptError):
    """A file that is no readable safetensors file."""


class PictureError(PromptError):
    """A file that is no whole picture of a known kind, or that holds too much text."""


class ProfileError(PromptError):
    """A model family's file that is wrong: which file, which field, what is wrong and what is allowed."""

    def __init__(self, path: Path, field: str, what: str) -> None:
        """Take the file, the field's name in it, and what is wrong with that, as the rest of a sentence."""
        super().__init__(f"{path}: {field} {what}")
        self.path = path
        self.field = field


class SizeError(PromptError):
    """A width and height that can't be used."""


class TagListError(PromptError):
    """A file of tag names that can't be read, with its line, or a database of them that can't be used."""


class UnknownDialect(PromptError):
    """A prompt dialect's id that does not exist."""


class UnknownFamily(PromptError):
    """A family's id that does not exist, or a checkpoint that fits none."""


class UnknownLora(PromptError):
    """A LoRA's name that no file has, or that several have."""


class UnknownSampler(PromptError):
    """A sampler's or scheduler's name that nothing answers to."""


class UnknownWildcard(PromptError):
    """A wildcard that no file in the folders holds: its name, where it stands, the nearest, the folders looked at."""

    def __init__(self, name: str, message: str) -> None:
        """Take the wildcard's name and the whole message."""
        super().__init__(message)
        self.name = name


class WildcardFileError(PromptError):
    """A file of wildcards that can't be read or is wrong: which, where, and what to do."""


def nearest_names(name: str, known: Iterable[str], most: int = 3, cutoff: float = 0.6) -> str:
    """Return `did you mean A, B?` with the known names nearest to `name`, or an empty string.

    `cutoff` says how alike they must be, from 0 to 1 (the same).
    """
    by_fold = {option.casefold(): option for option in known}
    close = difflib.get_close_matches(name.casefold(), by_fold, n=most, cutoff=cutoff)
    return f"did you mean {', '.join(by_fold[match] for match in close)}?" if close else ""
