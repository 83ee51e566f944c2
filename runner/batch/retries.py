"""Whether a job that did not succeed is tried again: rules by kind of failure. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import Enum

from ..jobs.job import Outcome, State
from .records import Attempt

RETRIES = 3
"""How often a job is tried again, whatever happens."""
FETCHES = 2
"""How often the files of a finished job are asked for again before it is run again."""
DOWNS = 2
"""With how many servers a job may go down, or how often with one, before it is parked."""
SERVER = frozenset(
    {"job-lost", "post-unanswered", "server-unavailable", "server-stuck", "not-comfyui", "unauthorized", "server-start"}
)
"""What is no fault of the job."""
ONCE_MORE = frozenset({"output-missing", "output-broken", "no-result"})
"""The job ran, and its result is gone: run it once more."""
MEMORY = "out-of-memory"
"""Another server may have more of it: one is tried."""
UNFIT = frozenset({"workflow", "not-runnable", "usage"})
"""The server turned out not to have what it takes, before anything was queued: each other one may."""
DOWN = frozenset({"job-lost", "server-unavailable", "server-stuck"})
"""What a job that takes its server down ends with."""


class Verdict(Enum):
    """What is done with a job that did not succeed."""

    AGAIN = "again"
    """Another try, on any server, under a new id."""
    ELSEWHERE = "elsewhere"
    """Another try, but not on the server where it failed."""
    FETCH = "fetch"
    """Its files are asked for again; it is not run again."""
    PARK = "park"
    """No try: it seems to take servers down."""
    END = "end"
    """No try: it would fail again."""


def verdict(outcome: Outcome, attempts: Sequence[Attempt], retries: int = RETRIES) -> Verdict:
    """Return what to do with a job after its last attempt has ended.

    Args:
        outcome: how it ended; neither done nor taken back by ourselves.
        attempts: all tries so far, that one included, which count.
        retries: how many more than the first there may be.
    """
    code = outcome.problem.code if outcome.problem else ""
    if code not in ONCE_MORE and (outcome.state is State.LOST or code in SERVER):
        found = Verdict.PARK if sum(attempt.blamed for attempt in attempts) >= DOWNS else Verdict.AGAIN
    elif outcome.state not in (State.FAILED, State.LOST):
        return Verdict.END  # partial: the graph is to blame; cancelled: somebody wanted that
    else:
        found = _after_failure(code, attempts)
    return Verdict.END if found in (Verdict.AGAIN, Verdict.ELSEWHERE) and len(attempts) > retries else found


def _after_failure(code: str, attempts: Sequence[Attempt]) -> Verdict:
    before = Counter(attempt.code for attempt in attempts)
    if code == "output-broken" and attempts and attempts[-1].fetches < FETCHES:
        return Verdict.FETCH
    if code in ONCE_MORE:
        return Verdict.AGAIN if sum(before[one] for one in ONCE_MORE) <= 1 else Verdict.END
    is_elsewhere = code in UNFIT or (code == MEMORY and before[code] <= 1)
    return Verdict.ELSEWHERE if is_elsewhere else Verdict.END


def is_to_blame(outcome: Outcome, was_running: bool) -> bool:
    """Whether a job may have taken its server down: it ran when the server went."""
    code = outcome.problem.code if outcome.problem else ""
    return was_running and outcome.state is State.LOST and code in DOWN
