"""Drives tasks to their ends: asks the scheduler, notes in the journal, hands to the executor, saves what comes back.

One turn notes all that is about to happen, commits once, and lets it happen: ids before they are posted, names before
files are written. A process that is killed anywhere in between leaves a journal from which the next one goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from traceback import clear_frames

from ...wallet.errors import InsufficientTokens
from ..errors import Cancelled, JournalError, ServerUnavailable, WorkflowError
from ..fleet.executor import Changed, Ended, Event, Executor, Fetching, ServerDown, ServerUp
from ..fleet.scheduler import Scheduler
from ..fleet.tasks import Task
from ..jobs.job import Outcome, Problem, State, new_id
from ..outputs.saving import Saving
from ..paying.till import UNPAID, Unpaid
from .endings import Endings
from .flights import Flight, Flights
from .journal import Journal
from .retries import RETRIES
from .told import Adopted, Told

WAIT = 0.2
"""Seconds for which an event is waited for at a time."""
MOMENT = 0.05
"""Seconds for which an end may wait for the next commit: that of a short job goes with the next one's beginning."""
MOST_EVENTS = 200
"""Events that are handled in one turn."""
PATIENCE = 30.0
"""Seconds for which tasks wait when no server is there that could do them, in case that one comes back."""
Forget = Callable[[str, str], None]


@dataclass(frozen=True)
class Rules:
    """How a run goes about it.

    Attributes:
        retries: how often a job is tried again.
        patience: seconds to wait for a server to come back when there is none.
        stopped: asked several times a second; when it says so, what is unfinished is taken back and `Cancelled` raised.
        forget: called with a server and a job's id when nothing of that job is needed there any more.
        paying: pays for the jobs.
    """

    retries: int = RETRIES
    patience: float = PATIENCE
    forget: Forget = lambda server, job_id: None
    stopped: Callable[[], bool] = lambda: False
    paying: Unpaid = UNPAID


def drive(
    tasks: Sequence[Task],
    executor: Executor,
    scheduler: Scheduler,
    journal: Journal,
    saving: Saving,
    servers: Collection[str],
    rules: Rules = Rules(),
) -> Iterator[Told]:
    """Bring all tasks to an end that the journal has none of yet, and yield what happens. Close the iterator.

    Leaving it early, by an error, `close` or Ctrl-C, takes back what is unfinished; the journal can be resumed.
    When the journal can't be written, nothing is taken back: the jobs stay where they are, and resuming takes them up.

    Args:
        tasks: by the journal's keys; those that are at their ends there are left out.
        executor: not opened yet; it is closed here.
        scheduler: with the needs of these tasks, and no server yet.
        journal: open, with an entry for each task.
        saving: where files go.
        servers: the names of all servers that the executor connects to.
        rules: see there.

    Raises:
        WorkflowError: if a task can be done on none of the servers; nothing is queued then.
        ServerUnavailable: if tasks are left, and no server that could do them.
        Cancelled: if the rules' `stopped` says so.
        SaveError: if a file can't be written.
        JournalError: if the journal can't.
        WalletError: if the wallet of who pays can't be used; a job that can't be paid for is an event.
    """
    rules.paying.begin()
    run = _Run(tasks, executor, scheduler, journal, saving, servers, rules)
    if run.is_over:
        return
    try:
        executor.open()
        yield from run.meet_servers()
        yield from run.work()
    except KeyboardInterrupt as interrupt:
        clear_frames(interrupt.__traceback__)  # a half-read answer of the wallet's in one of them would keep it locked
        journal.undo()  # it came at any moment; what was not committed yet is found out again
        raise
    finally:
        run.leave()


