"""What a request's prompts are for one picture: wildcards chosen by its seed, a description turned into tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..prompt import Expanded, Family, WildcardFolders, expand
from ..prompt.easy import easy
from .request import Request


class Prompts(NamedTuple):
    """The prompts of one picture, before the nodes work on them."""

    positive: str
    negative: str


def prompts_of(request: Request, family: Family, seed: int, folders: WildcardFolders) -> Prompts:
    """Return the prompts of the picture with this seed.

    Raises:
        PromptError: if a wildcard is unknown or its file can't be read.
    """
    positive, negative = (expanded.text for expanded in _expanded(request, seed, folders))
    if not request.easy:
        return Prompts(positive, negative)
    plain = easy(positive, family, request.dialect)
    return Prompts(plain.text, ", ".join(filter(None, [negative, *plain.negative])))


def look_up_wildcards(request: Request, seeds: Iterable[int], folders: WildcardFolders) -> None:
    """Make sure that the wildcards of the pictures with these seeds are there; nothing is generated yet.

    Raises:
        PromptError: if a wildcard is unknown or its file can't be read.
    """
    for seed in seeds:
        if not any(expanded.choices for expanded in _expanded(request, seed, folders)):
            return  # no seed makes a difference


def _expanded(request: Request, seed: int, folders: WildcardFolders) -> tuple[Expanded, ...]:
    """Return the positive and the negative prompt with their wildcards chosen."""
    texts = (request.positive, request.negative)
    return tuple(expand(text, seed, folders, request.dialect, request.tag_aware) for text in texts)
