"""What a session tells of its jobs."""

from __future__ import annotations

from typing import NamedTuple

from .job import Outcome, State


class JobChanged(NamedTuple):
    """A job is queued, or runs."""

    job_id: str
    state: State


class JobStepped(NamedTuple):
    """A sampler, or another node that counts, made a step; `node` is the node's id."""

    job_id: str
    value: int
    of: int
    node: str


class JobPreviewed(NamedTuple):
    """A picture of how far a job has come: a whole JPEG, PNG or WebP file."""

    job_id: str
    node: str
    image: bytes


class JobEnded(NamedTuple):
    """A job came to an end."""

    outcome: Outcome

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.outcome.job_id


JobEvent = JobChanged | JobStepped | JobPreviewed | JobEnded
