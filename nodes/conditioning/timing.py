"""The steps of a run in ComfyUI's own measure, so that prompts change exactly between two of them."""

from itertools import pairwise
from typing import NamedTuple

import comfy.samplers
import torch

from ...prompt import PromptError

HALVINGS = 60
"""How often the interval is halved in which a share of the model's time is looked for."""


class Steps(NamedTuple):
    """A run's steps: `percents[k]` lies between step k and the next one, from 0 before the first to 1."""

    percents: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many steps are sampled."""
        return len(self.percents) - 1


def sigmas_of(model, sampler: str, scheduler: str, steps: int, denoise: float) -> torch.Tensor:
    """Return the noise levels that KSampler takes with these settings, (steps + 1)."""
    settings = {"sampler": sampler, "scheduler": scheduler, "denoise": denoise}
    return comfy.samplers.KSampler(model, steps=steps, device=model.load_device, **settings).sigmas


def steps_of(model, sigmas: torch.Tensor) -> Steps:
    """Return a run's steps by its noise levels.

    ComfyUI gives conditioning a part of the model's time (`start_percent`, `end_percent`), and takes both ends of that
    part as inside. A border on a step's own noise level would mix two prompts there, so each border lies strictly
    between two levels, found by inverting the model's own `percent_to_sigma`.

    Args:
        model: ComfyUI's model.
        sigmas: the noise levels, falling, (steps + 1).

    Raises:
        PromptError: if two neighbouring steps have the same noise level.
    """
    levels = [float(sigma) for sigma in sigmas]
    if len(levels) < 2:
        raise PromptError("there are no steps: the sigmas are empty; raise steps or denoise")
    sampling = model.get_model_object("model_sampling")
    borders = [_between(sampling, *pair, step) for step, pair in enumerate(pairwise(levels[:-1]), 1)]
    return Steps((0.0, *borders, 1.0))


def _between(sampling, above: float, below: float, step: int) -> float:
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        sigma = float(sampling.percent_to_sigma(middle))
        if above > sigma > below and abs(sigma - below) > (above - below) / 4 < abs(above - sigma):
            return middle
        low, high = (middle, high) if sigma > (above + below) / 2 else (low, middle)
    middle = (low + high) / 2
    if above > float(sampling.percent_to_sigma(middle)) > below:
        return middle
    raise PromptError(f"steps {step} and {step + 1} have the same noise level: prompts can't change between them")
