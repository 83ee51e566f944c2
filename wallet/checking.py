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
    names = {row["id"]: row["name"] for row in connection.execute(sa.select(USERS)).mappings()}
    users: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    jobs: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys((*KINDS, "held"), 0))
    faults: list[Fault] = []
    for line in connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.id)).mappings():
        sums = users[line["user_id"]]
        for place, name in enumerate(("amount", "held", "allowance")):
            sums[place] += line[name]
        name = names.get(line["user_id"], f"user {line['user_id']}")
        faults += [Fault(name, f"entry {line['id']} {text}") for text in _faults_of_line(line, sums)]
        if line["reservation_id"] is not None:
            job = jobs[line["reservation_id"]]
            job["held"] += line["held"]
            job[line["kind"]] = job.get(line["kind"], 0) + (line["held"] or line["amount"])
    for row in connection.execute(sa.select(USERS)).mappings():
        faults += [Fault(row["name"], text) for text in _faults_of_user(row, users[row["id"]])]
    for row in connection.execute(sa.select(RESERVATIONS)).mappings():
        name = names.get(row["user_id"], f"user {row['user_id']}")
        faults += [Fault(name, f"job {row['key']}: {text}") for text in _faults_of_job(row, jobs[row["id"]])]
    return faults


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
