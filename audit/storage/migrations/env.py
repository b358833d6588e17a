"""Alembic's entry: runs on the connection, and in the transaction, that audit.storage.migrate hands over."""

from alembic import context

from audit.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
