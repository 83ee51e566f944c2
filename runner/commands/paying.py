"""What the commands that make pictures share about image tokens: who pays, what it costs, and what is left."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from ..batch.journal import Journal
    from ..batch.making import PaidBy
    from ..fleet.tasks import Task
    from ..output import Output
    from ..paying.payers import Account, Payer, Payment
    from ..targets import Target


def add_paying(parser: argparse.ArgumentParser, quote: bool = True) -> None:
    """Add who pays."""
    paying = parser.add_argument_group("image tokens (without --user nobody pays)")
    paying.add_argument("--user", metavar="NAME", help="who pays for the pictures, from the wallet")
    add_wallet(paying)
    if quote:
        paying.add_argument("--quote", action="store_true", help="only tell what it would cost; nothing is made")


def add_wallet(parser: argparse._ActionsContainer) -> None:
    """Add which wallet is meant."""
    parser.add_argument("--wallet", type=_url, metavar="URL", help="a file or a database URL; or TAGLOOM_WALLET")


def _url(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("is empty; give a file or a database URL")
    return text


def account_of(options: argparse.Namespace) -> Account | None:
    """Return who pays, if somebody is named.

    Raises:
        UsageError: if there is a wallet and nobody to pay from it.
    """
    from ..paying.payers import Account

    if options.user is None:
        if options.wallet is not None:
            raise UsageError("--wallet says where users are, but none is named; add --user NAME")
        return None
    return Account(options.user, options.wallet)


def account_again(options: argparse.Namespace, paid_by: PaidBy | None) -> Account | None:
    """Return who pays for a batch that goes on: whoever did before, from the same wallet.

    Raises:
        UsageError: if somebody else is named, or anybody for a batch that nobody paid for.
    """
    from ..paying.payers import Account

    if paid_by is None:
        if (options.user, options.wallet) != (None, None):
            raise UsageError("nobody pays for this batch, and nobody can begin to; leave --user and --wallet out")
        return None
    if options.user not in (None, paid_by.user):
        raise UsageError(f"{paid_by.user} pays for this batch, not {options.user}; leave --user out")
    named = options.wallet or os.environ.get("TAGLOOM_WALLET")
    if not named and "://" in paid_by.wallet:  # without its password
        raise UsageError(f"{paid_by.user} pays from {paid_by.wallet}; name it with --wallet, or TAGLOOM_WALLET")
    return Account(paid_by.user, named or paid_by.wallet, expected=paid_by.wallet)


def tell_quote(tasks: Sequence[Task], targets: Sequence[Target], payer: Payer | None, output: Output) -> int:
    """Tell what tasks would cost, and how the user stands; return the exit code."""
    from ..paying.bills import Quote, bill

    if payer is not None:
        quote = payer.pays(tasks, targets).quote()
    else:
        found = bill(tasks, targets)
        quote = Quote(found.images, found.tokens, found.is_least)
    output.result("quote", quote.as_data(), quote.as_text())
    return 0


def demanded(
    tasks: Sequence[Task], targets: Sequence[Target], payer: Payer | None, journal: Journal | None = None
) -> Payment | None:
    """Return how tasks are paid, if they are; nothing is queued yet.

    Args:
        tasks: all that is to be done.
        targets: servers that answer.
        payer: who pays.
        journal: of a batch that goes on.

    Raises:
        InsufficientTokens: if the balance does not suffice for all of them.
    """
    if payer is None:
        return None
    payment = payer.pays(tasks, targets)
    if journal is not None:
        payment = replace(payment, run=journal.name)
    payment.demand(journal)
    return payment


def planned(payment: Payment | None) -> dict[str, Any]:
    """Return what the plan tells of how a run is paid."""
    return {"user": payment.payer.user, "image_tokens": payment.bill.tokens} if payment else {}


def tell_paid(payment: Payment | None, output: Output) -> dict[str, Any]:
    """Tell what a run has cost and what is left; return it for the event at the end."""
    if payment is None:
        return {}
    from ..paying.bills import counted

    standing, paid = payment.payer.wallet.standing(payment.payer.user), payment.paid()
    output.note(f"{counted(paid, 'image token')} paid; {standing.text()}")
    return {"user": payment.payer.user, "image_tokens": paid, "left": standing.balance}
