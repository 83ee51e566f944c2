"""Turns a request into pictures: chooses servers, makes the request out for them, and runs a job for each picture."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .batch.told import Told
from .embedded.installations import Installation
from .fleet.servers import ServerEntry
from .jobs.job import Job, new_id
from .outputs.saving import Saving
from .planning import Plan, plan
from .request import Checked
from .request_tasks import RequestTask, tasks
from .running import USUAL, How, run_tasks
from .targets import Target, answering

if TYPE_CHECKING:
    from .paying.payers import Payment


@dataclass(frozen=True)
class Generation:
    """A request and where its pictures are made: the servers, and the files of those that are on this machine.

    Attributes:
        target: the first server that answered, for which the plan is made.
    """

    checked: Checked
    plan: Plan
    servers: tuple[ServerEntry, ...]
    installations: dict[str, Installation]
    target: Target


def begin(
    checked: Checked, servers: Sequence[ServerEntry], announce: Callable[[str], None] = lambda text: None
) -> Generation:
    """Make a request out for the first server that answers, started if it is one of ours; nothing is queued yet.

    Args:
        checked: with a seed; see `planning.prepare`.
        servers: where pictures may be made.
        announce: called with what is being done where it takes time.

    Raises:
        RunnerError: if no server can be reached, or that one can't do it.
    """
    target = next(answering(servers, announce, announce))
    found = {target.client.url: target.installation} if target.installation else {}
    return Generation(checked, plan(checked, target), tuple(servers), found, target)


def pictures(generation: Generation) -> list[RequestTask]:
    """Return the pictures as tasks."""
    return list(tasks(generation.checked, generation.installations))


def first_job(generation: Generation) -> Job:
    """Return the first picture's job, as the first server would get it; nothing is uploaded or queued.

    Raises:
        RunnerError: if that server can't do it.
    """
    task = next(tasks(generation.checked, generation.installations))
    return task.foreseen(generation.target.client, new_id()).job


def run(
    generation: Generation, saving: Saving, how: How = USUAL, payment: Payment | None = None
) -> Generator[Told, None, None]:
    """Make and save the pictures, and yield what happens; a job that fails is an event.

    Raises:
        RunnerError: if no server can do it, or nothing can be saved; what was saved before stays.
        WalletError: if the wallet of who pays can't be used.
    """
    yield from run_tasks(pictures(generation), generation.servers, saving, how, payment=payment)
