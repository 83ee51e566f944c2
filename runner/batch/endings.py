"""What becomes of a job that came to an end on a server: its files are saved, it is tried again, or that was it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...wallet.errors import InsufficientTokens
from ..errors import JobFailed
from ..fleet.executor import Ended
from ..fleet.scheduler import Scheduler
from ..jobs.job import Outcome, Problem, State
from ..outputs.saving import Intended, Planned, Saving, plan_files, write
from ..paying.till import UNPAID, Unpaid
from .flights import Flight, Flights
from .journal import Journal
from .leftovers import remove_leftovers
from .retries import Verdict, is_to_blame, verdict
from .told import JobAgain, JobEnded, Told


@dataclass(frozen=True)
class _Save:
    """Files that are about to be written: their names are in the journal."""

    flight: Flight
    ended: Ended
    planned: Sequence[Planned]
    earlier: Sequence[Intended]


class Endings:
    """Decides by the journal and the retry rules; what it notes is sure with the journal's next commit.

    Attributes:
        cores: by server, the version of its ComfyUI.
        forgettable: pairs of server and job id of which nothing is needed any more after the next commit.
    """

    def __init__(
        self,
        flights: Flights,
        journal: Journal,
        scheduler: Scheduler,
        saving: Saving,
        retries: int,
        paying: Unpaid = UNPAID,
    ) -> None:
        self._flights, self._journal, self._scheduler, self._saving = flights, journal, scheduler, saving
        self._retries, self._paying = retries, paying
        self._saves: list[_Save] = []
        self._later: list[tuple[Flight, Ended]] = []
        self._fetches: list[Flight] = []
        self.cores: dict[str, str] = {}
        self.forgettable: list[tuple[str, str]] = []

    @property
    def waiting(self) -> bool:
        """Whether a job's files wait for another's to be written."""
        return bool(self._later)

    @property
    def has_saves(self) -> bool:
        """Whether files are about to be written, whose names the journal must have for sure before."""
        return bool(self._saves)

    def ended(self, event: Ended) -> Iterator[Told]:
        """Note what follows from a job's end."""
        flight = self._flights.of(event.key, event.outcome.job_id)
        if flight is None:
            return
        outcome = event.outcome
        if outcome.state in (State.DONE, State.PARTIAL):
            if not flight.made_room:
                self._scheduler.finished(flight.server, flight.key, time.monotonic(), outcome.seconds)
            yield from self._plan(flight, event)
        else:
            yield from self._failed(flight, event)

    def plan_later(self) -> Iterator[Told]:
        """Decide the names that had to wait for others to be written."""
        later, self._later = self._later, []
        for flight, event in later:
            yield from self._plan(flight, event)

    def _plan(self, flight: Flight, event: Ended) -> Iterator[Told]:
        earlier = self._journal.intended(flight.key)
        core = self.cores.get(flight.server, "")
        try:
            planned = plan_files(event, self._saving, flight.number, earlier=earlier, core=core)
        except JobFailed as error:
            problem = Problem(error.code, str(error))
            outcome = replace(event.outcome, state=State.FAILED, problem=problem)
            yield from self._failed(flight, replace(event, outcome=outcome))
            return
        about_to_be = {file.intended.name.casefold() for save in self._saves for file in save.planned}
        if any(file.intended.name.casefold() in about_to_be for file in planned):
            self._later.append((flight, event))
            return
        self._journal.intend(flight.key, [file.intended for file in planned])
        self._saves.append(_Save(flight, event, planned, earlier))

    def save(self) -> Iterator[Told]:
        """Write the files whose names the journal has for sure, as soon as they are paid for.

        Raises:
            SaveError: if one can't be written.
        """
        while self._saves:
            one = self._saves[0]
            try:
                self._paying.pay(one.flight, one.planned)
            except InsufficientTokens as error:
                self._saves.pop(0)
                yield self.unpaid(one.flight, error)
            else:
                yield self._written(one)
            for file in one.ended.files:
                file.path.unlink(missing_ok=True)

    def _written(self, one: _Save) -> JobEnded:
        files = write(one.planned, self._saving, one.earlier)
        remove_leftovers(self._saving.out, one.earlier, {file.name for file in files})
        self._journal.saved(one.flight.key, files)
        outcome = one.ended.outcome
        self._journal.attempt_ended(outcome.job_id, outcome.state, _code(outcome), blamed=False, counts=True)
        self._paying.delivered(one.flight)
        self._saves.pop(0)
        return replace(self._end(one.flight, one.ended), files=files)

    def unpaid(self, flight: Flight, error: InsufficientTokens) -> JobEnded:
        """Note that a job is at its end because its user has too few image tokens."""
        outcome = Outcome(flight.job_id, State.FAILED, problem=Problem(error.code, str(error)))
        self._journal.attempt_ended(flight.job_id, State.FAILED, error.code, blamed=False, counts=True)
        self._paying.undelivered(flight)
        return self._end(flight, Ended(flight.server, flight.key, outcome))

    def to_fetch(self) -> list[Flight]:
        """Return the jobs whose files are to be asked for once more."""
        fetches, self._fetches = self._fetches, []
        return fetches

    def _failed(self, flight: Flight, event: Ended) -> Iterator[Told]:
        outcome = event.outcome
        counts = not flight.taken_back and not (flight.adopted and outcome.state is State.LOST)
        blamed = is_to_blame(outcome, flight.running and not flight.adopted)
        self._journal.attempt_ended(outcome.job_id, outcome.state, _code(outcome), blamed=blamed, counts=counts)
        found = self._verdict(flight, outcome) if counts else Verdict.AGAIN
        if found is Verdict.FETCH:
            self._journal.fetched_again(flight.key, flight.job_id)
            flight.running = False  # it has run: what becomes of the server now is not its doing
            self._fetches.append(flight)
            return
        self._paying.undelivered(flight)
        self._flights.landed(flight)
        if found in (Verdict.AGAIN, Verdict.ELSEWHERE) and self._can_be_tried(flight, found):
            self._journal.again(flight.key)
            self.forgettable.append((flight.server, flight.job_id))
            if not flight.taken_back:  # else it was we who ended it
                yield JobAgain(flight.key, flight.server, outcome.state, outcome.problem)
        else:
            parked = self._parked(flight, outcome) if found is Verdict.PARK else outcome
            yield self._end(flight, replace(event, outcome=parked))

    def _verdict(self, flight: Flight, outcome: Outcome) -> Verdict:
        attempts = [attempt for attempt in self._journal.attempts(flight.key) if attempt.counts]
        return verdict(outcome, attempts, self._retries)

    def _can_be_tried(self, flight: Flight, found: Verdict) -> bool:
        """Let a job wait again; return whether any server can do it, maybe one that is down."""
        elsewhere = found is Verdict.ELSEWHERE
        self._scheduler.give_back(flight.key, excluding=flight.server if elsewhere else None)
        return not elsewhere or flight.key not in self._scheduler.impossible()

    def _parked(self, flight: Flight, outcome: Outcome) -> Outcome:
        servers = [attempt.server for attempt in self._journal.attempts(flight.key) if attempt.blamed]
        what = f"it was running when {' and then '.join(servers)} went down, so it is not tried again"
        code = outcome.problem.code if outcome.problem else "job-lost"
        return replace(outcome, problem=Problem(code, f"{what}; look into those servers' logs"))

    def _end(self, flight: Flight, event: Ended) -> JobEnded:
        self.forgettable.append((flight.server, flight.job_id))
        return self.end(flight.key, event.outcome, event)

    def end(self, key: str, outcome: Outcome, event: Ended | None = None) -> JobEnded:
        """Note that a job is at its end for good."""
        self._scheduler.forget(key)
        values = event.values if event else {}
        self._journal.ended(key, outcome.state, outcome.problem, outcome.seconds, values)
        return JobEnded(
            key=key,
            number=self._flights.ended(key),
            state=outcome.state,
            server=event.server if event else "",
            problem=outcome.problem,
            texts=event.texts if event else (),
            values=values,
            seconds=outcome.seconds,
            attempts=len(self._journal.attempts(key)),
        )

    def orphaned(self, flight: Flight) -> JobAgain:
        """Note that a job, left at a server that does not answer now, is to be done again."""
        problem = Problem("server-unavailable", f"{flight.server} does not answer, so its job is done elsewhere")
        outcome = Outcome(flight.job_id, State.LOST, problem=problem)
        self._journal.attempt_ended(flight.job_id, State.LOST, problem.code, blamed=False, counts=False)
        self._journal.again(flight.key)
        self._paying.undelivered(flight)
        self._flights.landed(flight)
        self._scheduler.give_back(flight.key)
        return JobAgain(flight.key, flight.server, outcome.state, problem)


def _code(outcome: Outcome) -> str:
    return outcome.problem.code if outcome.problem else ""
