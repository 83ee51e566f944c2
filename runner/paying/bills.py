"""What a run is expected to cost, and how that is told before anything is queued."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...prompt.errors import PromptError
from ...wallet import Picture, Plan, Standing, image_tokens, plans
from ...wallet.errors import InsufficientTokens
from ..errors import RunnerError
from ..fleet.tasks import Task
from ..targets import Target
from .expected import Expected

USUAL = "free"
"""The plan whose prices are told where no user is named."""


@dataclass(frozen=True)
class Bill:
    """What tasks are expected to make, and at whose prices.

    Attributes:
        plan: the payer's.
        expected: by the tasks' keys; one that is not there makes one picture.
    """

    plan: Plan
    expected: Mapping[str, Expected]

    def of(self, key: str) -> int:
        """Return what a task is expected to cost, in image tokens."""
        what = self.expected.get(key, Expected())
        return image_tokens(what.images, self.plan.price(what.picture))

    def price(self, key: str, width: int, height: int) -> int:
        """Return what a picture costs that a task made: by its own size, but no less than what it was to be."""
        asked = self.expected.get(key, Expected()).picture
        sizes = [asked, Picture(width, height, asked.steps, asked.family)] if width and height else [asked]
        return max(map(self.plan.price, sizes))

    @property
    def images(self) -> int:
        """How many pictures all tasks are expected to make."""
        return sum(what.images for what in self.expected.values())

    @property
    def tokens(self) -> int:
        """What all tasks are expected to cost, in image tokens."""
        return sum(map(self.of, self.expected))

    @property
    def is_least(self) -> bool:
        """Whether it may become more."""
        return any(what.is_least for what in self.expected.values())


def bill(tasks: Iterable[Task], targets: Sequence[Target], plan: Plan | None = None) -> Bill:
    """Return what tasks are expected to cost.

    Args:
        tasks: what is to be done.
        targets: servers that answer; of each task, the first one that can do it says what it makes.
        plan: the payer's; None for what a user without any other plan pays.
    """
    usual = plan or plans().get(USUAL) or next(iter(plans().values()))
    return Bill(usual, {task.key: _expected(task, targets) for task in tasks})


def _expected(task: Task, targets: Sequence[Target]) -> Expected:
    for target in targets:
        try:
            return task.expected(target)
        except (RunnerError, PromptError):
            continue  # another one may be able to; if none is, the task fails and costs nothing
    return Expected()


@dataclass(frozen=True)
class Quote:
    """What a run would cost.

    Attributes:
        images: pictures.
        tokens: image tokens.
        is_least: whether it may become more, as some numbers are made in the run.
        standing: the user's, if one is named.
    """

    images: int
    tokens: int
    is_least: bool = False
    standing: Standing | None = None

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        told: dict[str, Any] = {"images": self.images, "image_tokens": self.tokens, "at_least": self.is_least}
        if self.standing is None:
            return told
        left = self.standing.balance - self.tokens
        return {**told, **self.standing.as_data(), "left": left, "suffices": left >= 0}

    def as_text(self) -> str:
        """Return it in words."""
        least = "at least " if self.is_least else ""
        told = [f"{least}{counted(self.images, 'image')}, {least}{counted(self.tokens, 'image token')}"]
        if self.standing is not None:
            told += [self.standing.text(), self._left(self.standing)]
        return "\n".join(told)

    def _left(self, standing: Standing) -> str:
        left = standing.balance - self.tokens
        if left >= 0:
            return f"{left} left after it"
        return f"not enough: {InsufficientTokens(self.tokens, standing.balance, standing.next_grant)}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'s' * (number != 1)}"
