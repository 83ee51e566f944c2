"""The wallet: users, and an append-only ledger of what they were granted, have reserved and have paid."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from .accounts import Account
from .amounts import checked_key, checked_name, checked_note, lifetime, whole
from .errors import BadAmount, UnknownUser
from .plans import Plan, plan
from .reading import Reading, reservation
from .records import Reservation, Standing
from .storage import Database
from .tables import USERS

HOUR = 3600.0


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(timezone.utc)


class Wallet(Reading):
    """Who may still generate. Each operation is one transaction: it happens whole, or not at all.

    An operation with the same key does nothing the second time. Balances never fall below zero, whatever runs at once.
    It may be used by several threads; use it in a `with` statement, or `close` it.

    Every method raises `StorageError` if the database can't be used, those that name a user `UnknownUser`, and
    `UnknownPlan` if that user's plan is not among the plans any more.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = now) -> None:
        super().__init__(database)
        self._clock = clock

    @classmethod
    def open(cls, url: str | None = None, *, create: bool = False, clock: Callable[[], datetime] = now) -> Wallet:
        """Open a wallet, and bring an older schema up to date.

        Args:
            url: a database's URL or a file's path; without it `TAGLOOM_WALLET`, or `wallet.sqlite3` below
                `TAGLOOM_HOME`, or in the platform's data folder.
            create: make it where there is none.
            clock: says what time it is, with a time zone.

        Raises:
            StorageError: if it is missing, out of reach, no wallet, damaged, of a newer Tagloom, or can't be written.
        """
        return cls(Database(url, create), clock)

    def create_user(self, name: str, plan_id: str = "free", tokens: int = 0) -> Standing:
        """Add a user, who receives at once what the plan grants, and `tokens` more that never lapse.

        Raises:
            UnknownUser: if the name is taken.
            BadAmount: if it is no name, or no number.
            UnknownPlan: for such a plan.
        """
        whole(tokens)
        row = {"name": checked_name(name), "plan": plan(plan_id).id, "created": int(self._clock().timestamp() * 1000)}
        with self._database.writing() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(sa.insert(USERS).values(row))
            except IntegrityError:
                raise UnknownUser(f"there is a user {name!r} already; choose another name") from None
            account = Account(connection, name, self._clock())
            if tokens:
                account.post("grant", _given(None), tokens, note="created with them")
            account.store()
            return account.standing()

    def set_plan(self, name: str, plan_id: str) -> Standing:
        """Give a user another plan; a bigger allowance is topped up at once, a smaller one takes nothing."""
        with self._account(name, plan(plan_id)) as account:
            pass
        return account.standing()

    def standing(self, name: str) -> Standing:
        """Return what a user has now; what is due is granted, and what expired is released."""
        with self._account(name) as account:
            pass
        return account.standing()

    def plan_of(self, name: str) -> Plan:
        """Return a user's plan."""
        return plan(self.standing(name).plan)

    def afford(self, name: str, tokens: int) -> Standing:
        """Return how a user stands if the balance suffices for so many image tokens, of which none is reserved.

        Raises:
            InsufficientTokens: if it does not.
        """
        whole(tokens)
        with self._account(name) as account:
            account.need(tokens)
        return account.standing()

    def grant(self, name: str, tokens: int, key: str | None = None, note: str = "") -> Standing:
        """Give a user image tokens that never lapse.

        Args:
            name: the user.
            tokens: at least 1.
            key: of the same key, only the first grant counts; without one, each does.
            note: why.

        Raises:
            BadAmount: if that is no such number.
            KeyUsed: if the key stands for something else.
        """
        whole(tokens, least=1)
        with self._account(name) as account:
            given = _given(key)
            if account.is_new(given, "grant", tokens):
                account.post("grant", given, tokens, note=checked_note(note))
        return account.standing()

    def adjust(self, name: str, amount: int, key: str | None = None, note: str = "") -> Standing:
        """Correct a balance by a positive or negative amount; the arguments are `grant`'s.

        Raises:
            InsufficientTokens: if it would fall below zero.
        """
        whole(abs(amount) if type(amount) is int else amount, least=1)
        with self._account(name) as account:
            given = _given(key)
            if account.is_new(given, "adjust", amount):
                account.need(-amount)
                lapsing = min(account.allowance, -amount) if amount < 0 else 0
                account.post("adjust", given, amount, allowance=-lapsing, note=checked_note(note))
        return account.standing()

    def refund(
        self, name: str, tokens: int | None = None, key: str | None = None, note: str = "", job: str | None = None
    ) -> Standing:
        """Give image tokens back.

        Args:
            name: the user.
            tokens: how many; None for all that the job paid.
            key: as `grant`'s.
            note: why.
            job: what they were paid for.

        Raises:
            BadAmount: if it is more than the job paid, or there is no such job.
        """
        if tokens is not None or job is None:
            whole(tokens, least=1)
        with self._account(name) as account:
            of = None if job is None else account.reservation(checked_key(job))
            given = _given(key)
            if account.is_new(given, "refund", tokens):
                if job is not None and of is None:
                    raise BadAmount(f"{name} has no job {job!r}; see: tagloom wallet history {name}")
                amount = tokens or 0 if of is None else of.refundable(tokens)
                account.post("refund", given, amount, of=of, note=checked_note(note))
                if of is not None:
                    of.refunded += amount
                    of.paid_allowance = min(of.paid_allowance, of.committed - of.refunded)
        return account.standing()

    def reserve(self, name: str, tokens: int, job: str, run: str = "", seconds: float = HOUR) -> Reservation:
        """Set image tokens aside for a job, before it begins. The same job again returns what there is.

        Args:
            name: the user.
            tokens: how many the job is expected to cost.
            job: an id that no other job of the user has.
            run: what the job belongs to, to be found by.
            seconds: after which what is still open is released by itself.

        Raises:
            InsufficientTokens: if the balance does not suffice.
            KeyUsed: if the job has reserved another number.
        """
        whole(tokens)
        with self._account(name) as account:
            until = self._expiry(seconds)
            of = account.reservation(checked_key(job))
            if of is None:
                of = account.new_reservation(job, checked_key(run, 0), until, tokens)
            elif account.is_new(f"reserve:{job}", "reserve", -tokens, tokens):
                of.run, of.expires = checked_key(run, 0), until
                account.set_aside(tokens, of, f"reserve:{job}")
        return reservation(name, vars(of))

    def renew(self, name: str, jobs: Iterable[str], seconds: float = HOUR) -> None:
        """Let reservations that are open expire later."""
        with self._account(name) as account:
            found = [account.reservation(checked_key(job)) for job in jobs]
            for of in found:
                if of is not None and of.open:
                    of.expires = self._expiry(seconds)

    def commit(self, name: str, tokens: int, job: str, part: str = "") -> Reservation:
        """Pay for what a job has delivered, from what it reserved; what is not reserved comes from the balance.

        Args:
            name: the user.
            tokens: how many.
            job: the one that was reserved for, or one for which nothing is reserved.
            part: tells one delivery of a job from its others; each is paid once.

        Raises:
            InsufficientTokens: if reservation and balance together do not suffice; nothing is paid then.
            KeyUsed: if this part was paid with another number.
        """
        whole(tokens)
        with self._account(name) as account:
            of = account.reservation(checked_key(job)) or account.new_reservation(job, "", self._expiry(0))
            key = f"commit:{of.id}:{of.undone}:{checked_key(part, 0)}"
            if account.is_new(key, "commit", held=-tokens):
                if tokens > of.open:
                    account.set_aside(tokens - of.open, of, f"more:{key}")
                account.pay(tokens, of, key)
        return reservation(name, vars(of))

    def settle(self, name: str, tokens: int, run: str, delivery: str) -> None:
        """Pay for a delivery from all that its run has reserved, the oldest first, and the rest from the balance.

        Args:
            name: the user.
            tokens: how many.
            run: whose open reservations pay.
            delivery: what is paid for, as a job of its own; it is paid once.

        Raises:
            InsufficientTokens: if that does not suffice; nothing is paid then.
        """
        whole(tokens)
        with self._account(name) as account:
            if account.reservation(checked_key(delivery)):
                return
            own = account.new_reservation(delivery, checked_key(run, 0), self._expiry(0))
            left = tokens
            for of in account.open_of(run):
                share = min(left, of.open)
                if share:
                    account.pay(share, of, f"settle:{of.id}:{delivery}")
                left -= share
            if left:
                account.set_aside(left, own, f"reserve:{delivery}")
                account.pay(left, own, f"settle:{own.id}:{delivery}")

    def release(self, name: str, job: str) -> Reservation | None:
        """Give back what a job reserved and did not pay; return its reservation, or None if it has none."""
        with self._account(name) as account:
            of = account.reservation(checked_key(job))
            if of is not None and of.open:
                account.let_go(of)
        return None if of is None else reservation(name, vars(of))

    def undo(self, name: str, job: str) -> None:
        """Give back all that a job reserved or paid, as it delivered nothing; if it does after all, it is paid anew."""
        with self._account(name) as account:
            of = account.reservation(checked_key(job))
            if of is not None and of.open:
                account.let_go(of, note="nothing was delivered")
            if of is not None and of.committed > of.refunded:
                account.take_back_payment(of)

    @contextmanager
    def _account(self, name: str, to: Plan | None = None) -> Iterator[Account]:
        with self._database.writing() as connection:
            account = Account(connection, name, self._clock(), to)
            yield account
            account.store()

    def _expiry(self, seconds: float) -> int:
        return int((self._clock() + lifetime(seconds)).timestamp() * 1000)


def _given(key: str | None) -> str:
    return f"given:{uuid.uuid4().hex if key is None else checked_key(key)}"
