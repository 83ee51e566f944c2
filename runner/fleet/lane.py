"""One server's threads: one connects and follows its jobs, one prepares tasks, and one downloads."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import EmbeddedMissing, NotComfyUI, ServerUnavailable, Unauthorized, UsageError
from ..jobs.events import JobChanged, JobEnded, JobEvent, JobPreviewed, JobStepped
from ..jobs.job import Outcome, Problem, State
from ..jobs.options import Options
from ..jobs.session import Session
from ..server.client import Client
from .carrying import Carried, Results, ended, fetch, prepare, problem_of
from .executor import Changed, Event, Facts, Fetching, Previewed, ServerDown, ServerUp, Stepped
from .facts import facts
from .servers import ServerEntry
from .tasks import Task

HOPELESS = (EmbeddedMissing, UsageError)
"""What no waiting mends: such a server is not tried again."""
UNREACHED = {error.code for error in (ServerUnavailable, NotComfyUI, Unauthorized)}
"""What a job is lost by that never reached the server: nothing more is given to it before it answers again."""
STUCK = "server-stuck"
"""What a server is down by that answers but does not work: only a new start mends it, which ours get."""
LOOK = 15.0
"""Seconds after which a server that has nothing to do is asked whether it is still there."""


@dataclass(frozen=True)
class Settings:
    """How servers are worked with; pauses are seconds.

    Attributes:
        session: how a connected server's jobs are followed.
        first: the pause between the first two tries to reach a server; each one after that is twice as long.
        most: the longest of them.
        stuck: the pause after a server was found to answer, but not to work.
        announce: called with what is being done where it takes time, such as the start of a server.
    """

    session: Options = field(default_factory=Options)
    first: float = 0.5
    most: float = 30.0
    stuck: float = 300.0
    announce: Callable[[str], None] = lambda text: None


class Lane:
    """What one server is given to do. Every method may be called from any thread."""

    def __init__(self, entry: ServerEntry, spool: Path, settings: Settings, tell: Callable[[Event], None]) -> None:
        """Take the server, the folder for its files, and whom to tell what happens; `start` connects."""
        self._entry, self._spool, self._settings, self._tell = entry, spool, settings, tell
        self._carried: dict[str, Carried] = {}
        self._ready: queue.SimpleQueue[Carried] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._takes_back = True
        self._client: Client | None = None
        self._session: Session | None = None
        self._down: Problem | None = None
        self._starting = False
        self._preparing = ThreadPoolExecutor(1, f"prepares for {entry.name}")
        self._fetching = ThreadPoolExecutor(1, f"downloads from {entry.name}")
        self._thread = threading.Thread(target=self._live, name=f"server {entry.name}", daemon=True)

    def start(self) -> None:
        """Begin to connect, and return at once."""
        self._thread.start()

    def submit(self, task: Task, job_id: str) -> None:
        """Prepare a task and post it."""
        carried = self._take(Carried(task, job_id))
        self._preparing.submit(self._prepare, carried)

    def adopt(self, task: Task, job_id: str) -> None:
        """Take up what was posted before; this may be asked before the server is connected."""
        self._put(self._take(Carried(task, job_id, adopted=True)))

    def cancel(self, job_id: str) -> None:
        """Take a job back, wherever it stands."""
        with self._lock:
            carried, session = self._carried.get(job_id), self._session
            if carried is not None:
                carried.cancelled = True
        if carried is not None and carried.posted and session is not None:
            session.cancel(job_id)

    def leave(self, take_back: bool = True) -> None:
        """Begin to disconnect, and to take back what is unfinished unless it is to stay at the server."""
        self._takes_back = take_back
        self._closing.set()
        self._wake()

    def join(self) -> None:
        """Return when nothing runs any more; to be called after `leave`. A server's start is not waited for."""
        while self._thread.is_alive() and not self._starting:
            self._thread.join(0.05)
        self._preparing.shutdown(cancel_futures=True)
        self._fetching.shutdown(cancel_futures=True)
        if self._takes_back:
            self._end_all(State.CANCELLED, Problem("cancelled", f"the job was taken back from {self._entry.name}"))

    def _live(self) -> None:
        """Connect and work, again and again, until the lane is closed."""
        pause = self._settings.first
        while not self._closing.is_set():
            try:
                problem = self._work()
                pause = self._settings.first
            except Exception as error:  # the server's, or a mistake of ours: either way the jobs go elsewhere
                problem = problem_of(error)
                if isinstance(error, HOPELESS):
                    self._fall(problem)
                    return
            if self._closing.is_set():
                return
            self._fall(problem)
            if problem.code == STUCK:
                self._entry.end()
            foreign = self._entry.address is not None
            self._closing.wait(self._settings.stuck if problem.code == STUCK and foreign else pause)
            pause = min(self._settings.most, pause * 2)

    def _work(self) -> Problem:
        """Connect, and work until the server is down or the lane is closed; return why it is down."""
        self._starting = self._entry.address is None
        try:
            address = self._entry.open(self._settings.announce)
        finally:
            self._starting = False
        client = Client(address)
        found = facts(client)
        with Session(client, self._settings.session) as session:
            with self._lock:
                self._client, self._session = client, session
            self._tell_up(found)
            try:
                return self._serve(session, client)
            finally:
                session.takes_back = self._takes_back
                with self._lock:
                    self._client = self._session = None

    def _serve(self, session: Session, client: Client) -> Problem:
        problem: Problem | None = None
        while not self._closing.is_set() and problem is None:
            self._post_ready(session)
            events = session.poll(LOOK if self._down is None else self._settings.first)
            self._tell_down(session.down or _unreached(events))  # first, so that what it lost is not given to it again
            for event in events:
                self._pass_on(event)
            idle = not events and not session.open_jobs and self._ready.empty()
            problem = session.down or (self._ask(session, client) if idle or self._down else None)
        return problem or Problem("cancelled", "closed")

    def _ask(self, session: Session, client: Client) -> Problem | None:
        """Ask a server that is silent or was out of reach; return why it is down, unless jobs are still open there."""
        try:
            if self._down is None:
                client.version()
            else:
                self._tell_up(facts(client))
        except ServerUnavailable as error:
            return None if session.open_jobs else problem_of(error)
        return None

    def _post_ready(self, session: Session) -> None:
        """Hand over what is prepared; what was given up meanwhile is passed over."""
        while not self._ready.empty():
            carried = self._ready.get()
            with self._lock:
                carried.posted = carried.adopted or not carried.cancelled
                known = self._carried.get(carried.job_id) is carried
            if known and not carried.posted:
                self._cancelled(carried)
            elif known:
                if carried.prepared is None:
                    session.adopt(carried.job_id)
                else:
                    session.submit(carried.prepared.job)
                if carried.cancelled:
                    session.cancel(carried.job_id)

    def _prepare(self, carried: Carried) -> None:
        client = self._client
        if client is None:
            problem = self._down or Problem("server-unavailable", f"the server {self._entry.name} is out of reach")
            self._end(carried, Results(Outcome(carried.job_id, State.LOST, problem=problem)))
        elif carried.cancelled:
            self._cancelled(carried)
        elif (outcome := prepare(carried, client)) is not None:
            self._end_beside(carried, Results(outcome))
        else:
            self._put(carried)

    def _pass_on(self, event: JobEvent) -> None:
        """Tell what a session tells, by the tasks' names; of a job that is done, once its files are here."""
        carried, client = self._carried.get(event.job_id), self._client
        if carried is None or client is None:
            return
        server, key = self._entry.name, carried.task.key
        if isinstance(event, JobChanged):
            self._tell(Changed(server, key, event.state))
        elif isinstance(event, JobStepped):
            self._tell(Stepped(server, key, event.value, event.of, event.node))
        elif isinstance(event, JobPreviewed):
            self._tell(Previewed(server, key, event.image))
        elif event.outcome.state in (State.DONE, State.PARTIAL):
            carried.fetching = True
            self._tell(Fetching(server, key, event.outcome.seconds))
            self._fetching.submit(self._fetch, carried, client, event.outcome)
        else:
            self._end(carried, Results(event.outcome))

    def _fetch(self, carried: Carried, client: Client, outcome: Outcome) -> None:
        self._end_beside(carried, fetch(carried, client, outcome, self._spool))

    def _take(self, carried: Carried) -> Carried:
        with self._lock:
            self._carried[carried.job_id] = carried
        return carried

    def _put(self, carried: Carried) -> None:
        self._ready.put(carried)
        self._wake()

    def _wake(self) -> None:
        with self._lock:  # a session that has been left can't be woken
            if self._session is not None:
                self._session.wake()

    def _cancelled(self, carried: Carried) -> None:
        problem = Problem("cancelled", "the job was taken back before it was posted")
        self._end(carried, Results(Outcome(carried.job_id, State.CANCELLED, problem=problem)))

    def _end(self, carried: Carried, results: Results) -> None:
        """Tell how a task ended, once."""
        with self._lock:
            known = self._carried.get(carried.job_id) is carried
            if known:
                del self._carried[carried.job_id]
        if known:
            self._tell(ended(self._entry.name, carried, results))

    def _end_beside(self, carried: Carried, results: Results) -> None:
        """Tell how a task ended that another thread worked on; if the server was not there, that first."""
        problem = results.outcome.problem
        if results.outcome.state is State.LOST and problem is not None and problem.code in UNREACHED:
            self._tell_down(problem)
            self._wake()
        self._end(carried, results)

    def _end_all(self, state: State, problem: Problem, fetching: bool = True) -> None:
        with self._lock:
            left = [carried for carried in self._carried.values() if fetching or not carried.fetching]
        for carried in left:
            self._end(carried, Results(Outcome(carried.job_id, state, problem=problem)))

    def _fall(self, problem: Problem) -> None:
        """Tell that the server is down, and end its tasks; files of finished ones may still come."""
        self._tell_down(problem)
        self._end_all(State.LOST, problem, fetching=False)

    def _tell_up(self, found: Facts) -> None:
        self._down = None
        self._tell(ServerUp(self._entry.name, found))

    def _tell_down(self, problem: Problem | None) -> None:
        with self._lock:
            news = problem is not None and self._down is None
            self._down = self._down or problem
        if news and problem is not None:
            self._tell(ServerDown(self._entry.name, problem))


def _unreached(events: Iterable[JobEvent]) -> Problem | None:
    """Return why a job never reached the server, if one did not."""
    outcomes = (event.outcome for event in events if isinstance(event, JobEnded))
    lost = (outcome.problem for outcome in outcomes if outcome.state is State.LOST)
    return next((problem for problem in lost if problem is not None and problem.code in UNREACHED), None)
