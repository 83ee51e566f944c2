"""The wallet's tables. What they are by now is made by the migrations; these describe them to SQLAlchemy."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

METADATA = MetaData()
ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up whole rows only under this name."""

USERS = Table(
    "wallet_users",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("plan", String(100), nullable=False),
    Column("balance", BigInteger, nullable=False, server_default="0"),
    Column("held", BigInteger, nullable=False, server_default="0"),
    Column("allowance", BigInteger, nullable=False, server_default="0"),
    Column("period", String(10), nullable=False, server_default=""),
    Column("granted", BigInteger, nullable=False, server_default="0"),
    Column("terms", String(200), nullable=False, server_default=""),
    Column("promised", BigInteger, nullable=False, server_default="0"),
    Column("lapsed", String(10), nullable=False, server_default=""),
    Column("created", BigInteger, nullable=False),
    CheckConstraint("balance >= 0", name="wallet_balance_is_never_negative"),
    CheckConstraint("held >= 0", name="wallet_held_is_never_negative"),
    CheckConstraint("allowance >= 0 AND allowance <= balance", name="wallet_allowance_is_part_of_balance"),
)
"""Sums of the ledger are kept with the user, so that none has to be made before each job; `check` compares them.
`period` is the one of the last look, `granted` how much was granted for it, by `terms` that `promised` so much;
`lapsed` is the period with whose beginning an allowance lapsed for the last time."""

RESERVATIONS = Table(
    "wallet_reservations",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("wallet_users.id"), nullable=False),
    Column("key", String(200), nullable=False),
    Column("run", String(200), nullable=False, server_default=""),
    Column("tokens", BigInteger, nullable=False),
    Column("open", BigInteger, nullable=False),
    Column("allowance", BigInteger, nullable=False),
    Column("committed", BigInteger, nullable=False, server_default="0"),
    Column("paid_allowance", BigInteger, nullable=False, server_default="0"),
    Column("refunded", BigInteger, nullable=False, server_default="0"),
    Column("undone", Integer, nullable=False, server_default="0"),
    Column("period", String(10), nullable=False, server_default=""),
    Column("expires", BigInteger, nullable=False),
    Unique("user_id", "key", name="wallet_one_reservation_a_job"),
    CheckConstraint("open >= 0 AND allowance >= 0 AND allowance <= open", name="wallet_open_is_never_negative"),
    CheckConstraint("refunded >= 0 AND refunded <= committed", name="wallet_refunded_is_part_of_committed"),
)
"""Each job's, with what of it is open; `allowance` is the part of that which lapses with `period`, `paid_allowance` the
like of what is paid, and `undone` counts how often payment was taken back."""

ENTRIES = Table(
    "wallet_entries",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("wallet_users.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("allowance", BigInteger, nullable=False),
    Column("reservation_id", ID, ForeignKey("wallet_reservations.id")),
    Column("key", String(300), nullable=False),
    Column("period", String(10), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Unique("user_id", "key", name="wallet_no_key_twice"),
)
"""The ledger. Times are milliseconds since 1970, UTC. A trigger refuses to change or delete a line."""

_OPEN = RESERVATIONS.c.open > 0
Index(
    "wallet_open_reservations",
    RESERVATIONS.c.user_id,
    RESERVATIONS.c.expires,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index("wallet_reservations_of_runs", RESERVATIONS.c.run)
Index("wallet_grants_of_periods", ENTRIES.c.user_id, ENTRIES.c.period)
