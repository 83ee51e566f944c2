"""Operations in any order, with crashes, restarts, other plans and clocks that jump, beside a model of a wallet."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tagloom.wallet import InsufficientTokens, Reservation, Standing, WalletError
from tagloom.wallet.ledger import Wallet
from tagloom.wallet.plans import read_plans

from .clocks import Clock
from .crashes import AFTER_COMMIT, crashing
from .databases import Databases, Files
from .model import Model

PLANS = [
    [{"id": "free", "allowance": 20}, {"id": "more", "allowance": 35}],
    [
        {"id": "free", "allowance": 20, "time_zone": "Asia/Tokyo"},
        {"id": "more", "allowance": 30, "unused": "stay", "time_zone": "America/New_York"},
        {"id": "week", "allowance": 50, "period": "week", "time_zone": "Pacific/Kiritimati"},
    ],
    [
        {"id": "free", "allowance": 7, "unused": "stay"},
        {"id": "week", "allowance": 50, "period": "week", "unused": "stay"},
        {"id": "more", "allowance": 90, "period": "month", "time_zone": "Europe/Berlin"},
        {"id": "none", "allowance": 0},
    ],
]
"""Three files of plans; the wallet's owner goes from one to another."""

USERS = st.sampled_from(["ann", "bob"])
PLAN_IDS = st.sampled_from(["free", "more", "week", "none"])
JOBS = st.sampled_from(["a", "a:1", "1", "2026-11-21"])
PARTS = st.sampled_from(["", "1", "0:", "1:1"])
DELIVERIES = st.integers(0, 99).map("picture {}".format)
RUNS = st.sampled_from(["", "batch"])
KEYS = st.sampled_from(["k", "grant:2026-11-21:20", "release:1", "commit:1:0:"]) | st.uuids().map(str)
TOKENS = st.integers(1, 30)
SECONDS = st.sampled_from([1, 3600, 100_000, 1_000_000])
AGAIN = st.booleans()
CRASHES = st.sampled_from([None, None, AFTER_COMMIT, *range(12)])


