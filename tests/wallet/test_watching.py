"""Runs that are watched: what they leave reserved goes back, whatever the database does meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tagloom.wallet.errors import StorageError
from tagloom.wallet.ledger import Wallet
from tagloom.wallet.watching import RENEWED, RESERVED, Watch

USER, RUN = "ada", "run"


class Ticks:
    """A clock that counts seconds, set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Away:
    """A wallet whose database is away until it is said to be back."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet, self.is_away, self.tries = wallet, True, 0

    def __getattr__(self, name: str) -> Callable:
        self.tries += 1
        if self.is_away:
            raise StorageError("the wallet can't be used")
        return getattr(self._wallet, name)


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def over() -> threading.Event:
    """Set when the run is over."""
    return threading.Event()


@pytest.fixture
def watch(ticks, over, wallet) -> Iterator[Watch]:
    """A watch that looks all the time; its thread has ended before the wallet is closed."""
    before = threading.active_count()
    yield Watch(interval=0.005, clock=ticks)
    over.set()
    ticks.seconds += 2 * RESERVED
    until(lambda: threading.active_count() == before)


@pytest.fixture
def reserved(wallet: Wallet) -> Wallet:
    """A wallet whose user has two reservations of a run, and one of another."""
    wallet.create_user(USER)
    for job, run in (("first", RUN), ("second", RUN), ("third", "another")):
        wallet.reserve(USER, 4, job, run, RESERVED)
    return wallet


def until(found: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not found():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


def test_what_a_run_leaves_reserved_goes_back_when_it_is_over(watch, reserved, over):
    watch.add(reserved, USER, RUN, over.is_set)
    reserved.commit(USER, 1, "first")
    time.sleep(0.05)
    assert reserved.standing(USER).held == 11
    over.set()
    until(lambda: reserved.standing(USER).held == 4)
    assert reserved.standing(USER).balance == 15
    assert reserved.check() == []


def test_the_thread_ends_with_the_last_run_and_begins_anew(watch, reserved, over):
    before = threading.active_count()
    for run in (RUN, "another"):
        watch.add(reserved, USER, run, over.is_set)
    assert threading.active_count() == before + 1
    over.set()
    until(lambda: threading.active_count() == before)
    assert reserved.standing(USER).held == 0
    reserved.reserve(USER, 2, "fourth", RUN)
    watch.add(reserved, USER, RUN, over.is_set)
    until(lambda: reserved.standing(USER).held == 0)


def test_a_run_that_goes_on_is_renewed(watch, reserved, over, clock, ticks):
    watch.add(reserved, USER, RUN, over.is_set)
    for _ in range(10):
        clock.step(seconds=RENEWED)
        ticks.seconds += RENEWED
        until(lambda: {found.expires for found in reserved.reservations(run=RUN)} == {later(clock)})
    assert reserved.standing(USER).held == 8


def later(clock):
    return clock.now.fromtimestamp(clock.now.timestamp() + RESERVED, clock.now.tzinfo)


def test_without_a_watch_reservations_expire(reserved, clock):
    """The server was killed, and its watch with it."""
    clock.step(seconds=RESERVED - 1)
    assert reserved.standing(USER).held == 12
    clock.step(seconds=1)
    assert reserved.standing(USER).held == 0


def test_a_database_that_is_away_is_told_once_and_tried_again(watch, reserved, over, caplog):
    away = Away(reserved)
    over.set()
    with caplog.at_level(logging.WARNING):
        watch.add(away, USER, RUN, over.is_set)
        until(lambda: away.tries > 5)
    assert [record.message for record in caplog.records] == [
        "Tagloom can't release image tokens yet, and tries again: the wallet can't be used"
    ]
    away.is_away = False
    until(lambda: reserved.standing(USER).held == 4)


def test_a_run_is_left_when_its_reservations_have_expired(watch, reserved, over, ticks):
    before = threading.active_count()
    over.set()
    away = Away(reserved)
    watch.add(away, USER, RUN, over.is_set)
    until(lambda: away.tries > 2)
    ticks.seconds = RESERVED + 1
    until(lambda: threading.active_count() == before)


def test_a_question_that_fails_does_not_end_the_watch(watch, reserved, over, caplog):
    watch.add(reserved, USER, "another", lambda: 1 / 0)
    watch.add(reserved, USER, RUN, over.is_set)
    over.set()
    until(lambda: reserved.standing(USER).held == 4)
    assert "ZeroDivisionError" in caplog.text
