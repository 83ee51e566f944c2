"""What a job is, the states that it goes through, and how it ended."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple


class State(str, Enum):
    """Where a job stands. The last five are ends: nothing follows them."""

    SUBMITTED = "submitted"
    """Its id is noted down, and it may have been posted."""
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    """The server left outputs of the graph out, and made the others."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """The server does not know it any more, or does not work any more."""

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self not in (State.SUBMITTED, State.QUEUED, State.RUNNING)


@dataclass(frozen=True)
class Job:
    """A graph in API format, the workflow (UI format) that goes into its files, and an id of our own."""

    graph: dict[str, Any]
    workflow: dict[str, Any] | None
    id: str


class Problem(NamedTuple):
    """Why a job did not succeed.

    Attributes:
        code: one of `errors.CODES`.
        message: one line: what is wrong, where, and what to do.
        node: the id of the node that it came from, where one is known.
        class_type: that node's class.
    """

    code: str
    message: str
    node: str = ""
    class_type: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a job ended: `outputs` are the history's, by node id; `seconds` is what the server itself needed."""

    job_id: str
    state: State
    outputs: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    seconds: float | None = None


def new_id() -> str:
    """Return a fresh job id, in the form that every ComfyUI accepts: a canonical UUID."""
    return str(uuid.uuid4())
