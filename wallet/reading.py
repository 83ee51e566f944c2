"""Reads the wallet's tables into what the wallet tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .errors import UnknownUser
from .records import Entry, Reservation
from .tables import ENTRIES, RESERVATIONS, USERS


def names(connection: Connection) -> list[str]:
    """Return all users' names, sorted."""
    return sorted(connection.execute(sa.select(USERS.c.name)).scalars())


def reservations(connection: Connection, name: str | None, run: str | None, only_open: bool) -> list[Reservation]:
    """Return reservations in their order, of one user, or of one run, or of all.

    Raises:
        UnknownUser: if there is no such user.
    """
    _must_be_there(connection, name)
    query = sa.select(RESERVATIONS, USERS.c.name).join(USERS).order_by(RESERVATIONS.c.id)
    if name is not None:
        query = query.where(USERS.c.name == name)
    if run is not None:
        query = query.where(RESERVATIONS.c.run == run)
    if only_open:
        query = query.where(RESERVATIONS.c.open > 0)
    return [reservation(row["name"], row) for row in connection.execute(query).mappings()]


def entries(connection: Connection, name: str | None) -> list[Entry]:
    """Return the ledger in its order, of one user or of all.

    Raises:
        UnknownUser: if there is no such user.
    """
    _must_be_there(connection, name)
    columns = (ENTRIES, USERS.c.name, RESERVATIONS.c.key.label("job"))
    query = sa.select(*columns).join(USERS, ENTRIES.c.user_id == USERS.c.id)
    query = query.outerjoin(RESERVATIONS, ENTRIES.c.reservation_id == RESERVATIONS.c.id).order_by(ENTRIES.c.id)
    if name is not None:
        query = query.where(USERS.c.name == name)
    return [_entry(row) for row in connection.execute(query).mappings()]


def reservation(name: str, row: Mapping[Any, Any]) -> Reservation:
    """Return a user's reservation from its row."""
    numbers = (row["tokens"], row["open"], row["committed"], row["refunded"])
    return Reservation(name, row["key"], row["run"], *numbers, _moment(row["expires"]))


def _entry(row: Mapping[Any, Any]) -> Entry:
    numbers = (row["amount"], row["held"], row["allowance"])
    texts = (row["job"] or "", row["key"], row["period"], row["note"])
    return Entry(row["id"], row["name"], _moment(row["at"]), row["kind"], *numbers, *texts)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def _must_be_there(connection: Connection, name: str | None) -> None:
    if name is not None and not connection.execute(sa.select(USERS.c.id).where(USERS.c.name == name)).first():
        raise UnknownUser.of(name)
