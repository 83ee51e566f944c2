"""Proves the ledger: sums what it says, and compares that with what is kept of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .periods import PERIODS, next_first_day
from .records import KINDS, Fault
from .tables import ENTRIES, RESERVATIONS, USERS

SUMS = ("balance", "held", "allowance")


def check(connection: Connection) -> list[Fault]:
    """Return where the ledger contradicts itself: nowhere, if all is well."""
    users = {row["id"]: row for row in connection.execute(sa.select(USERS)).mappings()}
    jobs = {row["id"]: row for row in connection.execute(sa.select(RESERVATIONS)).mappings()}
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    of_jobs: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys((*KINDS, "held"), 0))
    granted: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    found: list[tuple[int, str]] = []
    keys: set[tuple[int, str]] = set()
    for line in connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.id)).mappings():
        user, job, key = line["user_id"], line["reservation_id"], (line["user_id"], line["key"])
        _add(line, sums[user], None if job is None else of_jobs[job])
        if line["kind"] == "grant" and line["period"]:
            granted[user][line["period"]] += line["amount"]
        found += [(user, f"entry {line['id']} {text}") for text in _faults_of_line(line, sums[user])]
        if key in keys:
            found.append((user, f"entry {line['id']} has the key {line['key']!r} of another one"))
        keys.add(key)
        if job is not None and job not in jobs:
            found.append((user, f"entry {line['id']} belongs to a reservation that is gone"))
    for user in sums.keys() - users.keys():
        found.append((user, "the ledger knows a user who is gone"))
    for user, row in users.items():
        found += [(user, text) for text in _faults_of_user(row, sums[user], granted[user])]
    for job, row in jobs.items():
        found += [(row["user_id"], f"job {row['key']}: {text}") for text in _faults_of_job(row, of_jobs[job])]
    faults = [Fault(users[user]["name"] if user in users else f"user {user}", text) for user, text in found]
    return faults + [Fault("all", text) for text in _faults_of_tables(connection)]


def _add(line: Mapping[Any, Any], sums: list[int], job: dict[str, int] | None) -> None:
    for place, name in enumerate(("amount", "held", "allowance")):
        sums[place] += line[name]
    if job is not None:
        job["held"] += line["held"]
        job[line["kind"]] = job.get(line["kind"], 0) + (line["held"] or line["amount"])


def _faults_of_line(line: Mapping[Any, Any], sums: list[int]) -> Iterator[str]:
    amount, held = line["amount"], line["held"]
    right = {
        "grant": amount > 0 and held == 0,
        "reserve": amount == -held <= 0,
        "commit": amount == 0 and held <= 0,
        "release": amount == -held > 0,
        "refund": amount > 0 and held == 0,
        "adjust": amount != 0 and held == 0,
    }
    if not right.get(line["kind"], False):
        yield f"is no {line['kind']} that can be: amount {amount}, reserved {held}"
    for name, value in zip(SUMS, sums, strict=True):
        if value < 0:
            yield f"makes {name} {value}"


def _faults_of_user(row: Mapping[Any, Any], sums: list[int], granted: Mapping[str, int]) -> Iterator[str]:
    for name, value in zip(SUMS, sums, strict=True):
        if row[name] != value:
            yield f"{name} is kept as {row[name]}, the ledger's sum is {value}"
    kind = next((kind for kind in PERIODS if f" {kind} " in row["terms"]), None)
    if kind and row["period"]:
        after = next_first_day(date.fromisoformat(row["period"]), kind).isoformat()
        value = sum(amount for day, amount in granted.items() if row["period"] <= day < after)
        if row["granted"] != value:
            yield f"granted for {row['period']} is kept as {row['granted']}, the ledger's sum is {value}"


def _faults_of_tables(connection: Connection) -> Iterator[str]:
    """Yield what is missing that keeps lines of the ledger from being changed."""
    query = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'wallet_entries'",
        "postgresql": "SELECT 1 + count(*) FROM pg_trigger WHERE tgname = 'wallet_no_change' AND tgenabled = 'O'",
    }[connection.dialect.name]
    if connection.execute(sa.text(query)).scalar_one() < 2:
        yield "lines of the ledger can be changed: a trigger is missing; look at what has changed, and make it again"


def _faults_of_job(row: Mapping[Any, Any], sums: Mapping[str, int]) -> Iterator[str]:
    said = {
        "tokens": sums["reserve"],
        "open": sums["held"],
        "committed": -sums["commit"],
        "refunded": sums["refund"],
    }
    for name, value in said.items():
        if row[name] != value:
            yield f"{name} is kept as {row[name]}, the ledger's sum is {value}"
    if not 0 <= row["paid_allowance"] <= max(0, row["committed"] - row["refunded"]):
        yield f"of {row['committed'] - row['refunded']} that were paid, {row['paid_allowance']} are kept as allowance"
