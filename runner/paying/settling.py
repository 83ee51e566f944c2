"""What a run that was cut off has left in the wallet: it is settled by what the run's journal says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..batch.journal import Journal
from ..batch.leftovers import remove_leftovers
from ..jobs.job import State

if TYPE_CHECKING:
    from ...wallet.ledger import Wallet

DELIVERED = (State.DONE.value, State.PARTIAL.value)


def last_delivered(journal: Journal, key: str, besides: str = "") -> str:
    """Return the id of a job's last posting whose files were saved, or nothing; that of `besides` does not count."""
    found = [each.job_id for each in journal.attempts(key) if each.state in DELIVERED and each.job_id != besides]
    return found[-1] if found else ""


def reconcile(wallet: Wallet, user: str, run: str, journal: Journal, out: Path) -> None:
    """Give back what postings of a run reserved or paid that delivered nothing; those at servers are left alone.

    Args:
        wallet: who pays, with `user`.
        user: the name.
        run: what the wallet knows the run by.
        journal: the run's.
        out: the folder for results.
    """
    flying = {attempt.job_id for attempt in journal.in_flight().values()}
    left = [found.key for found in wallet.reservations(user, run) if found.open or found.paid]
    left = [job_id for job_id in left if job_id not in flying]
    keys = _keys(journal) if left else {}
    for job_id in left:
        key = keys.get(job_id)
        if key is not None and last_delivered(journal, key) == job_id:
            wallet.release(user, job_id)
        else:
            if key is not None:
                remove_undelivered(journal, key, out)
            wallet.undo(user, job_id)


def remove_undelivered(journal: Journal, key: str, out: Path) -> None:
    """Remove files that a process may have written for a job and not noted, before what they cost is given back."""
    if not last_delivered(journal, key):
        remove_leftovers(out, journal.intended(key), ())


def _keys(journal: Journal) -> dict[str, str]:
    """Return the job of each posting."""
    return {each.job_id: entry.key for entry in journal.entries() for each in journal.attempts(entry.key)}


def covered(wallet: Wallet, user: str, run: str, journal: Journal) -> int:
    """Return what a run's jobs at servers have reserved or paid, in image tokens."""
    flying = {attempt.job_id for attempt in journal.in_flight().values()}
    return sum(found.open + found.paid for found in wallet.reservations(user, run) if found.key in flying)
