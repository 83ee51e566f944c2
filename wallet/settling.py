"""Pays for what was delivered from all that its run has reserved, and from the balance what that lacks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .errors import WalletError
from .records import Reservation

if TYPE_CHECKING:
    from .ledger import Wallet


def settle(wallet: Wallet, user: str, tokens: int, run: str, delivery: str) -> None:
    """Pay image tokens: all of them, or none.

    Args:
        wallet: whose.
        user: who pays.
        tokens: how many.
        run: whose open reservations pay first.
        delivery: names what is paid for; unique for the user. It is the job of what the balance pays.

    Raises:
        InsufficientTokens: if open reservations and balance together do not suffice.
    """
    shares = list(_shares(wallet.reservations(user, run=run, only_open=True), tokens))
    beyond = tokens - sum(share for _, share in shares)
    if beyond:
        shares.insert(0, (delivery, beyond))  # first, as this alone can fail for want of tokens
    _pay(wallet, user, shares, delivery)


def _shares(reservations: Iterable[Reservation], tokens: int) -> Iterable[tuple[str, int]]:
    for reservation in reservations:
        share = min(tokens, reservation.open)
        if share:
            yield reservation.key, share
        tokens -= share


def _pay(wallet: Wallet, user: str, shares: list[tuple[str, int]], delivery: str) -> None:
    """Pay from each; a reservation may expire at this very moment, with nothing in the balance to take its place."""
    paid: list[tuple[str, int]] = []
    try:
        for job, share in shares:
            wallet.commit(user, share, job, part=delivery)
            paid.append((job, share))
    except WalletError:
        for job, share in paid:
            wallet.refund(user, share, note="not delivered", job=job)
        raise
