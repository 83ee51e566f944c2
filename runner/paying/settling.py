"""What a run that was cut off has left in the wallet: it is settled by what the run's journal says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..batch.journal import Journal
from ..jobs.job import State

if TYPE_CHECKING:
    from ...wallet.ledger import Wallet

DELIVERED = (State.DONE.value, State.PARTIAL.value)


def last_delivered(journal: Journal, key: str, besides: str = "") -> str:
    """Return the id of a job's last posting whose files were saved, or nothing; that of `besides` does not count."""
    found = [each.job_id for each in journal.attempts(key) if each.state in DELIVERED and each.job_id != besides]
    return found[-1] if found else ""


def reconcile(wallet: Wallet, user: str, run: str, journal: Journal) -> None:
    """Give back what postings of a run reserved or paid that delivered nothing; those at servers are left alone."""
    delivered: set[str] | None = None
    flying = {attempt.job_id for attempt in journal.in_flight().values()}
    for found in wallet.reservations(user, run):
        if found.key in flying or not (found.open or found.paid):
            continue
        if delivered is None:
            delivered = {last_delivered(journal, entry.key) for entry in journal.entries()}
        if found.key in delivered:
            wallet.release(user, found.key)
        else:
            wallet.undo(user, found.key)


def covered(wallet: Wallet, user: str, run: str, journal: Journal) -> int:
    """Return what a run's jobs at servers have reserved or paid, in image tokens."""
    flying = {attempt.job_id for attempt in journal.in_flight().values()}
    return sum(found.open + found.paid for found in wallet.reservations(user, run) if found.key in flying)
