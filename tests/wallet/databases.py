"""New databases for the tests, of both kinds; each is a copy of one in which an empty wallet was made."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from tagloom.wallet.addresses import address
from tagloom.wallet.ledger import Wallet

if TYPE_CHECKING:
    from .postgresql import Server


class Databases(Protocol):
    """Where wallets are made and dropped."""

    def empty(self) -> str:
        """Return the address of a new database without a wallet."""

    def new(self) -> str:
        """Return the address of a new wallet."""

    def drop(self, url: str) -> None:
        """Remove one."""


class Files:
    """SQLite: a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._model = folder / "model.sqlite3"
        Wallet.open(str(self._model), create=True).close()

    def empty(self) -> str:
        return str(self._folder / f"{next(self._numbers)}.sqlite3")

    def new(self) -> str:
        return str(shutil.copy(self._model, self.empty()))

    def drop(self, url: str) -> None:
        for path in (url, f"{url}-wal", f"{url}-shm"):
            Path(path).unlink(missing_ok=True)


class Cluster:
    """PostgreSQL: a database of the server's each."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._model = server.database()
        Wallet.open(server.url(self._model), create=True).close()

    def empty(self) -> str:
        return self.server.url(self.server.database())

    def new(self) -> str:
        return self.server.url(self.server.database(self._model))

    def drop(self, url: str) -> None:
        self.server.drop(str(address(url).database))


def run_sql(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Change or ask a database behind the wallet's back; return the last statement's rows."""
    engine = sa.create_engine(address(url), poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            done = connection.exec_driver_sql(statement)
        return [tuple(row) for row in done] if done.returns_rows else []
