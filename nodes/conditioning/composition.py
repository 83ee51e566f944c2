"""Puts a prompt's encoded texts together to ComfyUI's conditioning: their parts of the run, and AND."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from ...prompt import PromptError
from .timing import Steps

if TYPE_CHECKING:  # what ComfyUI needs not load at its start
    from ...prompt.encoding import EncodedPart

Encode = Callable[[str], list[tuple[torch.Tensor, dict]]]
NEAR = 1e-9
PART = "tagloom_part"
"""What an entry of the conditioning is, for AND Guider: its part's number and weight."""
REST = -1
"""The number of the entries that stand for the negative prompt."""


def conditioning(
    parts: tuple[EncodedPart, ...], encode: Encode, steps: Steps | None = None, negative: list | None = None
) -> list:
    """Return the conditioning of a prompt.

    KSampler averages what several entries ask for, by their strengths. Composable diffusion sums the differences from
    the negative prompt: U + sum(w_i (C_i - U)). The average is just that where each part has its weight for strength,
    and the negative prompt has the rest, 1 - sum(w): all strengths then add up to 1.

    Args:
        parts: as `prompt.encoding` gives them, for as many steps.
        encode: makes a text's entries, each of embeddings and what else an entry holds.
        steps: the run's steps; None: stretches are shares of the model's time.
        negative: the negative prompt's conditioning.

    Raises:
        PromptError: if AND or a weight of it needs the negative prompt, and that is not connected.
    """
    rest = 1 - sum(part.weight for part in parts)
    found = []
    alone = len(parts) == 1 and parts[0].weight == 1
    for number, part in enumerate(parts):
        for stretch in part.stretches:
            for embeddings, others in encode(stretch.text):
                entry = {**others, **_time(stretch.begin, stretch.end, steps)}
                found.append([embeddings, entry if alone else _strong(entry, part.weight, number)])
    if abs(rest) <= NEAR:
        return found
    if negative is None:
        raise PromptError(
            "AND adds the parts' effects up, each measured from the negative prompt: connect the negative prompt's "
            "conditioning to negative"
        )
    totals: Counter = Counter()
    for _, entry in negative:
        totals[_range(entry)] += entry.get("strength", 1.0)
    return found + [
        [embeddings, _strong(entry, rest * entry.get("strength", 1.0) / totals[_range(entry)], REST)]
        for embeddings, entry in negative
    ]


def _range(entry: dict) -> tuple:
    """Return the part of the run that an entry counts for: its entries share the negative prompt's weight."""
    return tuple(entry.get(name) for name in ("start_percent", "end_percent", "clip_start_percent", "clip_end_percent"))


def _strong(entry: dict, strength: float, part: int) -> dict:
    return {**entry, "strength": strength, PART: (part, strength)}


def _time(begin: float, end: float, steps: Steps | None) -> dict:
    """Return the part of the run in ComfyUI's terms; nothing where it is all of the run."""
    if steps is not None:
        begin, end = steps.percents[int(begin)], steps.percents[int(end)]
    return {} if (begin, end) == (0, 1) else {"start_percent": begin, "end_percent": end}
