"""Times paying for pictures: reserve and commit, in SQLite and in PostgreSQL, by one process and by 32.

Usage: python benchmarks/wallet.py [PICTURES] [POSTGRESQL_URL]; without the URL of a server, on which it makes tables
and leaves them, only SQLite is timed. The peer is the least that pays at all: one transaction that takes from a balance
where it suffices and notes it, with the same durability. Ours are two transactions a picture, each with its ledger.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tagloom.wallet.ledger import Wallet
from tagloom.wallet.storage import Database

ROUNDS = 3
MANY = 32
START = 120
"""Seconds until each process must be ready."""
PEER = "bare_balance", "bare_entries"
Pay = Callable[[int], None]


@contextmanager
def bare(url: str, name: str) -> Iterator[Pay]:
    """Pay by two statements."""
    database = Database(url)
    take = sa.text(f"UPDATE {PEER[0]} SET balance = balance - 1 WHERE name = :name AND balance >= 1")
    note = sa.text(f"INSERT INTO {PEER[1]} (name, amount) VALUES (:name, -1)")

    def pay(number: int) -> None:
        with database.writing() as connection:
            assert connection.execute(take, {"name": name}).rowcount == 1
            connection.execute(note, {"name": name})

    yield pay
    database.close()


@contextmanager
def ours(url: str, name: str) -> Iterator[Pay]:
    """Reserve, then commit."""
    with Wallet.open(url) as wallet:

        def pay(number: int) -> None:
            wallet.reserve(name, 1, f"job {number}")
            wallet.commit(name, 1, f"job {number}")

        yield pay


def prepare(url: str, name: str, pictures: int) -> None:
    """Give a new user enough of both."""
    with Wallet.open(url, create=True) as wallet:
        wallet.create_user(name)
        wallet.grant(name, pictures)
        with wallet._database.writing() as connection:
            connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS {PEER[0]} (name TEXT PRIMARY KEY, balance BIGINT)"))
            connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS {PEER[1]} (name TEXT, amount BIGINT)"))
            values = {"name": name, "balance": pictures}
            connection.execute(sa.text(f"INSERT INTO {PEER[0]} VALUES (:name, :balance)"), values)


def seconds(way: Callable, url: str, pictures: int, processes: int) -> float:
    """Return how long it takes to pay for all pictures, from when all processes are ready."""
    name = uuid.uuid4().hex
    prepare(url, name, pictures)
    fork = multiprocessing.get_context("fork")
    ready = fork.Barrier(processes + 1)

    def work(mine: range) -> None:
        with way(url, name) as pay:
            ready.wait(START)
            for number in mine:
                pay(number)

    shares = [range(number, pictures, processes) for number in range(processes)]
    workers = [fork.Process(target=work, args=(share,)) for share in shares]
    for worker in workers:
        worker.start()
    ready.wait(START)
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    spent = time.perf_counter() - began
    assert not any(worker.exitcode for worker in workers), "a process failed"
    return spent


def compare(kind: str, url: str, pictures: int, processes: int) -> None:
    """Print both, timed by turns."""
    times: dict = {bare: [], ours: []}
    for number in range(ROUNDS):
        for way in (bare, ours) if number % 2 else (ours, bare):
            times[way].append(seconds(way, url, pictures, processes))
    ratio = statistics.median(mine / theirs for mine, theirs in zip(times[ours], times[bare], strict=True))
    rate = {way: pictures / statistics.median(spent) for way, spent in times.items()}
    who = "1 process" if processes == 1 else f"{processes} processes"
    print(f"{kind}, {who}: {rate[ours]:,.0f} pictures/s; bare {rate[bare]:,.0f}/s; {ratio:.1f} times as long")


def main(pictures: int, server: str | None) -> None:
    """Print the figures."""
    os.environ.pop("TAGLOOM_PLANS", None)
    with tempfile.TemporaryDirectory() as folder:
        for kind, url in (("SQLite", str(Path(folder) / "wallet.sqlite3")), ("PostgreSQL", server)):
            for processes in (1, MANY) if url else ():
                compare(kind, url, pictures, processes)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2] if len(sys.argv) > 2 else None)
