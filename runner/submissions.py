"""Something that runs in the background: what happens in it, its result, and how it is taken back."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from .batch.told import JobEnded, Told
from .results import all_done

Start = Callable[[Callable[[], bool]], Generator[Told, None, None]]
"""Begins a run that looks, again and again, at whether it shall stop."""


class Submission:
    """A run in a thread of its own. Every method may be called from any thread."""

    def __init__(self, start: Start, tell: Callable[[Told | None], object] | None = None) -> None:
        """Begin at once.

        Args:
            start: begins the run, in the thread.
            tell: called from the thread with each event, and with None at the end, in place of `events`.
        """
        self._start = start
        self._events: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
        self._tell = tell or self._events.put
        self._ended: list[JobEnded] = []
        self._error: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="tagloom submission", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether it is at its end."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Take back what is unfinished; what was saved stays. `result` raises `Cancelled` then."""
        self._stop.set()

    def events(self) -> Iterator[Told]:
        """Yield what happens until the end; each event is given once, to one caller."""
        while (event := self._events.get()) is not None:
            yield event
        self._events.put(None)  # for whoever asks again

    def result(self, timeout: float | None = None) -> tuple[JobEnded, ...]:
        """Wait for the end and return the jobs in their order.

        Args:
            timeout: for how many seconds to wait.

        Raises:
            TimeoutError: if it has not ended by then; it goes on.
            Cancelled: if it was taken back.
            JobsFailed: if a job is not done.
            RunnerError: as `Client.stream`.
        """
        self.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"still running after {timeout:g} seconds")
        self.demand()
        return all_done(self._ended)

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end, for so many seconds at most."""
        self._thread.join(timeout)

    def demand(self) -> None:
        """Raise what ended it, if an error did."""
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            with closing(self._start(self._stop.is_set)) as events:
                for event in events:
                    if isinstance(event, JobEnded):
                        self._ended.append(event)
                    self._tell(event)
        except Exception as error:  # it is for the caller, who asks for the result
            self._error = error
        finally:
            self._tell(None)
