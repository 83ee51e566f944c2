"""Pays for a run's jobs: reserves before a job is posted, pays before its files are written, gives back what is over.

The wallet knows a posting by its job id, which the journal has before anything is reserved under it. All calls may be
made again after a crash: each counts once, and what was given back is paid anew if the job is delivered after all.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ...wallet.errors import KeyUsed, WalletError
from ..batch.flights import Flight
from ..batch.journal import Journal
from ..errors import JournalError
from ..outputs import folders, naming
from ..outputs.claims import Intended, Own
from ..outputs.kinds import PICTURES, VIDEOS
from ..outputs.saving import Planned
from .settling import last_delivered, reconcile, remove_undelivered

if TYPE_CHECKING:
    from .payers import Payment

SECONDS = 3600.0
"""For how long image tokens are reserved; while a job is at a server, it is renewed in time."""
RENEWED = 900.0
"""Seconds after which it is."""
PICTURED = ("images", "gifs")
"""What the history calls files that are pictures or films, whatever their kind."""


class Unpaid:
    """Does nothing: nobody pays for the run."""

    def begin(self) -> None:
        """Settle what an earlier process has left of the run."""

    def reserve(self, flight: Flight) -> None:
        """Reserve what a job is expected to cost, before it is posted.

        Raises:
            InsufficientTokens: if the balance does not suffice.
        """

    def pay(self, flight: Flight, planned: Sequence[Planned]) -> None:
        """Pay for the pictures of a job, before they are written.

        Raises:
            InsufficientTokens: if what is reserved and the balance do not suffice; nothing may be written then.
        """

    def delivered(self, flight: Flight) -> None:
        """Note that a job's files are written; `settle` gives back what it did not need."""

    def undelivered(self, flight: Flight) -> None:
        """Note that a posting has ended without files; `settle` gives back all of it."""

    def settle(self) -> None:
        """Do what was noted, once the journal has it for sure."""

    def renew(self, flights: Iterable[Flight]) -> None:
        """Let what is reserved for jobs at servers not expire."""

    def leave(self, flights: Iterable[Flight]) -> None:
        """Give back what is reserved for jobs that were taken back, and settle the rest; errors are passed over."""


UNPAID = Unpaid()


class Paying(Unpaid):
    """A user pays."""

    def __init__(self, payment: Payment, journal: Journal, out: Path, goes_on: bool) -> None:
        """Take what is paid for.

        Args:
            payment: who pays, and what is expected.
            journal: the run's.
            out: the folder for results.
            goes_on: whether the run can be resumed from the journal.
        """
        self._wallet, self._user, self._bill = payment.payer.wallet, payment.payer.user, payment.bill
        self._journal, self._run, self._out, self._goes_on = journal, payment.run, out, goes_on
        self._prices: dict[str, dict[Intended, int]] = {}
        self._undone: list[Flight] = []
        self._done: list[Flight] = []
        self._renewed = time.monotonic()

    def begin(self) -> None:
        """Settle what an earlier process has left of the run, and let its jobs at servers keep what they have."""
        reconcile(self._wallet, self._user, self._run, self._journal, self._out)
        flying = [attempt.job_id for attempt in self._journal.in_flight().values()]
        if flying:
            self._wallet.renew(self._user, flying, SECONDS)

    def reserve(self, flight: Flight) -> None:
        """Reserve what a job is expected to cost; a job that makes no picture reserves nothing, and can be found."""
        self._wallet.reserve(self._user, self._bill.of(flight.key), flight.job_id, self._run, SECONDS)

    def pay(self, flight: Flight, planned: Sequence[Planned]) -> None:
        """Pay for the pictures of a job, all of them or none."""
        prices = {file.intended: self._price(flight, file) for file in planned if is_paid_for(file)}
        self._prices[flight.job_id] = prices
        tokens = sum(prices.values())
        if not tokens:
            return
        try:
            self._wallet.commit(self._user, tokens, flight.job_id)
        except KeyUsed:  # an earlier process paid at other prices
            self._wallet.undo(self._user, flight.job_id)
            self._wallet.commit(self._user, tokens, flight.job_id)

    def delivered(self, flight: Flight) -> None:
        """See `Unpaid`."""
        self._done.append(flight)

    def undelivered(self, flight: Flight) -> None:
        """See `Unpaid`."""
        self._undone.append(flight)

    def settle(self) -> None:
        """Give back what the journal says is over."""
        while self._undone:
            self._undo(self._undone[0])
            self._undone.pop(0)
        while self._done:
            self._release(self._done[0])
            self._done.pop(0)

    def renew(self, flights: Iterable[Flight]) -> None:
        """Let what is reserved not expire; now and then is enough."""
        if time.monotonic() - self._renewed >= RENEWED:
            self._wallet.renew(self._user, [flight.job_id for flight in flights], SECONDS)
            self._renewed = time.monotonic()

    def leave(self, flights: Iterable[Flight]) -> None:
        """Give back what is paid or reserved for what does not lie in the folder; the wallet may be what failed."""
        with suppress(WalletError, JournalError):
            self.settle()
            for flight in flights:
                self._take_back(flight)

    def _undo(self, flight: Flight) -> None:
        """Give everything back, after files are gone that an earlier process may have written for this posting."""
        remove_undelivered(self._journal, flight.key, self._out)
        self._wallet.undo(self._user, flight.job_id)
        self._prices.pop(flight.job_id, None)

    def _release(self, flight: Flight) -> None:
        """Give back what a job did not need, and what earlier postings paid whose files are this one's now."""
        self._wallet.release(self._user, flight.job_id)
        earlier = last_delivered(self._journal, flight.key, besides=flight.job_id)
        if earlier:
            self._wallet.undo(self._user, earlier)
        self._prices.pop(flight.job_id, None)

    def _take_back(self, flight: Flight) -> None:
        prices = self._prices.get(flight.job_id)
        if prices is None:  # an earlier process may have paid, and written
            prices = dict.fromkeys(self._journal.intended(flight.key), 0)
        missing = [price for file, price in prices.items() if not self._lies_there(file)]
        if len(missing) == len(prices):
            self._wallet.undo(self._user, flight.job_id)
        elif not self._goes_on:
            self._wallet.release(self._user, flight.job_id)
            if any(missing):
                self._wallet.refund(self._user, sum(missing), f"missing:{flight.job_id}", job=flight.job_id)

    def _lies_there(self, file: Intended) -> bool:
        """Return whether a file was written, maybe under the next name that was free."""
        stem, suffix = naming.split(file.name)
        for name in naming.numbered(stem, suffix):
            if Own.of([Intended(name, file.sha256)]).has(self._out, name):
                return True
            if not folders.is_taken(self._out, name):
                return False
        raise AssertionError("numbers do not end")

    def _price(self, flight: Flight, file: Planned) -> int:
        return self._bill.price(flight.key, *file.size)


def is_paid_for(file: Planned) -> bool:
    """Return whether a file is a picture or a film, which costs as much as one; texts, sounds and the like are free."""
    suffix = PurePosixPath(file.intended.name).suffix.lower()
    return file.source is not None and (file.source.kind in PICTURED or suffix in PICTURES | VIDEOS)