class _Run:
    """One run: what is open, and what is at which server."""

    def __init__(
        self,
        tasks: Sequence[Task],
        executor: Executor,
        scheduler: Scheduler,
        journal: Journal,
        saving: Saving,
        servers: Collection[str],
        rules: Rules,
    ) -> None:
        self._executor, self._scheduler, self._journal, self._rules = executor, scheduler, journal, rules
        self._flights = Flights(tasks, journal, scheduler)
        self._endings = Endings(self._flights, journal, scheduler, saving, rules.retries, rules.paying)
        self._unheard = set(servers)
        self._up: set[str] = set()
        self._last_problem: Problem | None = None
        self._idle_since: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether every task is at its end."""
        return not self._flights.open

    def meet_servers(self) -> Iterator[Told]:
        """Hear from each server once, take up what was posted before, and make sure that each task can be done."""
        while self._unheard:
            self._stop_if_asked()
            event = self._executor.next_event(WAIT)
            if event is not None:
                yield from self._noted(event)
        if not self._up:
            raise self._no_server()
        for flight in self._flights.orphans():
            yield self._endings.orphaned(flight)
        impossible = self._scheduler.impossible()
        if impossible:
            raise _cannot(impossible)

    def work(self) -> Iterator[Told]:
        """Bring all open tasks to their ends."""
        while self._flights.open:
            self._stop_if_asked()
            yield from self._turn(list(self._events()))
        self._commit()

    def _stop_if_asked(self) -> None:
        if self._rules.stopped():
            raise Cancelled("stopped; nothing of it runs on, and the files saved before stay")

    def leave(self) -> None:
        """Take back what is at a server, or leave it there if it can't be noted that it was we who took it back."""
        can_take_back = self._can_take_back()
        self._executor.close(take_back=can_take_back)
        if can_take_back:
            self._rules.paying.leave(self._flights.flying())

    def _can_take_back(self) -> bool:
        """Note that what is cancelled now is cancelled by us, so that it is done again; return whether that is sure."""
        try:
            self._journal.taken_back(flight.job_id for flight in self._flights.flying())
            self._journal.commit()
        except JournalError:  # the disk is full: the jobs would count as cancelled by somebody else
            return False
        return True

    def _events(self) -> Iterator[Event]:
        """Yield what has happened, at least after a while; what was noted is committed before a longer wait."""
        waits = not self._endings.waiting and (self._flights.flying() or self._idle_since is not None)
        event = self._executor.next_event(MOMENT if waits else 0.0)
        if event is None and waits:
            self._commit()
            event = self._executor.next_event(min(WAIT, self._rules.patience or WAIT))
        for _ in range(MOST_EVENTS):
            if event is None:
                return
            yield event
            event = self._executor.next_event(0.0)
        if event is not None:
            yield event

    def _turn(self, events: Sequence[Event]) -> Iterator[Told]:
        yield from self._endings.plan_later()
        for event in events:
            yield from self._noted(event)
        flights = [self._flights.post(key, server, new_id()) for server, key in self._scheduler.next(time.monotonic())]
        if flights or self._endings.has_saves:
            self._commit()  # all else can be found out again
        for flight in flights:
            yield from self._submit(flight)
        for flight in self._endings.to_fetch():
            self._executor.adopt(flight.server, flight.task, flight.job_id)
        yield from self._endings.save()
        yield from self._look_for_idleness()

    def _submit(self, flight: Flight) -> Iterator[Told]:
        try:
            self._rules.paying.reserve(flight)
        except InsufficientTokens as error:
            yield self._endings.unpaid(flight, error)
        else:
            self._executor.submit(flight.server, flight.task, flight.job_id)

    def _noted(self, event: Event) -> Iterator[Told]:
        match event:
            case ServerUp():
                yield event
                yield from self._arrived(event)
            case ServerDown(server, problem):
                self._unheard.discard(server)
                self._up.discard(server)
                self._last_problem = problem
                self._scheduler.server_down(server)
                yield event
            case Changed(_, key, state):
                if self._flights.changed(key, state):
                    yield event
            case Fetching(_, key, seconds):
                self._flights.fetching(key, seconds)
            case Ended():
                yield from self._endings.ended(event)
            case _:
                yield event

    def _arrived(self, event: ServerUp) -> Iterator[Told]:
        self._unheard.discard(event.server)
        self._up.add(event.server)
        self._endings.cores[event.server] = event.facts.version
        self._scheduler.server_up(event.server, event.facts)
        for flight in self._flights.arrived(event.server):
            yield Adopted(flight.server, flight.key)
            self._executor.adopt(flight.server, flight.task, flight.job_id)

    def _commit(self) -> None:
        self._journal.commit()
        forgettable, self._endings.forgettable = self._endings.forgettable, []
        for server, job_id in forgettable:
            self._rules.forget(server, job_id)
        self._rules.paying.settle()
        self._rules.paying.renew(self._flights.flying())

    def _look_for_idleness(self) -> Iterator[Told]:
        """End what no server can do, and give up when nothing has been done for a while because no server is there."""
        if self._flights.flying() or self._endings.waiting or not self._flights.open:
            self._idle_since = None
            return
        for key, reason in self._scheduler.impossible().items():
            outcome = Outcome("", State.FAILED, problem=Problem(WorkflowError.code, f"no server can do it: {reason}"))
            yield self._endings.end(key, outcome)
        now = time.monotonic()
        self._idle_since = now if self._idle_since is None else self._idle_since
        if self._flights.open and now - self._idle_since >= self._rules.patience:
            raise self._no_server()

    def _no_server(self) -> ServerUnavailable:
        said = self._last_problem.message if self._last_problem else "no server answers"
        return ServerUnavailable(f"{said} ({len(self._flights.open)} jobs are left, and no server that could do them)")


def _cannot(impossible: Mapping[str, str]) -> WorkflowError:
    key, reason = next(iter(impossible.items()))
    others = f", and {len(impossible) - 1} more jobs" if len(impossible) > 1 else ""
    return WorkflowError(f"nothing is queued: no server can do job {key}{others}: {reason}; install what is missing")
