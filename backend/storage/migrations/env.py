"""Alembic's entry: migrates over the connection that the database module hands in."""

from alembic import context

from backend.storage.tables import metadata


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


run()
