"""What each operation of a wallet does by itself, and what it refuses without a change."""

from __future__ import annotations

import pytest

from tagloom.wallet import BadAmount, InsufficientTokens, KeyUsed, StorageError, UnknownPlan, UnknownUser, WalletError
from tagloom.wallet.ledger import Wallet
from tagloom.wallet.records import MOST_TOKENS

BAD_TOKENS = [-1, 1.0, 0.5, True, "3", None, float("nan"), MOST_TOKENS + 1, 10**30]
BAD_KEYS = ["", "x" * 201, "a\0b", "a\nb", "\x1b[2J", "\ud800", 5]


@pytest.fixture
def ann(wallet: Wallet) -> Wallet:
    """A wallet in which ann has 20 image tokens, of which 5 are reserved."""
    wallet.create_user("ann")
    wallet.reserve("ann", 5, "job")
    return wallet


def refused(wallet: Wallet, error: type[WalletError], says: str, operation: str, *arguments: object, **named: object):
    """See an operation refused in one line, and nothing changed."""
    before = wallet.entries(), wallet.reservations(), wallet.users()
    with pytest.raises(error, match=says) as told:
        getattr(wallet, operation)(*arguments, **named)
    assert "\n" not in str(told.value)
    assert "\x1b" not in str(told.value)
    assert (wallet.entries(), wallet.reservations(), wallet.users()) == before
    assert wallet.check() == []


@pytest.mark.parametrize("tokens", BAD_TOKENS, ids=repr)
def test_what_is_no_number_of_tokens_is_refused(ann, tokens):
    says = "is no number of image tokens|image tokens can't be"
    for operation in ("grant", "afford"):
        refused(ann, BadAmount, says, operation, "ann", tokens)
    refused(ann, BadAmount, says, "reserve", "ann", tokens, "new")
    refused(ann, BadAmount, says, "commit", "ann", tokens, "job")
    refused(ann, BadAmount, says, "settle", "ann", tokens, "run", "picture")
    refused(ann, BadAmount, says, "refund", "ann", tokens)
    if tokens != -1:
        refused(ann, BadAmount, says, "adjust", "ann", tokens)


@pytest.mark.parametrize("operation", ["grant", "adjust", "refund"])
def test_nothing_is_no_gift(ann, operation):
    refused(ann, BadAmount, "0 image tokens can't be; write a whole number from 1", operation, "ann", 0)


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_what_is_no_key_is_refused(ann, key):
    for operation in ("grant", "adjust", "refund"):
        refused(ann, BadAmount, "is no key", operation, "ann", 1, key)
    refused(ann, BadAmount, "is no key", "reserve", "ann", 1, key)
    refused(ann, BadAmount, "is no key", "commit", "ann", 1, key)
    refused(ann, BadAmount, "is no key", "renew", "ann", [key])
    refused(ann, BadAmount, "is no key", "release", "ann", key)
    refused(ann, BadAmount, "is no key", "undo", "ann", key)


@pytest.mark.parametrize("note", ["x" * 1001, "a\0", "a\nb", "\ud800", 5], ids=lambda note: ascii(note)[:20])
def test_what_is_no_note_is_refused(ann, note):
    refused(ann, BadAmount, "is no note", "grant", "ann", 1, note=note)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e20, True, "60"], ids=repr)
def test_what_is_no_time_is_refused(ann, seconds):
    refused(ann, BadAmount, "a reservation can't live for", "reserve", "ann", 1, "new", seconds=seconds)
    refused(ann, BadAmount, "a reservation can't live for", "renew", "ann", ["job"], seconds=seconds)


@pytest.mark.parametrize("name", ["", " ann", "-x", "x" * 101, "a\0b", "a\nb", "\x1b[2J", "\ud800", 5, None], ids=ascii)
def test_what_is_no_name_is_nobody_s(ann, name):
    refused(ann, BadAmount, "is no name of a user|holds a character that can't be shown", "create_user", name)
    refused(ann, UnknownUser, "there is no user", "standing", name)
    if name is not None:  # all users' entries
        refused(ann, UnknownUser, "there is no user", "entries", name)


