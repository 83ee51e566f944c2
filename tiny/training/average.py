"""The average of the weights over the last steps (EMA), which is what a run exports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

EVERY = 4
"""Steps from one update to the next."""
SLOWEST = 0.9995
"""Share that a step leaves of the average, at most."""
YOUTH = 50
"""The larger, the longer the first steps are forgotten quickly."""


class Average:
    """A running average of a module's parameters."""

    def __init__(self, module: nn.Module) -> None:
        """Start with the module's weights as they are."""
        self._module = module
        self.weights = {name: weight.detach().clone() for name, weight in module.named_parameters()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step (counted from 1), where it is one of every four."""
        if step % EVERY:
            return
        left = min(SLOWEST, (step + 1) / (step + YOUTH)) ** EVERY
        current = [weight.detach() for weight in self._module.parameters()]
        torch._foreach_lerp_(list(self.weights.values()), current, 1 - left)

    @contextmanager
    @torch.no_grad()
    def in_place(self) -> Iterator[None]:
        """Let the module have the average's weights meanwhile."""
        own = {name: weight.detach().clone() for name, weight in self._module.named_parameters()}
        self._set(self.weights)
        try:
            yield
        finally:
            self._set(own)

    @torch.no_grad()
    def _set(self, weights: dict[str, Tensor]) -> None:
        for name, weight in self._module.named_parameters():
            weight.copy_(weights[name])
