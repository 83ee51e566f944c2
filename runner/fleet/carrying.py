"""A task on its way through one server: made out, posted, its files brought here, and told of."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import OutputBroken, RunnerError, ServerUnavailable
from ..jobs.job import Job, Outcome, Problem, State
from ..outputs.clean import one_line
from ..outputs.collect import collect
from ..outputs.secrets import secrets_in, text_without_secrets
from ..server.client import Client
from .executor import Ended, Fetched
from .tasks import Prepared, Task

TRIES = 3
"""How often a file is asked for before it is given up."""
PAUSE = 1.0
"""Seconds before the second try; the third waits twice as long."""


@dataclass
class Carried:
    """A task that was given to a server.

    Attributes:
        adopted: whether it was posted before, by another process.
        prepared: how it was made out for the server, once it was.
        posted: whether the server may have it.
        cancelled: whether it shall not run any more.
        fetching: whether it is done and its files are on their way.
    """

    task: Task
    job_id: str
    adopted: bool = False
    prepared: Prepared | None = None
    posted: bool = False
    cancelled: bool = False
    fetching: bool = False


@dataclass(frozen=True)
class Results:
    """What a job left: its files and texts, and what was posted for it."""

    outcome: Outcome
    files: tuple[Fetched, ...] = ()
    texts: tuple[str, ...] = ()
    job: Job | None = None


def prepare(carried: Carried, client: Client) -> Outcome | None:
    """Make a task out for a server; return how it ended if that can't be done."""
    try:
        made = carried.task.prepare(client, carried.job_id)
    except Exception as error:  # whatever a task does, the other tasks go on
        state = State.LOST if isinstance(error, ServerUnavailable) else State.FAILED
        return Outcome(carried.job_id, state, problem=problem_of(error))
    carried.prepared = replace(made, job=replace(made.job, id=carried.job_id))
    return None


def fetch(carried: Carried, client: Client, outcome: Outcome, spool: Path) -> Results:
    """Bring a finished job's files here; a job whose files can't be had counts as failed, or lost with its server."""
    for attempt in range(1, TRIES + 1):
        try:
            return _fetched(carried, client, outcome, spool)
        except (ServerUnavailable, OutputBroken) as error:
            if attempt == TRIES:
                state = State.LOST if isinstance(error, ServerUnavailable) else State.FAILED
                return Results(replace(outcome, state=state, problem=problem_of(error)))
            time.sleep(PAUSE * attempt)
        except Exception as error:
            return Results(replace(outcome, state=State.FAILED, problem=problem_of(error)))
    raise AssertionError("each try returns")


def ended(server: str, carried: Carried, results: Results) -> Ended:
    """Return what is told of a task's end."""
    made = carried.prepared
    job = results.job or (made.job if made else None)
    return Ended(
        server=server,
        key=carried.task.key,
        outcome=_without_secrets(results.outcome, job),
        files=results.files,
        texts=results.texts,
        values=made.values if made else {},
        parameters=made.parameters if made else "",
        graph=job.graph if job else {},
        workflow=job.workflow if job else None,
    )


def _without_secrets(outcome: Outcome, job: Job | None) -> Outcome:
    """Return how a job ended, in words that may be printed and kept: servers repeat what inputs hold."""
    if outcome.problem is None:
        return outcome
    known = secrets_in(job.graph) if job else frozenset()
    message = text_without_secrets(outcome.problem.message, known)
    return replace(outcome, problem=outcome.problem._replace(message=message))


def problem_of(error: Exception) -> Problem:
    """Return an error as a job's or a server's problem, in one line."""
    code = error.code if isinstance(error, RunnerError) else getattr(error, "code", None)
    node, class_type = (str(getattr(error, name, "") or "") for name in ("node", "class_type"))
    text = one_line(str(error)) if isinstance(error, RunnerError) or code else f"{type(error).__name__}: {error}"
    return Problem(code if isinstance(code, str) else "failed", one_line(text), node, class_type)


def _fetched(carried: Carried, client: Client, outcome: Outcome, spool: Path) -> Results:
    """Bring the files here; of an adopted job, learn what was posted too, and how its task would be made out."""
    files, texts = collect(client, outcome, spool)
    if not carried.adopted:
        return Results(outcome, files, texts)
    if carried.prepared is None:
        prepare(carried, client)
    return Results(outcome, files, texts, client.posted(carried.job_id))
