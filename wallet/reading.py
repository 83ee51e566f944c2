"""Reads the wallet: who is in it, what is reserved, what the ledger says, and whether it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from types import TracebackType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from .amounts import is_name
from .checking import check
from .errors import UnknownUser
from .records import Entry, Fault, Reservation
from .storage import Database
from .tables import ENTRIES, RESERVATIONS, USERS

if TYPE_CHECKING:
    from typing_extensions import Self


class Reading:
    """A wallet's readers; see `ledger.Wallet`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @property
    def url(self) -> str:
        """The database's file, or its URL without the password."""
        return self._database.name

    def users(self) -> list[str]:
        """Return all names, sorted."""
        with self._database.reading() as connection:
            return sorted(connection.execute(sa.select(USERS.c.name)).scalars())

    def reservations(
        self, name: str | None = None, run: str | None = None, only_open: bool = False
    ) -> list[Reservation]:
        """Return reservations in their order, of one user, or of one run, or of all."""
        query = sa.select(RESERVATIONS, USERS.c.name).join(USERS).order_by(RESERVATIONS.c.id)
        if run is not None:
            query = query.where(RESERVATIONS.c.run == run)
        if only_open:
            query = query.where(RESERVATIONS.c.open > 0)
        return [reservation(row["name"], row) for row in self._rows(query, name)]

    def entries(self, name: str | None = None, last: int | None = None) -> list[Entry]:
        """Return the ledger in its order, of one user or of all; `last` is how many at most, of the newest."""
        columns = (ENTRIES, USERS.c.name, RESERVATIONS.c.key.label("job"))
        query = sa.select(*columns).join(USERS, ENTRIES.c.user_id == USERS.c.id)
        query = query.outerjoin(RESERVATIONS, ENTRIES.c.reservation_id == RESERVATIONS.c.id).order_by(
            ENTRIES.c.id.desc()
        )
        return [_entry(row) for row in reversed(self._rows(query.limit(last), name))]

    def check(self) -> list[Fault]:
        """Return where the ledger contradicts itself or what is kept of it: nowhere, if all is well."""
        with self._database.reading() as connection:
            return check(connection)

    def _rows(self, query: sa.Select[Any], name: str | None) -> Sequence[Mapping[Any, Any]]:
        with self._database.reading() as connection:
            if name is not None:
                user = sa.select(USERS.c.id).where(USERS.c.name == name)
                if not is_name(name) or not connection.execute(user).first():
                    raise UnknownUser.of(name)
                query = query.where(USERS.c.name == name)
            return connection.execute(query).mappings().all()


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
