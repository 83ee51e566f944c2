"""Rows as values for a workflow's inputs: a run of the workflow for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...prompt.errors import PromptError
from ..errors import NotRunnable, RunnerError, UsageError
from ..fleet.tasks import Task
from ..graph.convert import Schemas
from ..graph.nodes import Nodes
from ..graph.reading import Document
from ..graph.selectors import Selectors
from ..targets import Target
from ..workflow_checks import check
from ..workflow_ground import ground_of, made_ground
from ..workflow_tasks import WorkflowTask, workflow_tasks
from .rows import SEED, Row


def seed_column(document: Document, schemas: Schemas) -> str | None:
    """Return `seed` where a workflow has one input of that name for sure, else None: nothing gives it seeds then."""
    ground = made_ground(document, schemas)
    nodes = Nodes(ground.graph, ground.schemas)
    return SEED if Selectors(nodes, ground.declared(nodes)).certain(SEED) else None


def row_tasks(
    document: Document, rows: Sequence[tuple[str, Row]], schemas: Schemas, folder: Path
) -> list[WorkflowTask]:
    """Return the task of each row, under the key in front of it; paths in rows start from `folder`.

    Raises:
        UsageError: for a row whose names or values don't fit the workflow; the message names the row.
    """
    values = [{name: value for name, value in row.values.items() if value is not None} for _, row in rows]
    made = workflow_tasks(document, values, schemas, folder=folder)
    tasks: list[WorkflowTask] = []
    for key, row in rows:
        try:
            tasks.append(replace(next(made), key=key))
        except (RunnerError, PromptError) as error:
            raise UsageError(f"{row.origin}: {error}") from error
    return tasks


def check_rows(
    rows: Sequence[tuple[str, Row]], tasks: Sequence[Task], targets: Sequence[Target], allow_api_nodes: bool
) -> tuple[str, ...]:
    """Make sure that each row can be run on one of the servers; return what the user should know of the first one.

    Raises:
        NotRunnable: for a row that none of them can run; the message names the row and what it lacks.
    """
    notes: tuple[str, ...] = ()
    made = [task for task in tasks if isinstance(task, WorkflowTask)]
    for (_, row), task in zip(rows, made, strict=True):
        found = [check(task, ground_of(target.client, task.document), target, allow_api_nodes) for target in targets]
        if not any(each.filled is not None and not each.report.faults for each in found):
            try:
                found[0].report.demand_none(targets[0].client.url)
            except NotRunnable as error:
                raise NotRunnable(f"{row.origin}: {error}", error.faults) from error
        notes = notes or found[0].notes
    return notes