class Ledger(RuleBasedStateMachine):
    """Does everything with a wallet and with the model."""

    databases: Databases

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.model = Model(self.clock)
        self.url = self.databases.new()
        self.wallet = Wallet.open(self.url, clock=self.clock)
        self.folder = tempfile.TemporaryDirectory()
        self.environment = pytest.MonkeyPatch()
        self.most: dict[str, int] = {}

    def teardown(self) -> None:
        self.wallet.close()
        self.environment.undo()
        self.folder.cleanup()
        self.databases.drop(self.url)

    @initialize()
    def two_users(self) -> None:
        self.other_plans(0)
        self.do(None, False, "create_user", "ann", "free")
        self.do(None, False, "create_user", "bob", "more")

    @rule(number=st.integers(0, len(PLANS) - 1))
    def other_plans(self, number: int) -> None:
        path = Path(self.folder.name) / f"{number}.yaml"
        path.write_text(json.dumps(PLANS[number]))
        self.environment.setenv("TAGLOOM_PLANS", str(path))
        self.model.plans = read_plans(PLANS[number])

    @rule(hours=st.integers(-60, 60), minutes=st.integers(-60, 60))
    def time_passes(self, hours: int, minutes: int) -> None:
        self.clock.step(hours=hours, minutes=minutes)

    @rule(hour=st.sampled_from([0, 5, 10, 15, 23]), milliseconds=st.sampled_from([-1, 0, 1]))
    def midnight_somewhere(self, hour: int, milliseconds: int) -> None:
        day = self.clock.now.replace(hour=hour, minute=0, second=0, microsecond=0)
        self.clock.now = day + timedelta(days=hour < self.clock.now.hour, milliseconds=milliseconds)

    @rule(days=st.sampled_from([-40, -8, 8, 40, 400]))
    def the_clock_is_wrong(self, days: int) -> None:
        self.clock.step(days=days)

    @rule()
    def restart(self) -> None:
        self.wallet.close()
        self.wallet = Wallet.open(self.url, clock=self.clock)

    @rule(crash=CRASHES, again=AGAIN, user=USERS | st.just("cas"), plan=PLAN_IDS)
    def create_user(self, crash: Any, again: bool, user: str, plan: str) -> None:
        self.do(crash, again, "create_user", user, plan)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, plan=PLAN_IDS)
    def set_plan(self, crash: Any, again: bool, user: str, plan: str) -> None:
        self.do(crash, again, "set_plan", user, plan)

    @rule(crash=CRASHES, again=AGAIN, user=USERS | st.just("cas"))
    def standing(self, crash: Any, again: bool, user: str) -> None:
        self.do(crash, again, "standing", user)

    @rule(crash=CRASHES, user=USERS, tokens=TOKENS)
    def afford(self, crash: Any, user: str, tokens: int) -> None:
        self.do(crash, True, "afford", user, tokens)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, tokens=TOKENS, key=KEYS)
    def grant(self, crash: Any, again: bool, user: str, tokens: int, key: str) -> None:
        self.do(crash, again, "grant", user, tokens, key)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, amount=TOKENS | TOKENS.map(lambda tokens: -tokens), key=KEYS)
    def adjust(self, crash: Any, again: bool, user: str, amount: int, key: str) -> None:
        self.do(crash, again, "adjust", user, amount, key)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, tokens=TOKENS, key=KEYS)
    def refund(self, crash: Any, again: bool, user: str, tokens: int, key: str) -> None:
        self.do(crash, again, "refund", user, tokens, key, None)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, tokens=st.none() | TOKENS, key=KEYS, job=JOBS)
    def refund_job(self, crash: Any, again: bool, user: str, tokens: int | None, key: str, job: str) -> None:
        self.do(crash, again, "refund", user, tokens, key, job)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, tokens=TOKENS, job=JOBS, run=RUNS, seconds=SECONDS)
    def reserve(self, crash: Any, again: bool, user: str, tokens: int, job: str, run: str, seconds: float) -> None:
        self.do(crash, again, "reserve", user, tokens, job, run, seconds)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, tokens=st.integers(0, 12), job=JOBS, part=PARTS)
    def commit(self, crash: Any, again: bool, user: str, tokens: int, job: str, part: str) -> None:
        self.do(crash, again, "commit", user, tokens, job, part)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, tokens=st.integers(0, 12), run=RUNS, job=JOBS | DELIVERIES)
    def settle(self, crash: Any, again: bool, user: str, tokens: int, run: str, job: str) -> None:
        self.do(crash, again, "settle", user, tokens, run, job)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, job=JOBS)
    def release(self, crash: Any, again: bool, user: str, job: str) -> None:
        self.do(crash, again, "release", user, job)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, job=JOBS)
    def undo(self, crash: Any, again: bool, user: str, job: str) -> None:
        self.do(crash, again, "undo", user, job)

    @rule(crash=CRASHES, again=AGAIN, user=USERS, jobs=st.lists(JOBS), seconds=SECONDS)
    def renew(self, crash: Any, again: bool, user: str, jobs: list[str], seconds: float) -> None:
        self.do(crash, again, "renew", user, jobs, seconds)

    def do(self, crash: int | None, again: bool, operation: str, *arguments: Any) -> None:
        """Do it, if need be after a crash in its midst, and perhaps once more: that must change nothing."""
        with crashing(crash) as told:
            self.compare(operation, *arguments)
        if told.crashed:
            if told.committed:
                self.model.do(operation, *arguments)
            self.restart()
            self.the_wallet_is_as_the_model()
            self.compare(operation, *arguments)
        if again:
            before = self.wallet.entries(), self.wallet.reservations()
            self.compare(operation, *arguments)
            assert (self.wallet.entries(), self.wallet.reservations()) == before

    def compare(self, operation: str, *arguments: Any) -> None:
        """Do it with both: either the same comes back, or the same error. A crash does not reach the model."""
        got = outcome(lambda: getattr(self.wallet, operation)(*named(operation, arguments)))
        assert got == outcome(lambda: self.model.do(operation, *arguments))

    @invariant()
    def the_wallet_is_as_the_model(self) -> None:
        assert self.wallet.check() == []
        entries = self.wallet.entries()
        assert self.wallet.users() == sorted(self.model.users)
        for name, user in self.model.users.items():
            mine = [entry for entry in entries if entry.user == name]
            kept = {job.key: (job.run, *shown(job)) for job in self.wallet.reservations(name)}
            assert kept == {key: (job.run, *job.shown()) for key, job in user.jobs.items()}
            assert sum(entry.amount for entry in mine) == user.balance >= 0
            assert sum(entry.allowance for entry in mine) == user.lapsing >= 0
            assert sum(entry.held for entry in mine) == sum(job[2] for job in kept.values()) >= 0
            assert len({entry.key for entry in mine}) == len(mine)

    @invariant()
    def each_period_is_granted_once(self) -> None:
        """For no period is more granted than the biggest allowance there is; that is what the model says, too."""
        for name, user in self.model.users.items():
            granted: dict[str, int] = {}
            for entry in self.wallet.entries(name):
                if entry.period:
                    granted[entry.period] = granted.get(entry.period, 0) + entry.amount
            assert granted == user.granted
            assert all(tokens <= 90 for tokens in granted.values())


def named(operation: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments as the wallet takes them."""
    if operation != "refund":
        return arguments
    user, tokens, key, job = arguments
    return user, tokens, key, "", job


def outcome(action: Any) -> Any:
    """Return what comes back, in short, or what error."""
    try:
        return shown(action())
    except InsufficientTokens as error:
        return "InsufficientTokens", error.needs, error.left
    except WalletError as error:
        return type(error).__name__


def shown(told: Any) -> Any:
    if isinstance(told, Standing):
        return told.plan, told.balance, told.held, told.allowance
    if isinstance(told, Reservation):
        return told.tokens, told.open, told.committed, told.refunded, told.expires
    return told


def test_a_wallet_keeps_its_ledger_whatever_happens(databases):
    """On PostgreSQL with fewer examples."""

    class Here(Ledger):
        pass

    Here.databases = databases
    few = not isinstance(databases, Files)
    run_state_machine_as_test(Here, settings=settings(max_examples=8 if few else 40, stateful_step_count=40))
