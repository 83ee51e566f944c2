"""What can go wrong in `prompt/`.

PromptError
├── CountingUnavailable   no tokenizer at hand
├── HeaderError           a checkpoint's header can't be read
├── SizeError             an image size that no model can make
├── UnknownFamily         no such family, or no family fits a checkpoint
└── UnknownSampler        no such sampler or scheduler
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PromptError(ValueError):
    """Something about the prompt or its settings that the user can mend; the message says how."""


class CountingUnavailable(PromptError):
    """Text tokens can't be counted here; a number would be a guess."""


class HeaderError(PromptError):
    """A file that is no readable safetensors file."""


class SizeError(PromptError):
    """A width and height that can't be used."""


class UnknownFamily(PromptError):
    """A family's id that does not exist, or a checkpoint that fits none."""


class UnknownSampler(PromptError):
    """A sampler's or scheduler's name that nothing answers to."""


def nearest_names(name: str, known: Iterable[str], most: int = 3, cutoff: float = 0.6) -> str:
    """Return `did you mean A, B?` with the known names nearest to `name`, or an empty string.

    `cutoff` says how alike they must be, from 0 to 1 (the same).
    """
    by_fold = {option.casefold(): option for option in known}
    close = difflib.get_close_matches(name.casefold(), by_fold, n=most, cutoff=cutoff)
    return f"did you mean {', '.join(by_fold[match] for match in close)}?" if close else ""
