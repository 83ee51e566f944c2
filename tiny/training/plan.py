"""How a run goes: how long, how fast, and what chance each step has."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import NamedTuple

import torch

from .errors import TrainingError

LOWEST = 0.02
"""Share of the learning rate that is left at the end."""


class Draw(NamedTuple):
    """The chance of one step, which depends on nothing but the run's seed and the step's number.

    So a run that is resumed goes on as if it had never stopped, and no random state is kept.
    """

    dice: random.Random
    generator: torch.Generator


@dataclass(frozen=True)
class Plan:
    """A run's settings.

    Attributes:
        steps: of the optimizer, where the run is limited so.
        minutes: of training, where the run is limited so; with both, what comes first ends it.
        batch: pictures a step.
        rate: the highest learning rate.
        warmup: steps until it is reached.
        betas: AdamW's.
        decay: AdamW's weight decay.
        seed: all chance comes from it.
    """

    steps: int | None
    minutes: float | None
    batch: int
    rate: float
    warmup: int
    betas: tuple[float, float]
    decay: float
    seed: int

    def __post_init__(self) -> None:
        limits = [limit for limit in (self.steps, self.minutes) if limit is not None]
        if not limits or not all(math.isfinite(limit) and limit > 0 for limit in limits):
            raise TrainingError("a run needs an end: give --steps or --minutes above 0")
        if self.batch < 1 or not (math.isfinite(self.rate) and self.rate > 0) or self.warmup < 0:
            raise TrainingError("--batch and --lr must be above 0, and --warmup not below")

    def progress(self, step: int, seconds: float) -> float:
        """Return how much of the run is behind after some steps and seconds of training, 0 to 1."""
        by_steps = step / self.steps if self.steps else 0.0
        by_time = seconds / 60 / self.minutes if self.minutes else 0.0
        return min(1.0, max(by_steps, by_time))

    def rate_at(self, step: int, progress: float) -> float:
        """Return a step's learning rate (steps count from 1): a warm-up, then half a cosine."""
        warm = min(1.0, step / self.warmup) if self.warmup else 1.0
        return self.rate * warm * max(LOWEST, 0.5 * (1 + math.cos(math.pi * progress)))

    def draw(self, step: int, device: torch.device) -> Draw:
        """Return a step's chance."""
        dice = random.Random(f"{self.seed} step {step}")
        return Draw(dice, torch.Generator(device).manual_seed(dice.getrandbits(63)))

    def says(self) -> dict[str, object]:
        """Return what a resumed run must share with the one that it goes on with; its length may change."""
        names = ("batch", "rate", "warmup", "betas", "decay", "seed")
        return {name: list(value) if isinstance(value := getattr(self, name), tuple) else value for name in names}
