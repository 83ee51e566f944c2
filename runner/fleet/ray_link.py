"""Speaks with one server's actor: orders go there, events and files come here, and its death is survived."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..jobs.job import Outcome, Problem, State
from .executor import Ended, Event, Fetched, ServerDown
from .tasks import Task

WAIT = 5.0
"""Seconds for which an actor is asked to wait for events."""
GRACE = 60.0
"""Seconds beyond that in which a dead actor must be back before its tasks count as lost."""
PAUSE = 0.5
"""Seconds until an actor whose process died is asked again."""
LEAVE = 30.0
"""Seconds that it may take to leave."""
PIECE = 2**24
"""Bytes of a file that are sent at a time."""


class RayLink:
    """One server's actor, and the tasks that are there."""

    def __init__(self, ray: Any, name: str, actor: Any, spool: Path, tell: Callable[[Event], None]) -> None:
        """Take the module `ray`, the server's name, its actor, the folder for files, and whom to tell what happens."""
        self._ray, self._name, self._actor, self._spool, self._tell = ray, name, actor, spool, tell
        self._open: dict[str, Task] = {}
        self._orders: dict[Any, str] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._takes_back = True
        self._away = False
        self._left: Any = None
        self._fetching = ThreadPoolExecutor(1, f"downloads from {name}")
        self._thread = threading.Thread(target=self._follow, name=f"actor {name}", daemon=True)

    def start(self) -> None:
        """Begin to listen to the actor."""
        self._thread.start()

    def submit(self, task: Task, job_id: str) -> None:
        """Let the actor prepare a task and post it."""
        self._order(self._actor.submit, task, job_id)

    def adopt(self, task: Task, job_id: str) -> None:
        """Let the actor take up what was posted before."""
        self._order(self._actor.adopt, task, job_id)

    def cancel(self, job_id: str) -> None:
        """Let the actor take a job back."""
        self._actor.cancel.remote(job_id)

    def process(self) -> int:
        """Return the id of the actor's process, on its machine."""
        return int(self._ray.get(self._actor.process.remote(), timeout=GRACE))

    def leave(self, take_back: bool = True) -> None:
        """Begin to leave, and to take back what is unfinished unless it is to stay at the server."""
        self._takes_back = take_back
        self._closing.set()
        self._left = self._actor.close.remote(take_back)

    def join(self) -> None:
        """Return when the actor has left; one that does not answer is ended."""
        with contextlib.suppress(self._ray.exceptions.RayError):
            for event in self._ray.get(self._left, timeout=LEAVE):
                self._pass_on(event)
        self._fetching.shutdown(wait=True)
        self._ray.kill(self._actor)
        self._thread.join()
        if self._takes_back:
            self._lose_all(State.CANCELLED, Problem("cancelled", f"the job was taken back from {self._name}"))

    def _order(self, method: Any, task: Task, job_id: str) -> None:
        with self._lock:
            self._open[job_id] = task
        try:
            order = method.remote(task, job_id)
        except Exception as error:  # Ray says in many ways that it can't pickle something
            self._refused(job_id, error)
        else:
            with self._lock:
                self._orders[order] = job_id

    def _follow(self) -> None:
        errors = self._ray.exceptions
        while not self._closing.is_set():
            asked = self._actor.events.options(concurrency_group="events").remote(WAIT)
            try:
                events = self._ray.get(asked, timeout=WAIT + GRACE)
            except errors.GetTimeoutError:
                self._gone()
            except errors.RayError as error:
                self._died(error)
                self._closing.wait(PAUSE)
            else:
                self._is_back()
                self._check_orders()
                for event in events:
                    self._pass_on(event)

    def _check_orders(self) -> None:
        """End the tasks that never got to the actor: their pickle can't be read there."""
        with self._lock:
            orders = list(self._orders)
        done, _ = self._ray.wait(orders, num_returns=len(orders), timeout=0) if orders else ([], [])
        for order in done:
            with self._lock:
                job_id = self._orders.pop(order)
            try:
                self._ray.get(order)
            except self._ray.exceptions.RayActorError:
                pass  # it died meanwhile, and the one after it was told
            except self._ray.exceptions.RayError as error:
                self._refused(job_id, error)

    def _refused(self, job_id: str, error: Exception) -> None:
        with self._lock:
            task = self._open.get(job_id)
        if task is not None:
            text = (
                f"the task can't be carried to {self._name} ({type(error).__name__}); is Tagloom there, as it is here?"
            )
            outcome = Outcome(job_id, State.FAILED, problem=Problem("failed", text))
            self._end(Ended(self._name, task.key, outcome))

    def _died(self, error: Exception) -> None:
        """Note that the actor's process died. Ray starts it anew, and the server may run on meanwhile."""
        if not self._away and not self._closing.is_set():
            text = f"the process for {self._name} died ({type(error).__name__}); Ray starts it again"
            self._tell(ServerDown(self._name, Problem("server-unavailable", text)))
        self._away = True

    def _is_back(self) -> None:
        """Give an actor that was started anew what the one before it had: what the server knows of it goes on."""
        if not self._away:
            return
        self._away = False
        with self._lock:
            tasks = list(self._open.items())
        for job_id, task in tasks:
            self._order(self._actor.adopt, task, job_id)

    def _gone(self) -> None:
        """End what an actor had that does not come back."""
        if self._closing.is_set():
            return
        problem = Problem("server-unavailable", f"the process for {self._name} does not answer; look at `ray status`")
        self._tell(ServerDown(self._name, problem))
        self._away = True
        self._lose_all(State.LOST, problem)

    def _pass_on(self, event: Event) -> None:
        """Tell what the actor tells; of a task that is done, once its files are here."""
        if not isinstance(event, Ended):
            self._tell(event)
        elif event.files:
            self._fetching.submit(self._fetch, event)
        else:
            self._end(event)

    def _fetch(self, event: Ended) -> None:
        try:
            files = tuple(self._fetched(file) for file in event.files)
        except Exception as error:  # the actor died, or the disk is full: either way the job can be adopted again
            broken = Problem("output-broken", f"a file of {self._name} did not come whole ({type(error).__name__})")
            outcome = replace(event.outcome, state=State.FAILED, problem=broken)
            self._end(replace(event, outcome=outcome, files=()))
        else:
            self._end(replace(event, files=files))

    def _fetched(self, file: Fetched) -> Fetched:
        """Bring a file here, piece by piece, under a name of our own, and check that it came whole."""
        path, digest, start = self._spool / uuid.uuid4().hex, hashlib.sha256(), 0
        try:
            with path.open("xb") as out:
                while piece := self._piece(file, start):
                    out.write(piece)
                    digest.update(piece)
                    start += len(piece)
            if digest.hexdigest() != file.sha256:
                raise OSError("it is not what was sent")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._actor.drop.options(concurrency_group="files").remote(file.path)
        return file._replace(path=path)

    def _piece(self, file: Fetched, start: int) -> bytes:
        asked = self._actor.read.options(concurrency_group="files").remote(file.path, start, PIECE)
        return bytes(self._ray.get(asked, timeout=GRACE))

    def _end(self, event: Ended) -> None:
        with self._lock:
            known = self._open.pop(event.outcome.job_id, None)
        if known is not None:
            self._tell(event)

    def _lose_all(self, state: State, problem: Problem) -> None:
        with self._lock:
            left = list(self._open.items())
        for job_id, task in left:
            self._end(Ended(self._name, task.key, Outcome(job_id, state, problem=problem)))
