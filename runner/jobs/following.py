"""Follows a session's open jobs: reads messages, asks where they are silent, and gives a server up that is dead."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from ..errors import ServerUnavailable
from ..server.client import Client, Seen
from .events import JobChanged, JobEnded, JobEvent, JobPreviewed, JobStepped
from .frames import Frame, read_frame
from .job import Problem
from .link import Link
from .options import Options
from .silence import Clock
from .states import Absent, GivenUp, Hint, Listed, Observation, Recorded, Standing, Taken, after

CANCEL_AGAIN = 3.0
"""Seconds after which a job that was taken back and is still there is taken back again."""


@dataclass
class Followed:
    """A job that has not ended: where it stands, whose events tell of it, and when it is asked about next."""

    standing: Standing
    look_at: float
    pause: float
    client_id: str = ""
    looked_at: float = -60.0
    absent_since: float | None = None
    left_at: float | None = None
    cancelled_at: float = 0.0


class Following:
    """The open jobs of a session; `events` is what was not told yet, `taken` the ids that shall be taken back."""

    def __init__(self, client: Client, options: Options, clock: Clock, link: Link) -> None:
        self._client, self._options, self._clock, self._link = client, options, clock, link
        self.open: dict[str, Followed] = {}
        self.events: list[JobEvent] = []
        self.taken: list[str] = []
        self.down: Problem | None = None
        self._running = ""
        self._shown: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self._worked_at = self._busy_at = 0.0
        self._unreachable_since: float | None = None

    def open_job(self, job_id: str, known: bool) -> None:
        """Begin to follow a job; `known` says that the server is sure to have had it."""
        if not self.open:
            self._worked_at = self._busy_at = self._clock.now
        pause = self._options.blind[0]
        look_at = self._clock.now + (0 if known else pause)
        self.open[job_id] = Followed(Standing(job_id, self._client.url, known=known), look_at, pause)

    def accepted(self, job_id: str, client_id: str) -> None:
        """Note that a job was posted with a connection's name, so that its events come there."""
        followed = self.open[job_id]
        followed.client_id = client_id
        self._rest(followed)

    def observe(self, job_id: str, seen: Observation) -> None:
        """Let a job's state follow from what was seen, and note what is to be told of it."""
        followed = self.open.get(job_id)
        if followed is None:
            return
        before, followed.standing = followed.standing, after(followed.standing, seen, self._options.waits)
        if followed.standing.outcome is not None:
            del self.open[job_id]
            self._worked_at = self._busy_at = self._clock.now
            self.events.append(JobEnded(followed.standing.outcome))
        elif followed.standing.state is not before.state:
            self.events.append(JobChanged(job_id, followed.standing.state))

    def send_cancel(self, job_id: str) -> None:
        """Take a job back at the server; one that can't be reached will be found out elsewhere."""
        with contextlib.suppress(ServerUnavailable):
            self._client.cancel(job_id)

    def told(self) -> list[JobEvent]:
        """Return what was not told yet, once."""
        events, self.events = self.events, []
        return events

    def due(self) -> float:
        """Return in how many seconds there is something to do."""
        now = self._clock.now
        return max(0.0, min([self._link.due(now), *(followed.look_at - now for followed in self.open.values())]))

    def step(self) -> None:
        """Do all that there is to do now, without waiting for anything but answers."""
        self._clock.tick()
        if self._clock.jumped:
            self._clock.jumped = False
            self._link.doubt(self._clock.now)
            self._ask_soon()
        for message in self._link.messages(self._clock.now):
            self._read(read_frame(message, self._client.url, self._options.whole_progress))
        if self._link.keep(self._clock.now):
            self._ask_soon()  # nothing that was missed is sent again
        while self.taken:
            self._take_back(self.taken.pop())
        self._look()
        self._give_up_if_dead()

    def _read(self, frame: Frame) -> None:
        if frame.queue:  # the events of jobs that an earlier connection posted don't come here
            self._ask_soon(blind=True)
        job_id = frame.job_id or (self._running if frame.preview else "")
        followed = self.open.get(job_id)
        if frame.alive or followed:
            self._worked_at = self._busy_at = self._clock.now
        if followed is None:
            return
        self._rest(followed)
        for node, value, of in frame.steps:
            self.events.append(JobStepped(job_id, value, of, node))
        if frame.preview:
            self.events.append(JobPreviewed(job_id, *frame.preview))
        if frame.hinted:
            self._hinted(followed, frame)

    def _hinted(self, followed: Followed, frame: Frame) -> None:
        assert frame.hinted is not None
        self._running = frame.job_id
        if frame.hinted.hint is Hint.LEAVES:
            first = self._options.settle[0]
            followed.left_at = self._clock.now if followed.left_at is None else followed.left_at
            followed.pause = first
            followed.look_at = self._clock.now + (0 if frame.written else first)
        self.observe(frame.job_id, frame.hinted)

    def _rest(self, followed: Followed) -> None:
        """Ask about a job whose events come only once they don't."""
        if followed.left_at is None:
            followed.pause = self._pauses(followed)[0]
            followed.look_at = self._clock.now + followed.pause

    def _pauses(self, followed: Followed) -> tuple[float, float]:
        if followed.left_at is not None:
            return self._options.settle
        seen = followed.client_id and followed.client_id == self._link.client_id
        return self._options.look if seen else self._options.blind

    def _ask_soon(self, blind: bool = False) -> None:
        """Ask about all jobs now, or about those whose events don't come as often as is decent."""
        for followed in self.open.values():
            if not blind:
                followed.look_at = self._clock.now
            elif followed.client_id != self._link.client_id:
                decent = followed.looked_at + self._options.settle[1]
                followed.look_at = min(followed.look_at, max(self._clock.now, decent))

    def _take_back(self, job_id: str) -> None:
        self.observe(job_id, Taken())
        followed = self.open.get(job_id)
        if followed is not None:
            followed.cancelled_at = self._clock.now
            followed.look_at = self._clock.now
            followed.pause = self._options.settle[0]

    def _look(self) -> None:
        """Ask the server about the jobs whose time has come."""
        now = self._clock.now
        due = [job_id for job_id, followed in self.open.items() if followed.look_at <= now]
        if not due:
            return
        try:
            seen = self._seen(due)
        except ServerUnavailable as error:
            self._out_of_reach(error, due)
            return
        self._clock.tick()
        if self._unreachable_since is not None:  # it was away, not idle
            self._unreachable_since = None
            self._worked_at = self._busy_at = self._clock.now
        self._note_work(seen)
        for job_id in due:
            self._sight(job_id, self.open[job_id], seen)

    def _seen(self, due: list[str]) -> Seen:
        """Look jobs up: in the history alone while that is sure to be written soon, else everywhere."""
        limit = self._clock.now - self._options.waits.leaving
        if any((left := self.open[job_id].left_at) is None or left <= limit for job_id in due):
            return self._client.look_up(due)
        return Seen(None, None, {job_id: entry for job_id in due if (entry := self._client.history(job_id))})

    def _sight(self, job_id: str, followed: Followed, seen: Seen) -> None:
        """Take what the server says of one job."""
        now, longest = self._clock.now, self._pauses(followed)[1]
        followed.pause = min(longest, max(followed.pause, self._options.settle[0]) * 1.5)
        followed.look_at, followed.looked_at = now + followed.pause, now
        if job_id in seen.ended:
            self.observe(job_id, Recorded(seen.ended[job_id]))
        elif seen.running is None or seen.waiting is None:
            return
        elif job_id in seen.running or job_id in seen.waiting:
            followed.absent_since = followed.left_at = None
            self.observe(job_id, Listed(job_id in seen.running))
            if followed.standing.cancelling and now - followed.cancelled_at > CANCEL_AGAIN:
                followed.cancelled_at = now
                self.send_cancel(job_id)
        else:
            since = followed.absent_since if followed.left_at is None else followed.left_at
            followed.absent_since = now if since is None else since
            followed.look_at = min(followed.look_at, now + self._options.blind[0])
            self.observe(job_id, Absent(now - followed.absent_since))

    def _note_work(self, seen: Seen) -> None:
        """Note whether anything goes on in the queue, whosever job it is: others may post, and nothing be done."""
        if seen.running is None or seen.waiting is None:
            return
        running, waiting = self._shown
        if seen.running != running or waiting - seen.waiting or seen.ended:
            self._worked_at = self._clock.now
        self._shown = (seen.running, seen.waiting)
        if seen.running or not seen.waiting:
            self._busy_at = self._clock.now

    def _out_of_reach(self, error: ServerUnavailable, due: list[str]) -> None:
        self._clock.tick()
        now = self._clock.now
        if self._unreachable_since is None:
            self._unreachable_since = now
        for job_id in due:
            self.open[job_id].look_at = now + self._options.blind[1]
        if now - self._unreachable_since >= self._options.patience:
            self._give_up(Problem(error.code, str(error)))

    def _give_up_if_dead(self) -> None:
        """Give a server up that answers, but has not worked on what it has for too long."""
        now, url = self._clock.now, self._client.url
        if not self.open or self.down or self._unreachable_since is not None:
            return
        idle = now - self._busy_at >= self._options.idle
        if idle or now - self._worked_at >= self._options.silence:
            why = "leaves its queue alone" if idle else "shows no sign of work on its jobs"
            for job_id in self.open:
                self.send_cancel(job_id)  # should it come to its senses, it need not do them
            self._give_up(Problem("server-stuck", f"{url} answers, but {why}; restart it"))

    def _give_up(self, problem: Problem) -> None:
        self.down = problem
        for job_id in list(self.open):
            self.observe(job_id, GivenUp(problem))
