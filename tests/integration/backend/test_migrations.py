"""The migrations make exactly the tables that the code uses."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from backend.storage.database import Database
from backend.storage.tables import metadata


def is_table_of_the_code(name: str | None, kind: str, _parents: object) -> bool:
    """The search index makes tables of its own, which only SQLite knows."""
    return kind != "table" or not (name or "").startswith(("texts_index", "texts_terms"))


async def test_migrated_database_has_the_tables_of_the_code(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'x.db'}")
    await database.migrate()

    def compare(connection: Connection) -> list[object]:
        options = {"include_name": is_table_of_the_code}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with database.read() as connection:
        differences = await connection.run_sync(compare)
    await database.close()

    assert differences == []


async def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")

    await database.migrate()
    await database.migrate()
    await database.ping()
    await database.close()
