"""Reads a job's entry in the server's history: how it ended, why, what it made, and how long it took."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..outputs.clean import one_line
from .job import Outcome, Problem, State

OUT_OF_MEMORY = re.compile(
    r"out ?of ?memory|allocation on device|can't allocate memory|not enough memory|failed to allocate", re.IGNORECASE
)
"""In the type or the text of what torch, its backends and ComfyUI raise when memory runs out."""
LONGEST = 3_000_000_000
"""Milliseconds (a month) that a job may have taken; what is longer is a mistake, or made up."""
BLOCKED = "ExecutionBlocked"
"""The type of an `execution_error` after which the job goes on: a node blocked those after it, with a message."""


def ended_as(
    job_id: str, url: str, entry: Mapping[str, Any], left_out: Problem | None = None, cancelled: bool = False
) -> Outcome:
    """Return how a job ended.

    Args:
        job_id: its id.
        url: the server's address, for messages.
        entry: its entry in the history.
        left_out: what says that outputs were left out.
        cancelled: whether we took it back.
    """
    status = entry.get("status")
    status = status if isinstance(status, dict) else {}
    made = entry.get("outputs")
    outputs = made if isinstance(made, dict) else {}
    messages = list(_messages(status.get("messages")))
    seconds = _seconds(messages)
    if status.get("status_str") == "success":
        state = State.PARTIAL if left_out else State.DONE
        return Outcome(job_id, state, outputs, left_out, seconds)
    state, problem = _failure(url, messages, cancelled)
    return Outcome(job_id, state, outputs, problem, seconds)


def error_problem(url: str, error: Mapping[str, Any]) -> Problem:
    """Return the problem that an `execution_error` tells of; its inputs may hold secrets and are left out."""
    text, kind = (one_line(str(error.get(name) or "")) for name in ("exception_message", "exception_type"))
    node, class_type = (one_line(str(error.get(name) or ""), 100) for name in ("node_id", "node_type"))
    code = "out-of-memory" if OUT_OF_MEMORY.search(f"{kind} {text}") else "job-failed"
    code = "node-blocked" if kind == BLOCKED else code
    return Problem(code, f"node {node} ({class_type}) failed on {url}: {text or kind}", node, class_type)


def _failure(url: str, messages: list[tuple[str, Mapping[str, Any]]], cancelled: bool) -> tuple[State, Problem]:
    for kind, data in messages:
        if kind == "execution_error":
            return State.FAILED, error_problem(url, data)
        if kind == "execution_interrupted":
            text = f"the job was interrupted on {url}"
            return State.CANCELLED, Problem("cancelled" if cancelled else "interrupted", text)
    return State.FAILED, Problem("job-failed", f"the job failed on {url}; look into the server's log")


def _messages(found: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for message in found if isinstance(found, list) else ():
        if isinstance(message, list) and len(message) == 2 and isinstance(message[1], dict):
            yield str(message[0]), message[1]


def _seconds(messages: list[tuple[str, Mapping[str, Any]]]) -> float | None:
    """Return how long the server worked, by its own clock: from `execution_start` to what came last."""
    times = {kind: data.get("timestamp") for kind, data in messages}
    ends = (times.get(f"execution_{end}") for end in ("success", "error", "interrupted"))
    start, end = times.get("execution_start"), next((time for time in ends if time is not None), None)
    if not isinstance(start, int | float) or not isinstance(end, int | float) or abs(end - start) > LONGEST:
        return None
    return max(0.0, (end - start) / 1000)
