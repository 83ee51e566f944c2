"""The database itself refuses to change or delete a line of the ledger."""

from alembic import op

revision = "0002"
down_revision = "0001"

SAID = "the ledger is append-only"


def upgrade() -> None:
    """Make the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER wallet_no_{what.lower()} BEFORE {what} ON wallet_entries "
                f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION wallet_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SAID}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER wallet_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION wallet_append_only()"
    )


def downgrade() -> None:
    """Take them away."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER wallet_no_update")
        op.execute("DROP TRIGGER wallet_no_delete")
        return
    op.execute("DROP TRIGGER wallet_no_change ON wallet_entries")
    op.execute("DROP FUNCTION wallet_append_only()")
