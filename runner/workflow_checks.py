"""Looks at a workflow with a user's values before anything is queued: all that keeps it from running, at once."""

from __future__ import annotations

from typing import NamedTuple

from .errors import WorkflowError
from .graph.faults import Report
from .graph.preflight import preflight
from .targets import Target
from .workflow_ground import Ground, faults_of
from .workflow_tasks import Filled, WorkflowTask


class Checked(NamedTuple):
    """What was found, and the graph with the values in it, where these could be put in."""

    report: Report
    filled: Filled | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""
        return (*(self.filled.done.notes if self.filled else ()), *self.report.warnings)


def check(task: WorkflowTask, ground: Ground, target: Target | None, allow_api_nodes: bool = False) -> Checked:
    """Return what keeps a task from running on a server; without one, its classes alone are looked at.

    Raises:
        UsageError: if a value is given for what is not there, or for several inputs.
    """
    try:
        filled = task.filled(ground, None)
    except WorkflowError as error:
        own = faults_of(error)
        places = {(fault.node, fault.input) for fault in own}
        rest = preflight(ground.graph, ground.schemas, allow_api_nodes=allow_api_nodes)
        others = tuple(fault for fault in rest.faults if (fault.node, fault.input) not in places)
        return Checked(Report((*own, *others), rest.warnings), None)
    return Checked(filled.check(target, allow_api_nodes), filled)
