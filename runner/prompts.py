"""What a request's prompts are for one picture: wildcards chosen by its seed, a description turned into tags."""

from __future__ import annotations

from typing import NamedTuple

from ..prompt import Family, WildcardFolders, expand
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
    positive, negative = (
        expand(text, seed, folders, request.dialect, request.tag_aware).text
        for text in (request.positive, request.negative)
    )
    if not request.easy:
        return Prompts(positive, negative)
    plain = easy(positive, family, request.dialect)
    return Prompts(plain.text, ", ".join(filter(None, [negative, *plain.negative])))
