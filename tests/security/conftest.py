"""The chat of the backend's own tests, with tools that note every attempt."""

import asyncio
import shutil
from pathlib import Path

import pytest

from backend.storage.database import Database
from tests.integration.backend.conftest import open_chat

__all__ = ["open_chat"]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once: every case begins with a copy."""
    path = tmp_path_factory.mktemp("database") / "chat.db"

    async def migrate() -> None:
        database = Database(f"sqlite:///{path}")
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
    return path


@pytest.fixture
def database_url(migrated_file: Path, tmp_path: Path) -> str:
    shutil.copy(migrated_file, tmp_path / "chat.db")
    return f"sqlite:///{tmp_path / 'chat.db'}"
