"""The state machine of one job: what is seen goes in, where the job stands comes out. It does nothing else.

SUBMITTED ──► QUEUED ──► RUNNING ──► DONE | PARTIAL | FAILED | CANCELLED | LOST

Any step may be skipped, as events are; no step leads back, and nothing follows an end. Only the server's history, its
refusal or its silence ends a job: events are hints that say when to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, NamedTuple

from .entries import ended_as
from .job import Outcome, Problem, State


class Hint(Enum):
    """What an event says of a job."""

    RUNS = "runs"
    """It was started, or does something."""
    LEAVES = "leaves"
    """It is over: the history has it, or will have it at once."""


class Accepted(NamedTuple):
    """The server took the job; `left_out` says which outputs it did not."""

    left_out: tuple[Problem, ...] = ()


class Refused(NamedTuple):
    """The server did not take the job, or it never got there."""

    state: State
    problem: Problem


class Hinted(NamedTuple):
    """An event came; `blocked` is what a node said that blocked those after it."""

    hint: Hint
    blocked: Problem | None = None


class Listed(NamedTuple):
    """The server's queue has the job, running or waiting."""

    running: bool


class Recorded(NamedTuple):
    """The history has the job."""

    entry: Mapping[str, Any]


class Absent(NamedTuple):
    """Neither queue nor history have the job; for how many seconds this has been so."""

    seconds: float


class Taken(NamedTuple):
    """We took the job back."""


class GivenUp(NamedTuple):
    """The server is gone, or does not work any more."""

    problem: Problem


Observation = Accepted | Refused | Hinted | Listed | Recorded | Absent | Taken | GivenUp


class Waits(NamedTuple):
    """Seconds for which a job may be absent before it counts as lost.

    Attributes:
        leaving: after an event said that it is over: the history is written later.
        known: of a job that the server took or had.
        unanswered: of a job whose posting was not answered: the server may still be looking at it.
    """

    leaving: float = 10.0
    known: float = 2.0
    unanswered: float = 10.0


@dataclass(frozen=True)
class Standing:
    """Where a job stands on a server.

    Attributes:
        job_id: its id.
        url: the server's address, for messages.
        state: the state.
        known: whether the server is sure to have had it.
        leaving: whether an event said that it is over.
        cancelling: whether we took it back.
        left_out: what says that outputs are left out, if they are.
        outcome: how it ended, once it did.
    """

    job_id: str
    url: str
    state: State = State.SUBMITTED
    known: bool = False
    leaving: bool = False
    cancelling: bool = False
    left_out: Problem | None = None
    outcome: Outcome | None = field(default=None)


def after(standing: Standing, seen: Observation, waits: Waits = Waits()) -> Standing:  # noqa: B008 a constant
    """Return where a job stands after an observation; an end stays as it is."""
    if standing.state.ended:
        return standing
    if isinstance(seen, Recorded):
        return _ended(
            standing, ended_as(standing.job_id, standing.url, seen.entry, standing.left_out, standing.cancelling)
        )
    if isinstance(seen, Refused):
        return _ended(standing, Outcome(standing.job_id, seen.state, problem=seen.problem))
    if isinstance(seen, GivenUp):
        return _ended(standing, Outcome(standing.job_id, State.LOST, problem=seen.problem))
    if isinstance(seen, Absent):
        return _absent(standing, seen.seconds, waits)
    return _moved(standing, seen)


def _moved(standing: Standing, seen: Accepted | Hinted | Listed | Taken) -> Standing:
    """Return where a job stands that goes on."""
    if isinstance(seen, Taken):
        return replace(standing, cancelling=True)
    if isinstance(seen, Accepted):
        left_out = seen.left_out[0] if seen.left_out else standing.left_out
        return replace(_forward(standing, State.QUEUED), left_out=left_out)
    if isinstance(seen, Listed):
        return _forward(standing, State.RUNNING if seen.running else State.QUEUED)
    leaving = standing.leaving or seen.hint is Hint.LEAVES
    return replace(_forward(standing, State.RUNNING), leaving=leaving, left_out=standing.left_out or seen.blocked)


def _forward(standing: Standing, state: State) -> Standing:
    """Return the standing in a state, or in its own if that is further on; the server knows the job."""
    order = (State.SUBMITTED, State.QUEUED, State.RUNNING)
    return replace(standing, known=True, state=max(standing.state, state, key=order.index))


def _absent(standing: Standing, seconds: float, waits: Waits) -> Standing:
    """Return the standing of a job that the server does not have: it is lost once it has been so for long enough."""
    url = standing.url
    if standing.leaving:
        limit, problem = waits.leaving, Problem("no-result", f"{url} finished a job but shows no result; see its log")
    elif standing.known:
        limit, problem = waits.known, Problem("job-lost", f"{url} lost a job, as after a restart; run it again")
    else:
        text = f"{url} never said whether it took a job, and does not know it; run it again"
        limit, problem = waits.unanswered, Problem("post-unanswered", text)
    if standing.cancelling and not standing.leaving and (standing.known or seconds >= limit):
        return _ended(standing, Outcome(standing.job_id, State.CANCELLED, problem=taken_back(url)))
    if seconds < limit:
        return standing
    return _ended(standing, Outcome(standing.job_id, State.LOST, problem=problem))


def taken_back(url: str) -> Problem:
    """Return what is told of a job that we cancelled."""
    return Problem("cancelled", f"the job was taken back from {url}")


def _ended(standing: Standing, outcome: Outcome) -> Standing:
    return replace(standing, state=outcome.state, outcome=outcome)
