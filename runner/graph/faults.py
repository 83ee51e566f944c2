"""What keeps a workflow from running on a server: each fault with its node, the reason, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..errors import NotRunnable
from ..outputs.clean import one_line

Kind = Literal["node", "model", "value", "input", "link", "output", "money", "conversion"]
MOST_TOLD = 20


@dataclass(frozen=True)
class Fault:
    """One thing that must be mended.

    Attributes:
        kind: what it concerns: a missing `node` or `model`, a `value`, a missing `input`, a `link`, no `output`,
            `money` that a node would cost, or the `conversion`.
        reason: what is wrong.
        fix: what to do.
        node: the node's id, empty where it is the whole workflow.
        title: the node's title.
        class_type: the node's class.
        input: the input's name, empty where it is the whole node.
    """

    kind: Kind
    reason: str
    fix: str
    node: str = ""
    title: str = ""
    class_type: str = ""
    input: str = ""

    def line(self) -> str:
        """Return it in words."""
        title = f" ({self.title or self.class_type})" if self.title or self.class_type else ""
        where = f"node {self.node}{title}: " if self.node else ""
        return one_line(f"{where}{self.input and f'{self.input}: '}{self.reason}; {self.fix}")

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Report:
    """What preflight found: the faults, and warnings that keep nothing from running."""

    faults: tuple[Fault, ...]
    warnings: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return all of it in words."""
        return [*(fault.line() for fault in self.faults), *(f"warning: {one_line(text)}" for text in self.warnings)]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"problems": [fault.as_dict() for fault in self.faults], "warnings": [*self.warnings]}

    def demand_none(self, where: str) -> None:
        """Raise the faults, if there are any; `where` names the server.

        Raises:
            NotRunnable: with all of them.
        """
        if self.faults:
            raise refusal(self.faults, where)


def refusal(faults: Sequence[Fault], where: str) -> NotRunnable:
    """Return the error that tells why a workflow can't run on a server."""
    return NotRunnable(f"the workflow can't run on {where}: {told(faults)}", faults)


def told(faults: Iterable[Fault]) -> str:
    """Return faults in one line."""
    lines = [fault.line() for fault in faults]
    more = f" -- and {len(lines) - MOST_TOLD} more" if len(lines) > MOST_TOLD else ""
    return " -- ".join(lines[:MOST_TOLD]) + more
