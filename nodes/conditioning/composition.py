"""Puts a prompt's encoded texts together to ComfyUI's conditioning: their parts of the run, and AND."""

from collections.abc import Callable

import torch

from ...prompt import PromptError
from ...prompt.encoding import EncodedPart
from .timing import Steps

Encode = Callable[[str], tuple[torch.Tensor, dict]]
NEAR = 1e-9


def conditioning(
    parts: tuple[EncodedPart, ...], encode: Encode, steps: Steps | None = None, negative: list | None = None
) -> list:
    """Return the conditioning of a prompt.

    KSampler averages what several entries ask for, by their strengths. Composable diffusion sums the differences from
    the negative prompt: U + sum(w_i (C_i - U)). The average is just that where each part has its weight for strength,
    and the negative prompt has the rest, 1 - sum(w): all strengths then add up to 1.

    Args:
        parts: as `prompt.encoding` gives them, for as many steps.
        encode: makes a text's embeddings and what else an entry holds.
        steps: the run's steps; None: stretches are shares of the model's time.
        negative: the negative prompt's conditioning.

    Raises:
        PromptError: if AND or a weight of it needs the negative prompt, and that is not connected.
    """
    rest = 1 - sum(part.weight for part in parts)
    found = []
    for part in parts:
        for stretch in part.stretches:
            embeddings, others = encode(stretch.text)
            entry = {**others, **_time(stretch.begin, stretch.end, steps)}
            found.append([embeddings, entry if part.weight == 1 and len(parts) == 1 else _strong(entry, part.weight)])
    if abs(rest) <= NEAR:
        return found
    if negative is None:
        raise PromptError(
            "AND adds the parts' effects up, each measured from the negative prompt: connect the negative prompt's "
            "conditioning to negative"
        )
    return found + [[embeddings, _strong(entry, rest * entry.get("strength", 1.0))] for embeddings, entry in negative]


def _strong(entry: dict, strength: float) -> dict:
    return {**entry, "strength": strength}


def _time(begin: float, end: float, steps: Steps | None) -> dict:
    """Return the part of the run in ComfyUI's terms; nothing where it is all of the run."""
    if steps is not None:
        begin, end = steps.percents[int(begin)], steps.percents[int(end)]
    return {} if (begin, end) == (0, 1) else {"start_percent": begin, "end_percent": end}
