"""Runs that a user pays for, on simulated servers whose jobs make pictures; and what must be true of the wallet."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from tagloom.runner.batch.driver import Rules
from tagloom.runner.batch.journal import Journal
from tagloom.runner.batch.told import Told
from tagloom.runner.fleet.executor import Fetched
from tagloom.runner.jobs.job import Outcome, State
from tagloom.runner.paying.bills import Bill
from tagloom.runner.paying.expected import Expected
from tagloom.runner.paying.payers import Payer, Payment
from tagloom.runner.paying.till import Paying
from tagloom.wallet import Plan, storage
from tagloom.wallet.ledger import Wallet

from .crashing import Once
from .simulated_servers import Servers, SimulatedExecutor, run

USER = "anna"
NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
"""What time it is: far from any grant."""


class Clock:
    """Says what time it is."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


class PictureExecutor(SimulatedExecutor):
    """A simulated executor whose jobs make pictures, one each or as many as a key is told to make, and a text.

    Attributes:
        size: of the pictures.
        makes: by key, how many there are.
        ends_with: by key, the state that its jobs end with, where it is not done.
    """

    size = (8, 8)

    def __init__(self, *arguments: Any, makes: Mapping[str, int] = {}, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.makes = makes
        self.ends_with: dict[str, State] = {}

    def _fetch(self, server: str, key: str, job_id: str) -> None:
        faults = self._servers[server].fetch_faults.get(key)
        if faults:
            super()._fetch(server, key, job_id)
            return
        self._spool.mkdir(exist_ok=True)
        files = tuple(self._picture(job_id, place) for place in range(self.makes.get(key, 1)))
        text = self._file(job_id, "text_files", "txt", f"what {key} made".encode())
        self._end(server, key, Outcome(job_id, self.ends_with.get(key, State.DONE), seconds=1.0), (*files, text))

    def _picture(self, job_id: str, place: int) -> Fetched:
        color = tuple(hashlib.sha256(f"{job_id} {place}".encode()).digest()[:3])
        written = io.BytesIO()
        Image.new("RGB", self.size, color).save(written, "PNG")
        return self._file(f"{job_id}-{place}", "images", "png", written.getvalue())

    def _file(self, name: str, kind: str, ending: str, contents: bytes) -> Fetched:
        path = self._spool / f"{name}.{ending}.part"
        path.write_bytes(contents)
        return Fetched("9", kind, f"{name}.{ending}", True, path, hashlib.sha256(contents).hexdigest())


@contextmanager
def quick_wallet(path: Path, clock: Callable[[], datetime], tokens: int = 0) -> Iterator[Wallet]:
    """Yield a new wallet with a user of the plan `free`; no disk is waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "_prepare", _hurry)
        patch.setattr(storage, "BUSY", 1)
        with Wallet.open(str(path), create=True, clock=clock) as wallet:
            wallet.create_user(USER)
            if tokens:
                wallet.grant(USER, tokens)
            yield wallet


def _hurry(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = OFF")


def payment(wallet: Wallet, journal: Journal, images: Mapping[str, int] = {}, plan: Plan | None = None) -> Payment:
    """Return how a run is paid of whose jobs one picture is expected, or as many as a key is to make."""
    expected = {entry.key: Expected(images.get(entry.key, 1)) for entry in journal.entries()}
    plan = plan or wallet.plan_of(USER)
    return Payment(Payer(wallet, USER, plan), Bill(plan, expected), journal.name)


def run_paid(
    paid: Payment, journal: Journal, executor: SimulatedExecutor, out: Path, servers: Servers, goes_on: bool = True
) -> list[Told]:
    """Drive all that the journal holds, paid for."""
    paying = Paying(paid, journal, out, goes_on)
    return run(journal, executor, out, servers, Rules(patience=0.0, paying=paying))


def pictures(out: Path) -> int:
    """Return how many pictures lie in a folder."""
    return len(list(out.glob("*.png")))


def assert_settled(wallet: Wallet, out: Path, had: int, each: int = 1) -> None:
    """Paid is what lies in the folder; nothing is reserved; the ledger does not contradict itself."""
    standing, paid = wallet.standing(USER), sum(found.paid for found in wallet.reservations(USER))
    assert (paid, standing.held, standing.balance) == (each * pictures(out), 0, had - paid)
    assert wallet.check() == []


@contextmanager
def gated_wallet(wallet: Wallet, gate: Callable[[], None]) -> Iterator[None]:
    """Let each call of a wallet, and each of its statements, go through a gate; Ctrl-C may come within, too."""
    engine = wallet._database._engine

    def pass_gate(*arguments: Any) -> None:
        gate()

    events = ("before_cursor_execute", *(("after_cursor_execute",) if isinstance(gate, Once) else ()), "commit")
    for event in events:
        sa.event.listen(engine, event, pass_gate)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("reserve", "commit", "release", "undo", "refund", "renew"):
            patch.setattr(wallet, name, _then(getattr(wallet, name), gate))
        try:
            yield
        finally:
            for event in events:
                sa.event.remove(engine, event, pass_gate)


def _then(call: Callable[..., Any], gate: Callable[[], None]) -> Callable[..., Any]:
    def gated(*arguments: Any, **options: Any) -> Any:
        result = call(*arguments, **options)
        gate()
        return result

    return gated
