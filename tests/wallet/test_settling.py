"""What was delivered is paid from its run's reservations, and from the balance what they lack."""

from __future__ import annotations

import pytest

from tagloom.wallet.errors import InsufficientTokens
from tagloom.wallet.ledger import Wallet

USER, RUN = "ada", "run"


@pytest.fixture
def reserved(wallet: Wallet) -> Wallet:
    """A wallet with 20 image tokens, of which a run has reserved 3 and 2, and another run 4."""
    wallet.create_user(USER)
    for job, tokens, run in (("first", 3, RUN), ("other", 4, "another"), ("second", 2, RUN)):
        wallet.reserve(USER, tokens, job, run)
    return wallet


@pytest.mark.parametrize(
    ("tokens", "opened", "balance"),
    [
        (0, {"first": 3, "other": 4, "second": 2}, 11),
        (2, {"first": 1, "other": 4, "second": 2}, 11),
        (3, {"other": 4, "second": 2}, 11),
        (4, {"other": 4, "second": 1}, 11),
        (5, {"other": 4}, 11),
        (9, {"other": 4}, 7),
        (16, {"other": 4}, 0),
    ],
)
def test_reservations_pay_first(reserved, tokens, opened, balance):
    reserved.settle(USER, tokens, RUN, "picture")
    assert {found.key: found.open for found in reserved.reservations(only_open=True)} == opened
    assert reserved.standing(USER).balance == balance
    assert sum(found.paid for found in reserved.reservations()) == tokens
    assert reserved.check() == []


def test_too_few_pay_nothing(reserved):
    before = reserved.standing(USER), reserved.reservations()
    with pytest.raises(InsufficientTokens, match="needs 12 image tokens, 11 left"):
        reserved.settle(USER, 17, RUN, "picture")
    assert (reserved.standing(USER), reserved.reservations()) == before


def test_deliveries_are_paid_one_by_one(reserved):
    for number in range(7):
        reserved.settle(USER, 1, RUN, f"picture {number}")
    assert reserved.standing(USER).balance == 9
    assert reserved.reservations(run=RUN, only_open=True) == []


def test_a_delivery_is_paid_once(reserved):
    for _ in range(2):
        reserved.settle(USER, 7, RUN, "picture")
    assert sum(found.paid for found in reserved.reservations()) == 7