def test_unknown_users_and_plans(ann):
    for operation, *arguments in (
        ("standing",), ("afford", 1), ("grant", 1), ("adjust", 1), ("refund", 1), ("reserve", 1, "j"), ("renew", ["j"]),
        ("commit", 1, "j"), ("settle", 1, "run", "p"), ("release", "j"), ("undo", "j"), ("set_plan", "free"),
    ):  # fmt: skip
        refused(ann, UnknownUser, "there is no user 'eve' in the wallet; make one with", operation, "eve", *arguments)
    refused(ann, UnknownUser, "there is a user 'ann' already", "create_user", "ann")
    refused(ann, UnknownPlan, "unknown plan 'gold'; known are free, fl_plus", "create_user", "eve", "gold")
    refused(ann, UnknownPlan, "unknown plan 'gold'; known are free, fl_plus", "set_plan", "ann", "gold")


def test_a_plan_that_is_gone_refuses_all_but_another_plan(ann, use_plans):
    use_plans("[{id: small, allowance: 3}]")
    refused(ann, UnknownPlan, "unknown plan 'free'; known are small", "reserve", "ann", 1, "new")
    assert ann.set_plan("ann", "small").balance == 15


def test_too_few_tokens_are_told_with_the_next_grant(ann):
    says = "^needs 16 image tokens, 15 left, next grant 2026-11-21 00:00 UTC$"
    refused(ann, InsufficientTokens, says, "reserve", "ann", 16, "new")
    refused(ann, InsufficientTokens, says, "afford", "ann", 16)
    refused(ann, InsufficientTokens, says, "adjust", "ann", -16)
    refused(ann, InsufficientTokens, says, "commit", "ann", 21, "job")
    assert ann.afford("ann", 15).balance == 15


def test_a_key_stands_for_one_operation(ann):
    assert ann.grant("ann", 3, "key").balance == ann.grant("ann", 3, "key").balance == 18
    refused(ann, KeyUsed, "stands for another operation already", "grant", "ann", 4, "key")
    refused(ann, KeyUsed, "stands for another operation already", "adjust", "ann", 3, "key")
    refused(ann, KeyUsed, "stands for another operation already", "reserve", "ann", 6, "job")
    ann.commit("ann", 2, "job", "1")
    refused(ann, KeyUsed, "stands for another operation already", "commit", "ann", 1, "job", "1")


def test_a_job_from_reservation_to_refund(ann):
    """Pays part by part, more than was reserved, and gives back."""
    assert ann.commit("ann", 2, "job", "1").open == 3
    assert ann.commit("ann", 2, "job", "1").open == 3
    assert ann.commit("ann", 4, "job", "2").paid == 6
    assert ann.standing("ann").balance == 14
    assert ann.refund("ann", key="back", job="job").balance == ann.refund("ann", key="back", job="job").balance == 20
    refused(ann, BadAmount, "has 0 image tokens to be refunded, 1 are wanted", "refund", "ann", 1, job="job")
    refused(ann, BadAmount, "ann has no job 'other'", "refund", "ann", 1, job="other")


def test_midnight(ann, clock):
    """What is left of the day lapses, also what was reserved; tokens that were given stay."""
    ann.grant("ann", 7)
    clock.set("2026-11-20 23:59:59.999")
    assert (ann.standing("ann").balance, ann.standing("ann").held) == (27, 0)  # the job expired after an hour
    ann.reserve("ann", 4, "late", seconds=10)
    clock.set("2026-11-21 00:00")
    standing = ann.standing("ann")
    assert (standing.balance, standing.held, standing.allowance) == (27, 4, 20)
    ann.release("ann", "late")
    assert ann.standing("ann").balance == 27
    assert str(standing.next_grant) == "2026-11-22 00:00:00+00:00"


