"""Proves the ledger: sums what it says, and compares that with what is kept of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .records import KINDS, Fault
from .tables import ENTRIES, RESERVATIONS, USERS

SUMS = ("balance", "held", "allowance")


def check(connection: Connection) -> list[Fault]:
    """Return where the ledger contradicts itself: nowhere, if all is well."""
    users = {row["id"]: row for row in connection.execute(sa.select(USERS)).mappings()}
    jobs = {row["id"]: row for row in connection.execute(sa.select(RESERVATIONS)).mappings()}
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    of_jobs: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys((*KINDS, "held"), 0))
    found: list[tuple[int, str]] = []
    keys: set[tuple[int, str]] = set()
    for line in connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.id)).mappings():
        user, job, key = line["user_id"], line["reservation_id"], (line["user_id"], line["key"])
        _add(line, sums[user], None if job is None else of_jobs[job])
        found += [(user, f"entry {line['id']} {text}") for text in _faults_of_line(line, sums[user])]
        if key in keys:
            found.append((user, f"entry {line['id']} has the key {line['key']!r} of another one"))
        keys.add(key)
        if job is not None and job not in jobs:
            found.append((user, f"entry {line['id']} belongs to a reservation that is gone"))
    for user in sums.keys() - users.keys():
        found.append((user, "the ledger knows a user who is gone"))
    for user, row in users.items():
        found += [(user, text) for text in _faults_of_user(row, sums[user])]
    for job, row in jobs.items():
        found += [(row["user_id"], f"job {row['key']}: {text}") for text in _faults_of_job(row, of_jobs[job])]
    return [Fault(users[user]["name"] if user in users else f"user {user}", text) for user, text in found]


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


def _faults_of_user(row: Mapping[Any, Any], sums: list[int]) -> Iterator[str]:
    for name, value in zip(SUMS, sums, strict=True):
        if row[name] != value:
            yield f"{name} is kept as {row[name]}, the ledger's sum is {value}"


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
