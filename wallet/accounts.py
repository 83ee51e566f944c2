"""One user's account within a transaction: it is locked, changed by entries in the ledger, and stored at the end."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .amounts import is_name
from .errors import InsufficientTokens, KeyUsed, UnknownPlan, UnknownUser
from .held import Held
from .periods import begins, between, days_between, first_day, next_first_day
from .plans import Plan, plan
from .records import Kind, Standing
from .tables import ENTRIES, RESERVATIONS, USERS

MOST_MISSED = 31
"""Periods that are made up for, at most, when a user of a plan whose tokens stay was away."""
LONGEST_AWAY = 366
"""Days after which nothing is made up for: a clock that was wrong by years must give nothing."""
B = sa.bindparam
_OPEN = (RESERVATIONS.c.user_id == USERS.c.id, RESERVATIONS.c.open > 0)
_FIRST_TO_EXPIRE = sa.select(sa.func.min(RESERVATIONS.c.expires)).where(*_OPEN).scalar_subquery()
_OF_USER = sa.select(USERS, _FIRST_TO_EXPIRE.label("expires")).where(USERS.c.name == B("name"))
_LOCKED = _OF_USER.with_for_update(of=USERS)
_LATE = sa.select(RESERVATIONS).where(
    RESERVATIONS.c.user_id == B("user"), RESERVATIONS.c.open > 0, RESERVATIONS.c.expires <= B("now")
)
_OF_RUN = (RESERVATIONS.c.user_id == B("user"), RESERVATIONS.c.open > 0, RESERVATIONS.c.run == B("run"))
_OPEN_OF = sa.select(RESERVATIONS).where(*_OF_RUN).order_by(RESERVATIONS.c.id)
_WITH_KEY = sa.select(ENTRIES).where(ENTRIES.c.user_id == B("user"), ENTRIES.c.key == B("by"))
_OF_JOB = sa.select(RESERVATIONS).where(RESERVATIONS.c.user_id == B("user"), RESERVATIONS.c.key == B("by"))
_GRANTED = sa.select(sa.func.coalesce(sa.func.sum(ENTRIES.c.amount), 0)).where(
    ENTRIES.c.user_id == B("user"),
    ENTRIES.c.kind == "grant",
    ENTRIES.c.period >= B("first"),
    ENTRIES.c.period < B("after"),
)
_NEW = sa.insert(RESERVATIONS).returning(*RESERVATIONS.c)
_STORED = sa.update(USERS).where(USERS.c.id == B("user"))
_CHANGED = sa.update(RESERVATIONS).where(RESERVATIONS.c.id == B("reservation"))
_POSTED = sa.insert(ENTRIES)


class Account:
    """A user's row, locked until the transaction ends. `store` writes what was posted."""

    def __init__(self, connection: Connection, name: str, now: datetime, to: Plan | None = None) -> None:
        """Lock the row, release what has expired, and grant what is due; with `to`, go over to that plan.

        Raises:
            UnknownUser: if there is no such user.
            UnknownPlan: if the user's plan is not known any more, and there is no other one.
        """
        row = connection.execute(_LOCKED, {"name": name}).mappings().one_or_none() if is_name(name) else None
        if row is None:
            raise UnknownUser.of(name)
        self._connection, self._now = connection, now
        self.id, self.name, self.plan = row["id"], name, _plan(name, row["plan"], to)
        self.balance, self.held, self.allowance = row["balance"], row["held"], row["allowance"]
        self.period, self._granted = row["period"], row["granted"]
        self._terms, self._promised, self._lapsed = row["terms"], row["promised"], row["lapsed"]
        self._was = self._sums()
        self._entries: list[dict[str, Any]] = []
        self._read: dict[int, Held] = {}
        if row["expires"] is not None and row["expires"] <= self.milliseconds:
            self._expire()
        self._grant_due()
        if to:
            self._connection.execute(_STORED, {"user": self.id, "plan": to.id})
            self.plan = to
            self._grant_due()

    @property
    def milliseconds(self) -> int:
        """The transaction's moment, since 1970."""
        return int(self._now.timestamp() * 1000)

    @property
    def _first(self) -> str:
        return first_day(self._now, self.plan.period, self.plan.time_zone).isoformat()

    def standing(self) -> Standing:
        """Return how the user stands with all that was posted."""
        tokens = self.plan.allowance
        return Standing(self.name, self.plan.id, self.balance, self.held, self.allowance, self._next_grant(), tokens)

    def need(self, tokens: int) -> None:
        """Make sure that the balance suffices, or raise `InsufficientTokens`."""
        if tokens > self.balance:
            raise InsufficientTokens(tokens, self.balance, self._next_grant())

    def is_new(self, key: str, kind: Kind, amount: int | None = 0, held: int = 0) -> bool:
        """Return whether nothing was posted under a key yet; an amount of None is whatever was posted.

        Raises:
            KeyUsed: if something else was.
        """
        row = self._connection.execute(_WITH_KEY, {"user": self.id, "by": key}).mappings().one_or_none()
        wanted = (kind, amount if amount is not None or row is None else row["amount"], held)
        if row is not None and (row["kind"], row["amount"], row["held"]) != wanted:
            tokens = abs(row["amount"] or row["held"])
            shown, what = key.removeprefix("given:"), f"{row['kind']} of {tokens}"
            raise KeyUsed(f"the key {shown!r} stands for another operation already ({what})")
        return row is None

    def post(
        self,
        kind: Kind,
        key: str,
        amount: int = 0,
        held: int = 0,
        allowance: int = 0,
        of: Held | None = None,
        period: str = "",
        note: str = "",
    ) -> None:
        """Add a line to the ledger."""
        self.balance += amount
        self.held += held
        self.allowance += allowance
        line = {"user_id": self.id, "at": self.milliseconds, "kind": kind, "amount": amount, "held": held}
        more = {"allowance": allowance, "reservation_id": of and of.id, "key": key, "period": period, "note": note}
        self._entries.append(line | more)

    def reservation(self, job: str) -> Held | None:
        """Return a job's reservation, to be changed."""
        row = self._connection.execute(_OF_JOB, {"user": self.id, "by": job}).mappings().one_or_none()
        return None if row is None else self._kept(Held(row))

    def open_of(self, run: str) -> list[Held]:
        """Return the open reservations of a run, the oldest first, to be changed."""
        rows = self._connection.execute(_OPEN_OF, {"user": self.id, "run": run}).mappings().all()
        return [self._kept(Held(row)) for row in rows]

    def new_reservation(self, job: str, run: str, expires: int, reserves: int | None = None) -> Held:
        """Make a job's reservation, empty or with what it reserves; what lapses soonest goes first.

        Raises:
            InsufficientTokens: if the balance does not suffice.
        """
        tokens = reserves or 0
        self.need(tokens)
        values = {"user_id": self.id, "key": job, "run": run, "period": self.period, "expires": expires}
        sums = {"tokens": tokens, "open": tokens, "allowance": min(tokens, self.allowance)}
        held = self._kept(Held(self._connection.execute(_NEW, values | sums).mappings().one()))
        if reserves is not None:
            self.post("reserve", f"reserve:{job}", -tokens, tokens, -held.allowance, held)
        return held

    def set_aside(self, tokens: int, of: Held, key: str) -> None:
        """Reserve for a job; what lapses soonest goes first.

        Raises:
            InsufficientTokens: if the balance does not suffice.
        """
        self.need(tokens)
        lapsing = min(tokens, self.allowance)
        self.post("reserve", key, -tokens, tokens, -lapsing, of)
        if not (of.allowance or of.paid_allowance):
            of.period = self.period  # else the older one counts: what lapses must not be kept by mixing
        of.tokens += tokens
        of.open += tokens
        of.allowance += lapsing

    def pay(self, tokens: int, of: Held, key: str) -> None:
        """Pay from what is set aside."""
        lapsing = min(tokens, of.allowance)
        self.post("commit", key, held=-tokens, of=of)
        of.open -= tokens
        of.allowance -= lapsing
        of.committed += tokens
        of.paid_allowance += lapsing

    def let_go(self, of: Held, note: str = "") -> None:
        """Release all that is open of a reservation."""
        tokens, lapsing = of.open, of.allowance
        of.open = of.allowance = 0
        back, lapses = self._given_back(lapsing, of)
        self.post("release", f"release:{of.id}", tokens, -tokens, back, of, note=note)
        self._lapse(lapses, of)

    def take_back_payment(self, of: Held) -> None:
        """Refund all that a job paid, as it delivered nothing; it may be paid anew."""
        tokens, lapsing = of.committed - of.refunded, of.paid_allowance
        of.refunded += tokens
        of.paid_allowance = 0
        of.undone += 1
        back, lapses = self._given_back(min(lapsing, tokens), of)
        self.post("refund", f"undo:{of.id}:{of.undone}", tokens, allowance=back, of=of, note="nothing was delivered")
        self._lapse(lapses, of)

    def store(self) -> None:
        """Write all that was posted."""
        if self._sums() != self._was:
            names = ("balance", "held", "allowance", "period", "granted", "terms", "promised", "lapsed")
            values = dict(zip(names, self._sums(), strict=True))
            self._connection.execute(_STORED, {"user": self.id, **values})
        for held in [held for held in self._read.values() if held.has_changed]:
            self._connection.execute(_CHANGED, {"reservation": held.id, **held.as_row()})
        if self._entries:
            self._connection.execute(_POSTED, self._entries)

    def _grant_due(self) -> None:
        """Grant what the plan gives for the present period and was not granted yet.

        When a period begins, what is left of the last allowance lapses, or periods that were missed are made up for.
        Not so when the plan has become another one meanwhile: then it counts from now on.
        """
        first, last, promised = self._first, self.period, self._promised
        terms = f"{self.plan.id} {self.plan.period} {self.plan.unused}"
        if (first, terms) != (last, self._terms):
            granted = self._granted_for(first)
            begins_anew = terms == self._terms and first != last
            if begins_anew and self.plan.unused == "lapse" and not granted:  # else a clock only went back and forth
                self._lapse(self.allowance, None)
                self._lapsed = first
            if begins_anew and self.plan.unused == "stay" and days_between(last, first) <= LONGEST_AWAY:
                for missed in between(last, first, self.plan.period)[-MOST_MISSED:]:
                    self._grant_for(missed, self._granted_for(missed), min(promised, self.plan.allowance))
            self.period, self._granted, self._terms = first, granted, terms
        self._promised = self.plan.allowance
        self._granted += self._grant_for(first, self._granted, self.plan.allowance)

    def _grant_for(self, first: str, granted: int, allowance: int) -> int:
        due = max(0, allowance - granted)
        if due:
            lapsing = due if self.plan.unused == "lapse" else 0
            key = f"grant:{self.plan.period}:{first}:{granted + due}"
            self.post("grant", key, due, 0, lapsing, period=first, note=self.plan.name)
        return due

    def _sums(self) -> tuple[Any, ...]:
        kept = (self.period, self._granted, self._terms, self._promised, self._lapsed)
        return self.balance, self.held, self.allowance, *kept

    def _kept(self, held: Held) -> Held:
        return self._read.setdefault(held.id, held)

    def _expire(self) -> None:
        late = {"user": self.id, "now": self.milliseconds}
        for row in self._connection.execute(_LATE, late).mappings().all():
            self.let_go(self._kept(Held(row)), note="expired")

    def _given_back(self, lapsing: int, of: Held) -> tuple[int, int]:
        """Return how much of what comes back is of the present period, and how much lapsed meanwhile."""
        return (0, lapsing) if of.period < self._lapsed else (lapsing, 0)

    def _lapse(self, tokens: int, of: Held | None) -> None:
        if tokens:
            allowance = 0 if of else -tokens
            self.post("adjust", f"lapse:{uuid.uuid4().hex}", -tokens, allowance=allowance, of=of, note="lapsed")

    def _granted_for(self, first: str) -> int:
        """Return what was granted within the period that begins on a day."""
        after = next_first_day(date.fromisoformat(first), self.plan.period).isoformat()
        posted: list[tuple[int, str]]
        posted = [(line["amount"], line["period"]) for line in self._entries if line["kind"] == "grant"]
        period = {"user": self.id, "first": first, "after": after}
        found = self._connection.execute(_GRANTED, period).scalar_one()
        return int(found) + sum(amount for amount, day in posted if first <= day < after)

    def _next_grant(self) -> datetime | None:
        if not self.plan.allowance:
            return None
        first = first_day(self._now, self.plan.period, self.plan.time_zone)
        return begins(next_first_day(first, self.plan.period), self.plan.time_zone)


def _plan(name: str, plan_id: str, to: Plan | None) -> Plan:
    try:
        return plan(plan_id)
    except UnknownPlan as error:
        if to is None:
            raise UnknownPlan(f"{name}: {error}; give another one with: tagloom wallet plan NAME PLAN") from error
        return to