def test_who_was_away_gets_what_stays_once_a_period(wallet, clock, use_plans):
    """Up to 31 periods of a plan whose tokens add up, and one of a plan whose tokens lapse."""
    use_plans("[{id: stays, allowance: 10, unused: stay}, {id: lapses, allowance: 10}]")
    wallet.create_user("ann", "stays")
    wallet.create_user("bob", "lapses")
    clock.step(days=3)
    assert (wallet.standing("ann").balance, wallet.standing("bob").balance) == (40, 10)
    clock.step(days=40)
    assert (wallet.standing("ann").balance, wallet.standing("bob").balance) == (40 + 320, 10)
    clock.step(days=-1)
    assert wallet.standing("ann").balance == 360
    clock.step(days=1000)  # nobody was away for so long: the clock is wrong
    assert wallet.standing("ann").balance == 370
    assert wallet.set_plan("bob", "stays").balance == 10


def test_another_plan_takes_nothing_and_makes_up_for_nothing(wallet, clock, use_plans):
    """What was granted within the new plan's period counts; the rest of the old allowance lapses with the next one."""
    kept = "{id: kept, allowance: 50, unused: stay}"
    use_plans(f"[{{id: monthly, allowance: 300, period: month}}, {{id: daily, allowance: 20}}, {kept}]")
    wallet.create_user("ann", "monthly")
    clock.step(days=1)
    assert [wallet.set_plan("ann", name).balance for name in ("daily", "monthly", "daily")] == [320] * 3
    assert wallet.set_plan("ann", "kept").balance == 350
    assert wallet.set_plan("ann", "daily").balance == 350
    clock.step(days=1)
    assert wallet.standing("ann").balance == 20 + 30
    clock.step(days=30)
    assert wallet.set_plan("ann", "kept").balance == 30 + 50


def test_a_plan_that_its_file_changes_makes_up_for_nothing_more(wallet, clock, use_plans):
    use_plans("[{id: a, allowance: 10, unused: stay}, {id: b, allowance: 10}, {id: c, allowance: 10, unused: stay}]")
    for name in "abc":
        wallet.create_user(name, name)
    clock.step(days=5)
    monthly = "{id: c, allowance: 90, period: month}"
    use_plans(f"[{{id: a, allowance: 500, unused: stay}}, {{id: b, allowance: 10, unused: stay}}, {monthly}]")
    assert [wallet.standing(name).balance for name in "abc"] == [10 + 40 + 500, 20, 10 + 80]


def test_an_hour_around_midnight_costs_nothing(ann, clock):
    """A clock that is set back and forth over midnight."""
    clock.set("2026-11-21 00:00:01")
    for moment in ("2026-11-20 23:59:59", "2026-11-21 00:00:02", "2026-11-20 23:59:58", "2026-11-21 01:00"):
        assert ann.standing("ann").balance == 20
        clock.set(moment)
    ann.reserve("ann", 20, "all")
    assert ann.standing("ann").balance == 0


def test_no_allowance_is_moved_over_midnight(ann, clock):
    clock.set("2026-11-20 23:59:59")
    ann.reserve("ann", 5, "film")
    clock.set("2026-11-21 00:01")
    ann.commit("ann", 6, "film")
    ann.undo("ann", "film")
    assert ann.standing("ann").balance == ann.standing("ann").allowance <= 20


def test_a_clock_that_was_years_ahead_starves_nobody(ann, clock):
    clock.step(days=4000)
    ann.standing("ann")
    clock.step(days=-3999)
    assert ann.standing("ann").balance == 20
    assert ann.check() == []


def test_a_closed_database_is_no_surprise(url, clock):
    """A wallet may be used again after `close`, which drops its connections only."""
    wallet = Wallet.open(url, clock=clock)
    wallet.close()
    try:
        assert wallet.create_user("ann").balance == 20
    except StorageError as error:
        pytest.fail(str(error))
    finally:
        wallet.close()
