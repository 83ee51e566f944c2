"""A workflow and values made into tasks for servers, after all of it was checked; nothing is queued."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .errors import NotRunnable, UsageError, WorkflowError
from .graph.reading import Document
from .targets import Target
from .workflow_checks import check
from .workflow_ground import ground_of, made_ground
from .workflow_tasks import WorkflowTask, made_task, seeded, workflow_tasks

MOST = 100_000
"""Runs of one workflow at a time."""


class WorkflowWork(NamedTuple):
    """What is to be done: a task for each run of the workflow, and the servers that can run it."""

    tasks: list[WorkflowTask]
    fitting: list[Target]


def workflow_work(
    document: Document,
    values: Mapping[str, Any],
    targets: Sequence[Target],
    *,
    count: int = 1,
    seed: int | None = None,
    allow_api_nodes: bool = False,
    unchecked: bool = False,
    warn: Callable[[str], None] = lambda text: None,
) -> WorkflowWork:
    """Return what is to be done.

    Args:
        document: the workflow.
        values: what is put into it, by selectors.
        targets: the servers, which answer.
        count: how often to run it; the seeds count up.
        seed: the first run's; None leaves it as it is.
        allow_api_nodes: whether nodes may ask services that cost money.
        unchecked: whether what preflight finds in the graph only warns, and the server decides.
        warn: called with what the user should know, such as what some of the servers lack.

    Raises:
        WorkflowError: if none of the servers can run it.
        UsageError: for values that don't fit it.
    """
    if not 1 <= count <= MOST:
        raise UsageError(f"count is {count}; it must lie between 1 and {MOST}")
    fitting = _fitting(made_task(document, values), targets, allow_api_nodes, unchecked, warn)
    schemas = fitting[0].client.schema
    rows = seeded(made_ground(document, schemas), dict(values), count, seed)
    found = {target.client.url: target.installation for target in targets if target.installation}
    return WorkflowWork([*workflow_tasks(document, rows, schemas, found)], fitting)


def _fitting(
    task: WorkflowTask,
    targets: Sequence[Target],
    allow_api_nodes: bool,
    unchecked: bool,
    warn: Callable[[str], None],
) -> list[Target]:
    fitting: list[Target] = []
    problem: WorkflowError | None = None
    for target in targets:
        try:
            found = check(task, ground_of(target.client, task.document), target, allow_api_nodes)
            if not unchecked or found.filled is None:
                found.report.demand_none(target.client.url)
        except WorkflowError as error:
            problem = problem or error
            if len(targets) > 1:
                warn(str(error))
            continue
        faults = [fault.line() for fault in found.report.faults]
        for text in (*faults, *found.notes) if not fitting else ():
            warn(text)
        fitting.append(target)
    if not fitting:
        raise problem or NotRunnable("no server can run the workflow")
    return fitting
