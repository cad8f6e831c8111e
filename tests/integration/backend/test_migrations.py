"""The migrations make exactly the tables that the code uses."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from backend.storage.database import Database
from backend.storage.tables import metadata


async def test_migrated_database_has_the_tables_of_the_code(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'x.db'}")
    await database.migrate()

    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

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
