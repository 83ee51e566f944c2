"""The wallet's database: how it is opened, made and brought up to date, and what its errors say."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .addresses import address, shown
from .errors import StorageError
from .migrations import HEAD, KNOWN, VERSION_TABLE, upgrade

BUSY = 60
"""Seconds for which a transaction waits for those of others."""
CONNECT = 10
"""Seconds until a PostgreSQL server must answer."""
READS = "tagloom_reads"


class Database:
    """A database that holds a wallet of the present schema. It may be used by several threads."""

    def __init__(self, given: str | None = None, create: bool = False) -> None:
        """Open it, and bring an older schema up to date.

        Args:
            given: see `address`.
            create: make it where there is none.

        Raises:
            StorageError: if it is missing, out of reach, no wallet, damaged, newer, or can't be written.
        """
        self.url = address(given)
        self._is_sqlite = self.url.get_backend_name() == "sqlite"
        if self._is_sqlite:
            self._find_file(create)
        self._engine = _engine(self.url)
        try:
            self._bring_up_to_date(create)
            if self._is_sqlite:
                _let_readers_be(str(self.url.database))
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """What it is called in messages: its file, or its URL without password and query."""
        return shown(self.url)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that is written whole when the block ends, and not at all on an error."""
        with self._translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection to look into the database as it is at one moment."""
        with self._translated(), self._engine.connect() as connection:
            options = {READS: True} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}
            connection.execution_options(**options)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _find_file(self, create: bool) -> None:
        path = Path(str(self.url.database))
        if path.exists():
            if not path.is_file():
                raise StorageError(f"the wallet {path} is no file; name another one")
            if create and not path.stat().st_size:
                path.chmod(0o600)
        elif not create:
            raise StorageError(f"there is no wallet {path}; make one with: tagloom wallet create NAME")
        else:
            _new_file(path)

    def _bring_up_to_date(self, create: bool) -> None:
        with self.reading() as connection:
            version = self._version(connection)
        if version == HEAD:
            return
        if version is None and not create:
            raise StorageError(f"{self.name} holds no wallet; make one with: tagloom wallet create NAME")
        with self.writing() as connection:
            if not self._is_sqlite:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7461676)"))  # of several, one makes it
            if self._version(connection) != HEAD:
                upgrade(connection)

    def _version(self, connection: Connection) -> str | None:
        """Return the schema's version, or None if there is no wallet.

        Raises:
            StorageError: if it is a newer one, or the database of something else.
        """
        tables = sa.inspect(connection).get_table_names()
        if VERSION_TABLE not in tables:
            if self._is_sqlite and tables:
                raise StorageError(f"{self.name} is the database of something else; name another file")
            return None
        version = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
        if version is not None and version not in KNOWN:
            raise StorageError(
                f"the wallet {self.name} is of a newer Tagloom (schema {version}, known is {HEAD}); update Tagloom"
            )
        return version

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            cause = getattr(error, "orig", None) or error
            said = " ".join(str(cause).split())[:300] or type(cause).__name__
            raise StorageError(f"the wallet {self.name} can't be used ({said}); nothing was changed") from error


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    try:
        options = {"connect_timeout": CONNECT}
        engine = sa.create_engine(url, connect_args=options, pool_pre_ping=True, isolation_level="READ COMMITTED")
    except ModuleNotFoundError as error:
        raise StorageError(
            f"{error.name} is not installed, which PostgreSQL needs; install the extra postgres: "
            "pip install '.[postgres]'"
        ) from error
    sa.event.listen(engine, "connect", _wait_no_longer)
    return engine


def _sqlite_engine(url: URL) -> Engine:
    engine = sa.create_engine(url, connect_args={"timeout": BUSY})
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _wait_no_longer(connection: Any, record: object) -> None:
    """Let PostgreSQL end what waits for another one's lock for too long, and who holds one and does nothing."""
    connection.execute(f"SET lock_timeout = '{BUSY}s'")
    connection.execute(f"SET idle_in_transaction_session_timeout = '{BUSY}s'")
    connection.commit()


def _prepare(connection: Any, record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say
    try:
        for pragma in ("foreign_keys = ON", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:  # the file is no database
        connection.close()
        raise


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _let_readers_be(path: str) -> None:
    """Put a file into SQLite's WAL mode, in which nobody waits for who reads; the file remembers it."""
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection, suppress(sqlite3.Error):
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal":
            connection.execute("PRAGMA journal_mode = WAL")  # refused while others use it, or where it is read-only


def _new_file(path: Path) -> None:
    """Make a wallet's file, whole or not at all; where another process is quicker, its file is used."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    engine = _sqlite_engine(URL.create("sqlite", database=str(part)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch(mode=0o600)
        _let_readers_be(str(part))
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        if not path.exists():
            part.replace(path) if os.name == "nt" else os.link(part, path)
    except FileExistsError:
        pass
    except (OSError, DBAPIError) as error:
        said = getattr(error, "strerror", None) or " ".join(str(getattr(error, "orig", error)).split())
        raise StorageError(f"the wallet {path} can't be made ({said}); name another place with --wallet") from error
    finally:
        engine.dispose()
        for left in (part, part.with_name(f"{part.name}-wal"), part.with_name(f"{part.name}-shm")):
            with suppress(OSError):
                left.unlink()
