"""Databases for tests: an SQLite file, or a PostgreSQL database of the test's own."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.storage.database import Database
from tests.fakes.postgresql import create_database, private_postgresql

_DATABASES = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Modules that say ON_BOTH_DATABASES are run on PostgreSQL as well."""
    if "database_url" in metafunc.fixturenames and getattr(metafunc.module, "ON_BOTH_DATABASES", False):
        metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A server that holds one migrated database to copy."""
    with private_postgresql() as server:
        asyncio.run(_migrate(create_database(server, "migrated")))
        yield server


async def _migrate(url: str) -> None:
    database = Database(url)
    await database.migrate()
    await database.close()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own, SQLite unless the test asks for both."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path / 'chat.db'}"
    server: str = request.getfixturevalue("postgresql")
    return create_database(server, f"test-{next(_DATABASES)}", template="migrated")
