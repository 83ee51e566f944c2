"""Wallets of older Tagloom versions, which are brought up to date with all that they hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tagloom.wallet.addresses import address
from tagloom.wallet.ledger import Wallet
from tagloom.wallet.migrations import HEAD, KNOWN, VERSION_TABLE, upgrade
from tagloom.wallet.tables import METADATA

from .databases import run_sql

OLD_USER = (
    "INSERT INTO wallet_users (name, plan, balance, allowance, period, granted, created) "
    "VALUES ('ann', 'free', 20, 20, '2026-11-20', 20, 1795212000000)"
)
OLD_ENTRY = (
    "INSERT INTO wallet_entries (user_id, at, kind, amount, held, allowance, key, period) "
    "VALUES (1, 1795212000000, 'grant', 20, 0, 20, 'grant:2026-11-20:20', '2026-11-20')"
)

ENTRY = "INSERT INTO wallet_entries (user_id, at, kind, amount, held, allowance, key) VALUES "


def make(url: str, version: str) -> None:
    """Make a wallet of an older version."""
    engine = sa.create_engine(address(url), poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        upgrade(connection, version)


@pytest.mark.parametrize("version", KNOWN[:-1])
def test_an_older_wallet_is_brought_up_to_date(databases, clock, version):
    """By the first who opens it; nothing is lost."""
    url = databases.empty()
    make(url, version)
    run_sql(url, OLD_USER, OLD_ENTRY)
    with Wallet.open(url, clock=clock) as wallet:
        assert wallet.check() == []
        assert wallet.standing("ann").balance == 20
        assert [entry.key for entry in wallet.entries()] == ["grant:2026-11-20:20"]
    assert run_sql(url, f"SELECT version_num FROM {VERSION_TABLE}") == [(HEAD,)]
    databases.drop(url)


def test_the_migrations_make_the_tables_that_are_described(url):
    """What `tables.py` says is what the migrations, all together, have made."""
    engine = sa.create_engine(address(url), poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []


def test_a_migration_that_fails_leaves_the_older_wallet(databases, monkeypatch):
    """All of it is one transaction."""
    url = databases.empty()
    make(url, "0001")
    run_sql(url, OLD_USER, OLD_ENTRY)
    monkeypatch.setattr("alembic.operations.Operations.execute", lambda self, sql: self.get_bind().exec_driver_sql("x"))
    with pytest.raises(Exception, match="syntax error"):
        Wallet.open(url)
    monkeypatch.undo()
    assert run_sql(url, f"SELECT version_num FROM {VERSION_TABLE}") == [("0001",)]
    assert run_sql(url, "SELECT balance FROM wallet_users") == [(20,)]
    with Wallet.open(url) as wallet:
        assert wallet.check() == []
    databases.drop(url)


@pytest.fixture(scope="module")
def used(databases) -> Iterator[str]:
    """A wallet with a user and a reservation, which no test changes: all try in vain."""
    url = databases.new()
    with Wallet.open(url) as wallet:
        wallet.create_user("ann")
        wallet.reserve("ann", 1, "job")
        before = wallet.entries()
        yield url
        assert (wallet.entries(), wallet.check()) == (before, [])
    databases.drop(url)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE wallet_entries SET amount = 999",
        "UPDATE wallet_entries SET note = 'gift' WHERE id = 1",
        "DELETE FROM wallet_entries",
        "DELETE FROM wallet_entries WHERE id = 1",
    ],
)
def test_the_database_itself_keeps_the_ledger(used, change):
    with pytest.raises(sa.exc.DBAPIError, match="the ledger is append-only"):
        run_sql(used, change)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE wallet_users SET balance = -1, allowance = 0",
        "UPDATE wallet_users SET held = -1",
        "UPDATE wallet_users SET allowance = balance + 1",
        "UPDATE wallet_reservations SET open = -1, allowance = 0",
        "UPDATE wallet_reservations SET refunded = committed + 1",
        f"{ENTRY} (1, 0, 'grant', 1, 0, 0, 'reserve:job')",
        f"{ENTRY} (1, 0, 'grant', 1, 0, 0, NULL)",
        "INSERT INTO wallet_users (name, plan, created) VALUES ('ann', 'free', 0)",
    ],
)
def test_the_database_itself_refuses_what_can_t_be(used, change):
    """Below zero, a key twice or none, a name twice."""
    with pytest.raises(sa.exc.IntegrityError):
        run_sql(used, change)


@pytest.mark.postgresql
def test_the_server_refuses_to_empty_the_ledger(cluster):
    url = cluster.new()
    with pytest.raises(sa.exc.DBAPIError, match="the ledger is append-only"):
        run_sql(url, "TRUNCATE wallet_entries")
    cluster.drop(url)
