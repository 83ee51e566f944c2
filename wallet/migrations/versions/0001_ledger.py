"""Users, reservations and the ledger."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _number(name: str, default: str | None = None) -> "sa.Column[Any]":
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default)


def _text(name: str, longest: int, default: str | None = None) -> "sa.Column[Any]":
    return sa.Column(name, sa.String(longest), nullable=False, server_default=default)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "wallet_users",
        sa.Column("id", ID, primary_key=True),
        _text("name", 200),
        _text("plan", 100),
        *(_number(name, "0") for name in ("balance", "held", "allowance")),
        _text("period", 10, ""),
        _number("granted", "0"),
        _text("terms", 200, ""),
        _number("promised", "0"),
        _text("lapsed", 10, ""),
        _number("created"),
        sa.UniqueConstraint("name"),
        sa.CheckConstraint("balance >= 0", name="wallet_balance_is_never_negative"),
        sa.CheckConstraint("held >= 0", name="wallet_held_is_never_negative"),
        sa.CheckConstraint("allowance >= 0 AND allowance <= balance", name="wallet_allowance_is_part_of_balance"),
    )
    op.create_table(
        "wallet_reservations",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, sa.ForeignKey("wallet_users.id"), nullable=False),
        _text("key", 200),
        _text("run", 200, ""),
        *(_number(name) for name in ("tokens", "open", "allowance")),
        *(_number(name, "0") for name in ("committed", "paid_allowance", "refunded")),
        sa.Column("undone", sa.Integer, nullable=False, server_default="0"),
        _text("period", 10, ""),
        _number("expires"),
        sa.UniqueConstraint("user_id", "key", name="wallet_one_reservation_a_job"),
        sa.CheckConstraint("open >= 0 AND allowance >= 0 AND allowance <= open", name="wallet_open_is_never_negative"),
        sa.CheckConstraint("refunded >= 0 AND refunded <= committed", name="wallet_refunded_is_part_of_committed"),
    )
    op.create_table(
        "wallet_entries",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, sa.ForeignKey("wallet_users.id"), nullable=False),
        _number("at"),
        _text("kind", 10),
        *(_number(name) for name in ("amount", "held", "allowance")),
        sa.Column("reservation_id", ID, sa.ForeignKey("wallet_reservations.id")),
        _text("key", 300),
        _text("period", 10, ""),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint("user_id", "key", name="wallet_no_key_twice"),
    )
    still_open = sa.text("open > 0")
    where: dict[str, Any] = {"sqlite_where": still_open, "postgresql_where": still_open}
    op.create_index("wallet_open_reservations", "wallet_reservations", ["user_id", "expires"], **where)
    op.create_index("wallet_reservations_of_runs", "wallet_reservations", ["run"])
    op.create_index("wallet_grants_of_periods", "wallet_entries", ["user_id", "period"])


def downgrade() -> None:
    """Take the tables away."""
    for table in ("wallet_entries", "wallet_reservations", "wallet_users"):
        op.drop_table(table)
