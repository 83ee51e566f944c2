"""What Alembic runs to reach the database: the caller's own connection and transaction."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], version_table="wallet_version", transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
