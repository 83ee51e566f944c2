"""What the wallet tells: entries of the ledger, reservations, and how a user stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from .errors import when_text

Kind = Literal["grant", "reserve", "commit", "release", "refund", "adjust"]
KINDS: tuple[Kind, ...] = ("grant", "reserve", "commit", "release", "refund", "adjust")
MOST_TOKENS = 10**12
"""The most image tokens that one operation may be about."""


@dataclass(frozen=True)
class Entry:
    """One line of the ledger, which never changes.

    Attributes:
        id: counts up over all users.
        user: whose.
        at: when it was written, UTC.
        kind: what happened.
        amount: by how many image tokens the balance changed; balance = the sum of these.
        held: by how many the reserved ones changed; 0 in the end for each reservation.
        allowance: the part of `amount` that lapses with its period.
        job: the key of the reservation that it belongs to, or nothing.
        key: the idempotency key, unique for the user.
        period: the first day of the period for which it was granted, `2026-11-23`, or nothing.
        note: in somebody's words.
    """

    id: int
    user: str
    at: datetime
    kind: Kind
    amount: int
    held: int
    allowance: int
    job: str
    key: str
    period: str
    note: str

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON and CSV."""
        return {**self.__dict__, "at": self.at.isoformat(timespec="milliseconds")}


@dataclass(frozen=True)
class Reservation:
    """Image tokens that are set aside for a job.

    Attributes:
        user: whose.
        key: the job's, unique for the user.
        run: what the job belongs to, such as a batch; may be empty.
        tokens: how many were set aside in all.
        open: how many still are.
        committed: how many were paid.
        refunded: how many of those were given back.
        expires: when what is open is released by itself, UTC.
    """

    user: str
    key: str
    run: str
    tokens: int
    open: int
    committed: int
    refunded: int
    expires: datetime

    @property
    def paid(self) -> int:
        """How many image tokens the job has cost."""
        return self.committed - self.refunded


@dataclass(frozen=True)
class Standing:
    """How a user stands at a moment.

    Attributes:
        user: the name.
        plan: the plan's id.
        balance: image tokens that may be spent.
        held: image tokens that are reserved, besides.
        allowance: those of the balance that lapse when the next ones are granted.
        next_grant: when the next ones are, UTC; None for a plan without an allowance.
        next_tokens: how many.
    """

    user: str
    plan: str
    balance: int
    held: int
    allowance: int
    next_grant: datetime | None
    next_tokens: int

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON and CSV."""
        return {**self.__dict__, "next_grant": self.next_grant.isoformat() if self.next_grant else None}

    def text(self) -> str:
        """Return it in words."""
        held = f", {self.held} reserved" if self.held else ""
        grant = f"; {self.next_tokens} on {when_text(self.next_grant)}" if self.next_grant else ""
        return f"{self.user} ({self.plan}): {self.balance} image token{'s' * (self.balance != 1)} left{held}{grant}"


@dataclass(frozen=True)
class Fault:
    """Where the ledger contradicts itself."""

    user: str
    text: str
