"""What the fault server is set up to do wrong for the cases of section 8: one function each."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from .fault_server import FaultServer, Run
from .fault_server.server import RECORDED, Posted
from .faulty_batches import wait_for


def first(*behaviours: Callable[[Run], Any]) -> Callable[[FaultServer], None]:
    """Return a fault: the first jobs are done so, one by one, and all others as they should be."""
    turns = iter(behaviours)

    def set_up(server: FaultServer) -> None:
        server.behave = lambda run: next(turns, Run.succeed)(run)

    return set_up


def always(behave: Callable[[Run], Any]) -> Callable[[FaultServer], None]:
    """Return a fault: each job is done so."""
    return lambda server: setattr(server, "behave", behave)


def answering(question: str, answer: Any, times: int = 10**6) -> Callable[[FaultServer], None]:
    """Return a fault: a question is answered so, and as it should be after some times."""
    left = iter(range(times))

    def reply(server: FaultServer, body: bytes) -> Any:
        if next(left, None) is None:
            return None
        return answer(server, body) if callable(answer) else answer

    return lambda server: server.answers.update({question: reply})


class Everywhere(dict[str, Any]):
    """The same answer to every question, as a proxy gives it."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def get(self, key: str, default: Any = None) -> Any:
        """Return that answer."""
        return self.answer


def never_recorded(run: Run) -> None:
    """End without ever writing the history."""
    run.begin()
    run.server.running = None
    run.tell("executing", {"node": None, "prompt_id": "JOB"})


def unheard(server: FaultServer) -> None:
    """Break the connection off when a job is posted, and open the next one only once that job is done."""

    def away(server: FaultServer, body: bytes) -> None:
        server.answers["GET /ws"] = lambda server, body: wait_for(lambda: server.done)
        server.drop()

    answering("POST /prompt", away, 1)(server)


def muted(run: Run) -> None:
    """Send nothing more on the connections that are open."""
    run.begin()
    for socket in run.server.sockets:
        socket.mute = True
    run.end()


def killed(run: Run) -> None:
    """Kill the server while it works, and start it again."""
    run.begin()
    threading.Thread(target=run.server.restart, kwargs={"after": 0.1}).start()
    run.server.pause(3600)


def gone(run: Run) -> None:
    """Kill the server while it works."""
    run.begin()
    threading.Thread(target=run.server.stop).start()
    run.server.pause(3600)


def stuck(run: Run) -> None:
    """Work for ever, without a sign of it."""
    run.begin()
    run.server.pause(3600)


def taken_in_silence(answer: Any) -> Callable[[FaultServer, bytes], Any]:
    """Take a job, and answer something else."""

    def take(server: FaultServer, body: bytes) -> Any:
        given = json.loads(body)
        server.queue(Posted(given["prompt_id"], given["prompt"], given["client_id"], {}))
        told = json.dumps({**RECORDED["refusals"]["partial"]["body"], "prompt_id": given["prompt_id"]}).encode()
        return (200, "application/json", told) if answer == "partly" else answer

    return take


def cached_and_gone(run: Run) -> None:
    """Name a file of the cache that somebody deleted."""
    run.begin("cached")
    outputs = run.make()
    run.server.files.clear()
    run.end(outputs)


def interrupted(run: Run) -> None:
    """Be interrupted by somebody."""
    run.begin()
    run.server.interrupt(None)
    run.server.pause(0)


def proxied(answer: Any) -> Callable[[FaultServer], None]:
    """Put something between, while a job runs, that answers everything."""

    def behave(run: Run) -> None:
        run.begin()
        run.server.answers = Everywhere(answer)
        run.server.drop()
        run.server.pause(3600)

    return always(behave)


def without_proxy(server: FaultServer) -> None:
    """Take it away, and let the server be done with that job."""
    server.answers, server.behave = {}, Run.succeed
    server.interrupt(None)


def works_again(server: FaultServer) -> None:
    """Mend what jobs do."""
    server.behave = Run.succeed


def restarted(server: FaultServer) -> None:
    """Start the server that was killed, mended."""
    works_again(server)
    server.start()
