"""Wallets that can't be used, each with what the error says of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tagloom.wallet.ledger import Wallet


def nothing_there(path: Path) -> None:
    """There is no such file."""


def a_folder(path: Path) -> None:
    path.mkdir()


def a_text(path: Path) -> None:
    path.write_text("name,balance\nann,20\n" * 500)


def a_picture(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))


def another_database(path: Path) -> None:
    _run(path, "CREATE TABLE songs (title TEXT)")


def a_newer_wallet(path: Path) -> None:
    Wallet.open(str(path), create=True).close()
    _run(path, "UPDATE wallet_version SET version_num = '0999'")


def half_a_wallet(path: Path) -> None:
    """The second half of the file is gone."""
    filled(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def a_scribbled_wallet(path: Path) -> None:
    """All but the first page is noise."""
    filled(path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


def a_wallet_without_its_ledger(path: Path) -> None:
    """A table is gone."""
    filled(path)
    _run(path, "DROP TABLE wallet_entries")


def filled(path: Path) -> None:
    """Make a wallet that has a user and 10 reservations."""
    with Wallet.open(str(path), create=True) as wallet:
        wallet.create_user("ann")
        for number in range(10):
            wallet.reserve("ann", 1, f"job {number}")
    _run(path, "PRAGMA wal_checkpoint(TRUNCATE)")


def _run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


NOT_OPENED: dict[Callable[[Path], None], str] = {
    nothing_there: "there is no wallet {path}; make one with: tagloom wallet create NAME",
    a_folder: "the wallet {path} is no file; name another one",
    a_text: "the wallet {path} can't be used (file is not a database); nothing was changed",
    a_picture: "the wallet {path} can't be used (file is not a database); nothing was changed",
    another_database: "{path} is the database of something else; name another file",
    a_newer_wallet: "the wallet {path} is of a newer Tagloom (schema 0999, known is 0002); update Tagloom",
}
"""Those that are known as such as soon as they are opened."""

NOT_USED = (half_a_wallet, a_scribbled_wallet, a_wallet_without_its_ledger)
"""Those that may open, but every operation on them is refused."""
