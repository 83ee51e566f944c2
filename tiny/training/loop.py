"""The training loop, of either stage: AdamW, gradient clipping, an average of the weights, states, samples."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from .average import Average
from .errors import TrainingError
from .interrupting import Interruption
from .plan import Draw, Plan
from .precision import autocast
from .progress import Progress
from .state import Counts, Running, load_state, save_state

LARGEST_GRADIENT = 1.0
SMOOTHING = 0.98
"""Share of the loss before that is left in the smoothed one after a step."""


class Stage(Protocol):
    """What is trained, and on what."""

    module: nn.Module

    def loss(self, draw: Draw, batch: int) -> Tensor:
        """Return the loss of a batch that a step's chance chooses, a number."""

    def samples(self, path: Path) -> None:
        """Write a picture that shows how good the module is by now."""


@dataclass(frozen=True)
class Rhythm:
    """After how many steps a run tells its loss, keeps its state and draws samples; 0 is never.

    At the end, the state is kept and samples are drawn besides, unless these are never drawn.
    """

    tell: int = 10
    keep: int = 500
    sample: int = 1000


class Loop:
    """A run of a stage in a folder."""

    def __init__(
        self, stage: Stage, plan: Plan, folder: Path, device: torch.device, settings: dict[str, object]
    ) -> None:
        """Prepare a run.

        Args:
            stage: what is trained; its module is on the device.
            plan: how.
            folder: where the state, the samples and the table of losses go; it must be there.
            device: where it is trained.
            settings: what else a resumed run must share with this one.
        """
        self.stage, self.plan, self.folder, self.device = stage, plan, folder, device
        self.progress = Progress(folder, plan)
        self.counts = Counts()
        self._settings = settings | plan.says()
        parameters = [weight for weight in stage.module.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(parameters, plan.rate, betas=plan.betas, weight_decay=plan.decay)
        self.running = Running(stage.module, Average(stage.module), optimizer)

    def resume(self) -> None:
        """Go on where the folder's state is.

        Raises:
            TrainingError: if there is no state, or that of another run.
        """
        self.counts = load_state(self.folder, self.running, self._settings)

    def run(self, rhythm: Rhythm) -> bool:
        """Train to the plan's end; return False where someone interrupted. Either way the state is kept.

        Raises:
            TrainingError: if the loss is no number any more.
            OSError: if something can't be written.
        """
        self.progress.begin(self.counts)
        self.stage.module.train()
        with Interruption() as interruption:
            while not interruption.asked and self._done() < 1:
                self._step(rhythm)
        self._keep()
        finished = self._done() >= 1
        if rhythm.sample and finished:
            self._sample()
        return finished

    def _done(self) -> float:
        return self.plan.progress(self.counts.step, self.counts.seconds)

    def _step(self, rhythm: Rhythm) -> None:
        began, step = time.monotonic(), self.counts.step + 1
        rate = self.plan.rate_at(step, self._done())
        loss = self._learn(step, rate)
        self.running.average.update(step)
        seconds = self.counts.seconds + time.monotonic() - began
        self.counts = Counts(step, seconds, self._smoothed(loss, step))
        self._at(rhythm.tell, lambda: self.progress.step(self.counts, rate))
        self._at(rhythm.keep, self._keep)
        if self._done() < 1:
            self._at(rhythm.sample, self._sample)

    def _learn(self, step: int, rate: float) -> Tensor:
        for group in self.running.optimizer.param_groups:
            group["lr"] = rate
        with autocast(self.device):
            loss = self.stage.loss(self.plan.draw(step, self.device), self.plan.batch)
        self.running.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.stage.module.parameters(), LARGEST_GRADIENT)
        self.running.optimizer.step()
        return loss.detach()

    def _smoothed(self, loss: Tensor, step: int) -> float:
        """Return the smoothed loss after a step; at first it is the mean of all."""
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(f"at step {step} the loss is {value}; start again with a lower --lr")
        if self.counts.loss is None:
            return value
        left = min(SMOOTHING, (step - 1) / step)
        return left * self.counts.loss + (1 - left) * value

    def _at(self, every: int, what: Callable[[], None]) -> None:
        if every and self.counts.step % every == 0:
            what()

    def _keep(self) -> None:
        save_state(self.folder, self.running, self.counts, self._settings)

    def _sample(self) -> None:
        folder = self.folder / "samples"
        folder.mkdir(exist_ok=True)
        self.stage.module.eval()
        with self.running.average.in_place(), torch.no_grad(), autocast(self.device):
            self.stage.samples(folder / f"step-{self.counts.step:06}.png")
        self.stage.module.train()
