"""How a batch's rows become tasks: as requests, or as values for a workflow. Kept in the journal, for resuming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import JournalError
from ..fleet.tasks import Task
from ..graph.reading import Document
from .rows import SEED, Row

if TYPE_CHECKING:
    from ..paying.payers import Payer
    from ..targets import Target


class PaidBy(NamedTuple):
    """Who pays for a batch: a user, and where the wallet is (without a password)."""

    user: str
    wallet: str


@dataclass(frozen=True)
class Making:
    """What a batch needs besides its rows.

    Attributes:
        folder: where paths in rows start from.
        document: the workflow; None where rows are requests.
        axes: the names of the grid's axes, for the contact sheet.
        name: the template of the files' names, or None.
        partial: whether a job goes on of which the server leaves outputs out.
        paid_by: who pays; None: nobody does.
    """

    folder: Path
    document: Document | None = None
    axes: tuple[str, ...] = ()
    name: str | None = None
    partial: bool = False
    paid_by: PaidBy | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as the journal keeps it."""
        document = self.document and {"kind": self.document.kind, "data": self.document.data}
        source = self.document.source if self.document else ""
        return {
            "folder": str(self.folder.absolute()),
            "workflow": document,
            "source": source,
            "axes": list(self.axes),
            "name": self.name,
            "partial": self.partial,
            **({"paid_by": list(self.paid_by)} if self.paid_by else {}),
        }

    @classmethod
    def from_json(cls, made: Mapping[str, Any]) -> Making:
        """Return what the journal kept.

        Raises:
            JournalError: if that is not understood.
        """
        try:
            workflow = made["workflow"]
            document = Document(workflow["kind"], workflow["data"], made["source"]) if workflow else None
            axes = tuple(map(str, made["axes"]))
            paid_by = PaidBy(*map(str, made["paid_by"])) if made.get("paid_by") else None
            return cls(Path(made["folder"]), document, axes, made["name"], bool(made["partial"]), paid_by)
        except (KeyError, TypeError) as error:
            raise JournalError(f"the journal does not say how its jobs are made ({error!r}); start anew") from error

    def paid(self, payer: Payer | None) -> Making:
        """Return the same, paid by a user."""
        return replace(self, paid_by=PaidBy(payer.user, payer.wallet.url) if payer else None)

    def seed(self, targets: Sequence[Target]) -> str | None:
        """Return the column that seeds are in; None where the workflow has none."""
        if self.document is None:
            return SEED
        from .workflow_rows import seed_column

        return seed_column(self.document, targets[0].client.schema)

    def tasks(self, rows: Sequence[tuple[str, Row]], targets: Sequence[Target] = ()) -> Sequence[Task]:
        """Return a task for each row, under the key in front of it.

        Args:
            rows: in their order, with their keys.
            targets: servers that answer; a workflow needs one, to be checked against its classes.

        Raises:
            UsageError: for a row that can't be done.
        """
        if self.document is None:
            from .requests import request_tasks

            return request_tasks(rows, self.folder)
        from .workflow_rows import row_tasks

        return row_tasks(self.document, rows, targets[0].client.schema, self.folder)

    def check(
        self, rows: Sequence[tuple[str, Row]], tasks: Sequence[Task], targets: Sequence[Target], allow_api_nodes: bool
    ) -> tuple[str, ...]:
        """Make sure that each row of a workflow can be run on one of the servers; return remarks.

        Raises:
            NotRunnable: for a row that none of them can run.
        """
        if self.document is None:
            return ()
        from .workflow_rows import check_rows

        return check_rows(rows, tasks, targets, allow_api_nodes)

    def foresee(self, rows: Sequence[tuple[str, Row]], targets: Sequence[Target]) -> None:
        """Make sure of what `check` leaves to the servers' scheduler: that one of them can do each request.

        Raises:
            WorkflowError: for a row that none of them can do.
        """
        if self.document is None:
            from .requests import check_requests

            check_requests(rows, self.folder, targets)


def at(tasks: Sequence[Task], targets: Sequence[Target]) -> list[Task]:
    """Return tasks that know which servers' files can be read here."""
    found = {target.client.url: target.installation for target in targets if target.installation}
    return [replace(task, installations=found) for task in tasks]  # type: ignore[type-var]  # both kinds have these
