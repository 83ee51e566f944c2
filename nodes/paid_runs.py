"""The runs of ComfyUI's queue, as the wallet knows them: what a run has reserved goes back when it is over."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from comfy_execution.utils import get_executing_context

from ..wallet.watching import Watch

if TYPE_CHECKING:
    from ..wallet import Wallet

LONGEST = 80
"""Letters of a prompt's id that are kept: clients may choose it."""


class PaidRun:
    """One execution of a prompt. Clients may send a prompt's id again, and what is paid must not count twice.

    Attributes:
        name: what its reservations and payments are called by, in the ledger.
    """

    def __init__(self, prompt_id: str, item: Any) -> None:
        printable = "".join(letter for letter in prompt_id if letter.isprintable())[:LONGEST]
        self.name = f"comfyui:{printable}:{uuid.uuid4().hex}"
        self._prompt_id, self._item = prompt_id, item
        self._numbers = count(1)

    def next_key(self) -> str:
        """Return the key of its next reservation or payment."""
        return f"{self.name}:{next(self._numbers)}"

    def is_of(self, item: Any) -> bool:
        """Return whether it is the execution of an item of the queue."""
        return self._item is item

    def is_over(self) -> bool:
        """Return whether the queue does not execute it any more: it ended, failed, or was interrupted."""
        return self._item is None or _running(self._prompt_id) is not self._item


class PaidRuns:
    """The runs that go on, each watched from when it first asks for image tokens."""

    def __init__(self) -> None:
        self._watch = Watch()
        self._lock = threading.Lock()
        self._runs: dict[tuple[str, str], PaidRun] = {}

    def current(self, wallet: Wallet, user: str) -> PaidRun:
        """Return the run whose node is executed in this thread."""
        context = get_executing_context()
        prompt_id = context.prompt_id if context else ""
        item = _running(prompt_id)
        with self._lock:
            run = self._runs.get((prompt_id, user))
            if run is not None and run.is_of(item):
                return run
            self._runs = {key: other for key, other in self._runs.items() if not other.is_over()}
            run = self._runs[prompt_id, user] = PaidRun(prompt_id, item)
        self.release_ended()
        self._watch.add(wallet, user, run.name, run.is_over)
        return run

    def release_ended(self) -> None:
        """Let go back at once what ended runs have left: the next one in the queue may need it."""
        self._watch.look()


def _running(prompt_id: str) -> Any:
    """Return the item that the queue executes under this id, the same object each time; None if there is none."""
    from server import PromptServer

    queue = getattr(getattr(PromptServer, "instance", None), "prompt_queue", None)
    if queue is None:
        return None
    current: Callable[[], Any] = getattr(queue, "get_current_queue_volatile", queue.get_current_queue)
    return next((item for item in current()[0] if item[1] == prompt_id), None)


RUNS = PaidRuns()
