"""What a wallet must do, told as plainly as can be, without a database: to be compared with the real one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tagloom.wallet import BadAmount, InsufficientTokens, KeyUsed, Plan, UnknownPlan, UnknownUser, WalletError

Shown = tuple[object, ...]
MOST_MISSED, LONGEST_AWAY = 31, 366
"""Periods in which nobody came that are made up for, and days after which none are."""


@dataclass
class Job:
    """What is set aside for a job. Of what is open, and of what was paid, some came from an allowance."""

    run: str
    expires: datetime
    period: str
    reserved: int | None = None
    tokens: int = 0
    open: int = 0
    open_lapsing: int = 0
    committed: int = 0
    paid_lapsing: int = 0
    refunded: int = 0
    parts: dict[str, int] = field(default_factory=dict)

    def pay(self, tokens: int) -> None:
        lapsing = min(tokens, self.open_lapsing)
        self.open -= tokens
        self.open_lapsing -= lapsing
        self.committed += tokens
        self.paid_lapsing += lapsing

    def shown(self) -> Shown:
        return self.tokens, self.open, self.committed, self.refunded, self.expires


@dataclass
class User:
    """A user.

    `granted` is what the plans gave, by period; `latest` the period of the last look, `terms` and `promised` how the
    plan was then, `lapsed` the last period that made an allowance lapse.
    """

    plan: str
    balance: int = 0
    lapsing: int = 0
    latest: str = ""
    lapsed: str = ""
    terms: Shown = ()
    promised: int = 0
    granted: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    keys: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def held(self) -> int:
        return sum(job.open for job in self.jobs.values())

    def shown(self) -> Shown:
        return self.plan, self.balance, self.held, self.lapsing

    def need(self, tokens: int) -> None:
        if tokens > self.balance:
            raise InsufficientTokens(tokens, self.balance, None)

    def is_new(self, key: str, kind: str, amount: int) -> bool:
        is_new = key not in self.keys
        if self.keys.setdefault(key, (kind, amount)) != (kind, amount):
            raise KeyUsed(key)
        return is_new

    def set_aside(self, job: Job, tokens: int) -> None:
        self.need(tokens)
        lapsing = min(tokens, self.lapsing)
        self.balance -= tokens
        self.lapsing -= lapsing
        job.tokens += tokens
        job.open += tokens
        if not (job.open_lapsing or job.paid_lapsing):
            job.period = self.latest
        job.open_lapsing += lapsing


class Model:
    """Users and what each operation makes of them; one that fails changes nothing."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.users: dict[str, User] = {}
        self.plans: Mapping[str, Plan] = {}
        self._clock = clock

    def do(self, operation: str, *arguments: object) -> Shown | None:
        before = copy.deepcopy(self.users)
        try:
            return getattr(self, operation)(*arguments)
        except WalletError:
            self.users = before
            raise

    def create_user(self, name: str, plan: str) -> Shown:
        self._plan(plan)
        if name in self.users:
            raise UnknownUser(name)
        self.users[name] = User(plan)
        return self._present(name).shown()

    def set_plan(self, name: str, plan: str) -> Shown:
        self._plan(plan)
        user = self._user(name)
        if user.plan in self.plans:
            self._present(name)
        user.plan = plan
        return self._present(name).shown()

    def standing(self, name: str) -> Shown:
        return self._present(name).shown()

    def afford(self, name: str, tokens: int) -> Shown:
        user = self._present(name)
        user.need(tokens)
        return user.shown()

    def grant(self, name: str, tokens: int, key: str) -> Shown:
        user = self._present(name)
        if user.is_new(key, "grant", tokens):
            user.balance += tokens
        return user.shown()

    def adjust(self, name: str, amount: int, key: str) -> Shown:
        user = self._present(name)
        if user.is_new(key, "adjust", amount):
            user.need(-amount)
            user.balance += amount
            user.lapsing -= max(0, min(user.lapsing, -amount))
        return user.shown()

    def refund(self, name: str, tokens: int | None, key: str, job: str | None) -> Shown:
        user = self._present(name)
        of = None if job is None else user.jobs.get(job)
        if tokens is None and user.keys.get(key, ("",))[0] == "refund":
            return user.shown()
        paid = of.committed - of.refunded if of else 0
        amount = paid if tokens is None else tokens
        if user.is_new(key, "refund", amount):
            if job is not None and not 0 < amount <= paid:
                raise BadAmount(job)
            if of is not None:
                of.refunded += amount
                of.paid_lapsing = min(of.paid_lapsing, of.committed - of.refunded)
            user.balance += amount
        return user.shown()

    def reserve(self, name: str, tokens: int, job: str, run: str, seconds: float) -> Shown:
        user = self._present(name)
        of = user.jobs.setdefault(job, Job(run, self._after(0), user.latest))
        if of.reserved is None:
            of.reserved, of.run, of.expires = tokens, run, self._after(seconds)
            user.set_aside(of, tokens)
        elif of.reserved != tokens:
            raise KeyUsed(job)
        return of.shown()

    def commit(self, name: str, tokens: int, job: str, part: str) -> Shown:
        user = self._present(name)
        of = user.jobs.setdefault(job, Job("", self._after(0), user.latest))
        if of.parts.get(part, tokens) != tokens:
            raise KeyUsed(part)
        if part not in of.parts:
            of.parts[part] = tokens
            user.set_aside(of, max(0, tokens - of.open))
            of.pay(tokens)
        return of.shown()

    def settle(self, name: str, tokens: int, run: str, delivery: str) -> None:
        user = self._present(name)
        if delivery in user.jobs:
            return
        left = tokens
        for of in user.jobs.values():
            if of.run == run:
                share = min(left, of.open)
                of.pay(share)
                left -= share
        own = user.jobs[delivery] = Job(run, self._after(0), user.latest, reserved=left or None)
        user.set_aside(own, left)
        own.pay(left)

    def release(self, name: str, job: str) -> Shown | None:
        user = self._present(name)
        of = user.jobs.get(job)
        if of is None:
            return None
        self._let_go(user, of)
        return of.shown()

    def undo(self, name: str, job: str) -> None:
        user = self._present(name)
        of = user.jobs.get(job)
        if of is None:
            return
        self._let_go(user, of)
        if of.committed > of.refunded:
            back = of.committed - of.refunded
            lapsing, of.paid_lapsing = min(of.paid_lapsing, back), 0
            of.refunded = of.committed
            of.parts = {}
            self._give_back(user, of, back, lapsing)

    def renew(self, name: str, jobs: Iterable[str], seconds: float) -> None:
        user = self._present(name)
        for job in jobs:
            if job in user.jobs and user.jobs[job].open:
                user.jobs[job].expires = self._after(seconds)

    def _plan(self, plan: str) -> Plan:
        if plan not in self.plans:
            raise UnknownPlan(plan)
        return self.plans[plan]

    def _user(self, name: str) -> User:
        if name not in self.users:
            raise UnknownUser(name)
        return self.users[name]

    def _present(self, name: str) -> User:
        """Return a user to whom everything has happened that the clock alone brings about."""
        user = self._user(name)
        plan = self._plan(user.plan)
        for job in user.jobs.values():
            if job.open and job.expires <= self._clock():
                self._let_go(user, job)
        self._begin_period(user, plan)
        return user

    def _begin_period(self, user: User, plan: Plan) -> None:
        """Grant for the present period; when it is a new one, let the rest lapse, or make up for missed ones."""
        period, latest, terms = self._period(plan), user.latest, (user.plan, plan.period, plan.unused)
        if terms == user.terms and period != latest:
            if plan.unused == "lapse" and not self._granted(user, plan, period):
                user.balance -= user.lapsing
                user.lapsing = 0
                user.lapsed = period
            elif plan.unused == "stay":
                days = _days(date.fromisoformat(latest), date.fromisoformat(period))
                missed = sorted(first for first in {_first(day, plan) for day in days} if latest < first < period)
                for first in missed[-MOST_MISSED:] if len(days) <= LONGEST_AWAY + 1 else ():
                    self._allow(user, plan, first, min(user.promised, plan.allowance))
        user.latest, user.terms, user.promised = period, terms, plan.allowance
        self._allow(user, plan, period, plan.allowance)

    def _granted(self, user: User, plan: Plan, period: str) -> int:
        """Return what was granted within a period."""
        return sum(tokens for name, tokens in user.granted.items() if _first(date.fromisoformat(name), plan) == period)

    def _allow(self, user: User, plan: Plan, period: str, allowance: int) -> None:
        tokens = allowance - self._granted(user, plan, period)
        if tokens > 0:
            user.granted[period] = user.granted.get(period, 0) + tokens
            user.balance += tokens
            user.lapsing += tokens if plan.unused == "lapse" else 0

    def _let_go(self, user: User, job: Job) -> None:
        back, lapsing = job.open, job.open_lapsing
        job.open = job.open_lapsing = 0
        self._give_back(user, job, back, lapsing)

    def _give_back(self, user: User, job: Job, tokens: int, lapsing: int) -> None:
        """Give back what has not lapsed meanwhile."""
        if job.period < user.lapsed:
            user.balance += tokens - lapsing
        else:
            user.balance += tokens
            user.lapsing += lapsing

    def _period(self, plan: Plan) -> str:
        return _first(self._clock().astimezone(ZoneInfo(plan.time_zone)).date(), plan)

    def _after(self, seconds: float) -> datetime:
        return self._clock() + timedelta(seconds=seconds)


def _first(day: date, plan: Plan) -> str:
    """Return the first day of a day's period."""
    back = {"day": 0, "week": day.weekday(), "month": day.day - 1}[plan.period]
    return str(day - timedelta(days=back))


def _days(first: date, last: date) -> Sequence[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
