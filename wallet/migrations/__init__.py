"""The versions of the wallet's schema; Alembic brings a database from one to the next."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Connection

KNOWN = ("0001", "0002")
"""In their order; each is a file of `versions/`."""
HEAD = KNOWN[-1]
VERSION_TABLE = "wallet_version"


def upgrade(connection: Connection, to: str = HEAD) -> None:
    """Bring a database to a version, within the transaction that the connection is in."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
