"""How a whole run went: all its jobs, or an error that holds them."""

from __future__ import annotations

from collections.abc import Iterable

from .batch.told import JobEnded
from .errors import JobFailed
from .jobs.job import State


class JobsFailed(JobFailed):
    """Some jobs of a run are not done.

    Attributes:
        jobs: all jobs of the run, the done ones among them, in their order.
    """

    code = "jobs-failed"

    def __init__(self, message: str, jobs: tuple[JobEnded, ...]) -> None:
        super().__init__(message)
        self.jobs = jobs


def all_done(ended: Iterable[JobEnded]) -> tuple[JobEnded, ...]:
    """Return a run's jobs in their order.

    Raises:
        JobsFailed: if one is not done.
    """
    jobs = tuple(sorted(ended, key=lambda job: job.number))
    failed = [job for job in jobs if job.state is not State.DONE]
    if not failed:
        return jobs
    problem = failed[0].problem
    others = f" ({len(failed)} of {len(jobs)} jobs)" if len(jobs) > 1 else ""
    raise JobsFailed(f"{problem.message if problem else failed[0].state.value}{others}", jobs)
