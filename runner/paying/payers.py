"""Who pays for a run: a user, and the wallet that counts for them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ...wallet.plans import Plan
from ...wallet.records import Standing
from ..batch.journal import Journal
from ..errors import UsageError
from ..fleet.tasks import Task
from ..targets import Target
from ..wallets import open_wallet
from .bills import Bill, Quote, bill
from .settling import covered, reconcile

if TYPE_CHECKING:
    from ...wallet.ledger import Wallet


class Account(NamedTuple):
    """A user of a wallet.

    Attributes:
        user: the name.
        wallet: a database's URL or file; None for the usual one.
        expected: what it must be called, where it must be that of an earlier run.
    """

    user: str
    wallet: str | None = None
    expected: str = ""


@dataclass(frozen=True)
class Payer:
    """A user whose wallet is open.

    Attributes:
        wallet: the wallet.
        user: the name.
        plan: the user's.
    """

    wallet: Wallet
    user: str
    plan: Plan

    def pays(self, tasks: Iterable[Task], targets: Sequence[Target]) -> Payment:
        """Return how a new run is paid; see `bills.bill`."""
        return Payment(self, bill(tasks, targets, self.plan))


@dataclass(frozen=True)
class Payment:
    """How a run is paid.

    Attributes:
        payer: who pays.
        bill: what it is expected to cost.
        run: what the wallet knows the run by; of a batch, its journal's name.
    """

    payer: Payer
    bill: Bill
    run: str = field(default_factory=lambda: uuid.uuid4().hex)

    def demand(self, journal: Journal | None = None) -> Standing:
        """Make sure that the balance suffices for the whole run, of which nothing is reserved here; return it.

        Args:
            journal: of a batch that goes on; what its jobs at servers have reserved is not needed again.

        Raises:
            InsufficientTokens: if it does not.
        """
        wallet, user, needed = self.payer.wallet, self.payer.user, self.bill.tokens
        if journal is not None:
            wallet.standing(user)  # which releases what expired
            reconcile(wallet, user, self.run, journal, journal.folder)
            needed -= covered(wallet, user, self.run, journal)
        return wallet.afford(user, max(0, needed))

    def quote(self) -> Quote:
        """Return what it would cost, and how the user stands."""
        standing = self.payer.wallet.standing(self.payer.user)
        return Quote(self.bill.images, self.bill.tokens, self.bill.is_least, standing)

    def paid(self) -> int:
        """Return what the user has paid for the run so far, in image tokens."""
        return sum(found.paid for found in self.payer.wallet.reservations(self.payer.user, self.run))


@contextmanager
def payer_of(account: Account | None) -> Iterator[Payer | None]:
    """Yield the user of an account with the wallet open; None for none, and then no wallet is touched.

    Raises:
        WalletMissing: if the extra `wallet` is not installed.
        WalletError: if the wallet can't be used, or has no such user.
        UsageError: if it is not the one that is expected.
    """
    if account is None:
        yield None
        return
    with open_wallet(account.wallet) as wallet:
        if account.expected not in ("", wallet.url):
            raise UsageError(f"{account.user} pays from {account.expected}; name it with --wallet, or TAGLOOM_WALLET")
        yield Payer(wallet, account.user, wallet.plan_of(account.user))
