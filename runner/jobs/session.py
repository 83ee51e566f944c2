"""One server's jobs: posts, follows and ends each exactly once. Events are hints, the history is the truth."""

from __future__ import annotations

from ..errors import JobRefused, ServerUnavailable, Unauthorized
from ..server.client import Client
from .events import JobEvent
from .following import Following
from .job import Job, Problem, State
from .link import Link
from .options import Options
from .silence import Clock
from .states import Accepted, Refused

CANCEL_TIMEOUT = 10.0
"""Seconds for which a job that was taken back may still run: it is interrupted between two steps."""


class Session:
    """Jobs at one server. Use it in a `with` statement; leaving it takes back what has not ended.

    Set `takes_back` to False, and leaving it leaves those jobs at the server: another session may adopt them.

    One thread drives it: `submit`, `adopt` and `poll`. Any other may `cancel` and `wake`. Call `poll` again and again
    while jobs are open: the server's messages are read there, and a server waits for clients that read slowly, so
    don't do long work between two calls in the same thread.
    """

    def __init__(self, client: Client, options: Options | None = None, clock: Clock | None = None) -> None:
        """Take the server to work on; entering the block connects."""
        self._client = client
        self._options = options or Options()
        self._clock = clock or Clock()
        self._link = Link(client)
        self._following = Following(client, self._options, self._clock, self._link)
        self.takes_back = True

    def __enter__(self) -> Session:
        """Connect before anything is posted, so that no event is missed.

        Raises:
            ServerUnavailable: if the websocket can't be had.
        """
        try:
            self._link.connect(self._clock.now)
        except BaseException:
            self._link.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        """Take back what is unfinished and wait for the job that runs to leave, unless they stay; disconnect."""
        try:
            if self.takes_back:
                self._take_all_back()
        finally:
            self._link.close()

    @property
    def open_jobs(self) -> tuple[str, ...]:
        """The ids of the jobs that have not ended, in the order in which they came."""
        return tuple(self._following.open)

    @property
    def down(self) -> Problem | None:
        """Why the server was given up, once it was: nothing can be done with this session any more."""
        return self._following.down

    def submit(self, job: Job) -> None:
        """Post a job; what becomes of it, a refusal too, is told by `poll`. An id is never posted twice.

        Raises:
            ServerUnavailable: if the session is down.
        """
        self._check()
        self._clock.tick()
        self._following.open_job(job.id, known=False)
        try:
            self._post(job)
        except JobRefused as error:
            self._client.renew()  # its nodes and models may have changed
            problem = Problem(error.code, str(error), error.node, error.class_type)
            self._following.observe(job.id, Refused(State.FAILED, problem))
        except ServerUnavailable as error:
            if not error.reached or isinstance(error, Unauthorized):
                self._following.observe(job.id, Refused(State.LOST, Problem(error.code, str(error))))

    def adopt(self, job_id: str) -> None:
        """Take up a job that was posted before, by whomever; it ends as `lost` if the server does not know it.

        Raises:
            ServerUnavailable: if the session is down.
        """
        self._check()
        self._clock.tick()
        self._following.open_job(job_id, known=True)

    def cancel(self, job_id: str) -> None:
        """Take a job of this session back, wherever it stands, from any thread; `poll` tells how it ended.

        A job that ended meanwhile stays as it ended. Nobody else's job is touched.
        """
        if job_id in self._following.open:
            self._following.taken.append(job_id)
            self._following.send_cancel(job_id)
            self.wake()

    def wake(self) -> None:
        """Make a `poll` that waits return at once, from any thread."""
        self._link.wake()

    def poll(self, timeout: float) -> list[JobEvent]:
        """Return what happened, waiting up to `timeout` seconds for something; empty if nothing did or it was woken.

        When the server is given up, each open job ends as `lost` and `down` says why.

        Raises:
            ServerUnavailable: if the session is down and everything was told.
        """
        if not self._following.events:
            self._check()
        self._clock.tick()
        deadline = self._clock.now + timeout
        while True:
            self._following.step()
            left = deadline - self._clock.now
            if self._link.woken() or self._following.events or self.down or left <= 0:
                break
            self._link.wait(min(left, self._following.due()))
        return self._following.told()

    def _post(self, job: Job) -> None:
        name = self._link.client_id
        left_out = self._client.submit(job.graph, job.id, name or job.id, job.workflow)
        self._following.accepted(job.id, name)
        self._following.observe(job.id, Accepted(left_out))
        if left_out and not self._options.accept_partial:
            self._following.send_cancel(job.id)
            self._following.observe(job.id, Refused(State.FAILED, left_out[0]))

    def _check(self) -> None:
        if self.down is not None:
            raise ServerUnavailable(self.down.message)

    def _take_all_back(self) -> None:
        """Take the open jobs back, those that wait first so that none of them starts meanwhile."""
        for job_id in reversed(self.open_jobs):
            self.cancel(job_id)
        deadline = self._clock.now + CANCEL_TIMEOUT
        while self.open_jobs and self.down is None and self._clock.now < deadline:
            self.poll(0.05)
