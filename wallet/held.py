"""What a job has reserved and paid, within a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import BadAmount


class Held:
    """A reservation's row, to be changed."""

    def __init__(self, row: Mapping[Any, Any]) -> None:
        self.id: int = row["id"]
        self.key: str = row["key"]
        self.run: str = row["run"]
        self.period: str = row["period"]
        self.tokens: int = row["tokens"]
        self.open: int = row["open"]
        self.allowance: int = row["allowance"]
        self.committed: int = row["committed"]
        self.paid_allowance: int = row["paid_allowance"]
        self.refunded: int = row["refunded"]
        self.undone: int = row["undone"]
        self.expires: int = row["expires"]
        self._was = self.as_row()

    @property
    def has_changed(self) -> bool:
        """Whether it is not any more what it was when it was read."""
        return self.as_row() != self._was

    def refundable(self, tokens: int | None) -> int:
        """Return how many image tokens are refunded when so many are wanted; None is all that were paid.

        Raises:
            BadAmount: if that is more than was paid, or nothing was.
        """
        paid = self.committed - self.refunded
        amount = paid if tokens is None else tokens
        if not 0 < amount <= paid:
            raise BadAmount(f"the job {self.key!r} has {paid} image tokens to be refunded, {amount} are wanted")
        return amount

    def as_row(self) -> dict[str, Any]:
        """Return the columns that may have changed."""
        return {name: value for name, value in vars(self).items() if name not in ("id", "key", "_was")}
