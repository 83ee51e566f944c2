"""The check of the ledger: it names what somebody has changed behind the wallet's back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tagloom.wallet import Fault
from tagloom.wallet.checking import check
from tagloom.wallet.ledger import Wallet

ENTRY = "INSERT INTO wallet_entries (user_id, at, kind, amount, held, allowance, key) VALUES "


@pytest.fixture(scope="module")
def engine(databases) -> Iterator[sa.Engine]:
    """Where ann has a job that was paid in part, one that was refunded, and one that is open, and bob his grant."""
    url = databases.new()
    with Wallet.open(url) as wallet:
        wallet.create_user("ann")
        wallet.create_user("bob")
        wallet.grant("ann", 10, "gift")
        for job, tokens in (("paid", 4), ("refunded", 2), ("open", 3)):
            wallet.reserve("ann", tokens, job)
        wallet.commit("ann", 3, "paid")
        wallet.commit("ann", 2, "refunded")
        wallet.undo("ann", "refunded")
        assert wallet.check() == []
        yield wallet._database._engine
    databases.drop(url)


@pytest.fixture
def connection(engine) -> Iterator[sa.Connection]:
    """A transaction in which the ledger may be changed; none of it stays."""
    with engine.connect() as opened, opened.begin() as transaction:
        tables = ("wallet_users", "wallet_reservations", "wallet_entries")
        on_server = [f"ALTER TABLE {name} DISABLE TRIGGER ALL" for name in tables]
        on_file = ["DROP TRIGGER wallet_no_update", "DROP TRIGGER wallet_no_delete", "PRAGMA defer_foreign_keys = ON"]
        for statement in on_server if engine.name == "postgresql" else on_file:
            opened.exec_driver_sql(statement)
        yield opened
        transaction.rollback()


@pytest.mark.parametrize(
    ("statement", "user", "says"),
    [
        ("UPDATE wallet_users SET balance = 500 WHERE id = 1", "ann", "balance is kept as 500, the ledger's sum is 23"),
        ("UPDATE wallet_users SET held = 0 WHERE id = 1", "ann", "held is kept as 0, the ledger's sum is 4"),
        ("UPDATE wallet_users SET allowance = 1 WHERE id = 1", "ann", "allowance is kept as 1, the ledger's sum is"),
        ("UPDATE wallet_reservations SET open = 9 WHERE key = 'open'", "ann", "job open: open is kept as 9, the"),
        ("UPDATE wallet_reservations SET committed = 0 WHERE key = 'paid'", "ann", "job paid: committed is kept as 0"),
        ("UPDATE wallet_reservations SET tokens = 9 WHERE key = 'paid'", "ann", "job paid: tokens is kept as 9, the"),
        ("UPDATE wallet_reservations SET refunded = 1 WHERE key = 'refunded'", "ann", "job refunded: refunded is kept"),
        ("DELETE FROM wallet_entries WHERE key = 'given:gift'", "ann", "balance is kept as 23, the ledger's sum is 13"),
        ("DELETE FROM wallet_entries WHERE kind = 'reserve'", "ann", "makes held -"),
        ("DELETE FROM wallet_entries WHERE kind = 'commit'", "ann", "job paid: committed is kept as 3, the ledger's"),
        ("DELETE FROM wallet_entries WHERE user_id = 2", "bob", "balance is kept as 20, the ledger's sum is 0"),
        ("UPDATE wallet_entries SET amount = 1000 WHERE key = 'given:gift'", "ann", "the ledger's sum is 1013"),
        ("UPDATE wallet_entries SET amount = -50 WHERE key = 'given:gift'", "ann", "is no grant that can be: amount -"),
        ("UPDATE wallet_entries SET kind = 'gift' WHERE key = 'given:gift'", "ann", "is no gift that can be: amount "),
        ("UPDATE wallet_entries SET user_id = 2 WHERE key = 'given:gift'", "bob", "balance is kept as 20, the ledger"),
        (f"{ENTRY} (2, 0, 'grant', 7, 0, 0, 'x')", "bob", "balance is kept as 20, the ledger's sum is 27"),
        (f"{ENTRY} (2, 0, 'adjust', -70, 0, 0, 'x')", "bob", "makes balance -50"),
        (f"{ENTRY} (2, 0, 'release', 5, 0, 0, 'x')", "bob", "is no release that can be: amount 5, reserved 0"),
        (f"{ENTRY} (2, 0, 'commit', 0, 5, 0, 'x')", "bob", "is no commit that can be: amount 0, reserved 5"),
        ("UPDATE wallet_users SET granted = 0 WHERE id = 1", "ann", "is kept as 0, the ledger's sum is 20"),
        ("UPDATE wallet_reservations SET paid_allowance = 9 WHERE key = 'paid'", "ann", "9 are kept as allowance"),
        ("SELECT 1", "all", "lines of the ledger can be changed: a trigger is missing"),
        ("DELETE FROM wallet_users WHERE name = 'bob'", "user 2", "the ledger knows a user who is gone"),
        ("DELETE FROM wallet_reservations WHERE key = 'open'", "ann", "belongs to a reservation that is gone"),
        ("DELETE FROM wallet_reservations WHERE key = 'refunded'", "ann", "belongs to a reservation that is gone"),
    ],
)
def test_what_was_tampered_with_is_named(connection, statement, user, says):
    connection.exec_driver_sql(statement)
    faults = check(connection)
    assert any(fault.user == user and says in fault.text for fault in faults), faults
    assert all("\n" not in fault.text for fault in faults)


def test_a_key_that_stands_twice_is_named(connection):
    """Once the constraint is gone: SQLite has it in its table's definition."""
    columns = "id, user_id, at, kind, amount, held, allowance, reservation_id, key, period, note"
    for statement in (
        f"CREATE TABLE other AS SELECT {columns} FROM wallet_entries",
        "DROP TABLE wallet_entries",
        "ALTER TABLE other RENAME TO wallet_entries",
        f"INSERT INTO wallet_entries ({columns}) VALUES (99, 1, 0, 'grant', 10, 0, 0, NULL, 'given:gift', '', '')",
        "UPDATE wallet_users SET balance = 33 WHERE id = 1",
    ):
        connection.exec_driver_sql(statement)
    fault, *_ = check(connection)
    assert fault == Fault("ann", "entry 99 has the key 'given:gift' of another one")
