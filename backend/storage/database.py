"""One database, by URL: an SQLite file by default, PostgreSQL when one machine is outgrown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_BUSY_TIMEOUT_MS = 5000


class Database:
    """Opens the engines and migrates the schema. SQLite gets one writer connection, so that writers queue here."""

    def __init__(self, url: str) -> None:
        self._is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._url = _with_async_driver(url)
        if self._is_sqlite:
            self._writer = create_async_engine(self._url, pool_size=1, max_overflow=0, pool_timeout=30)
            self._reader = create_async_engine(self._url, pool_size=4, max_overflow=4, pool_timeout=30)
            _configure_sqlite(self._writer, begin="BEGIN IMMEDIATE")
            _configure_sqlite(self._reader, begin="BEGIN")
        else:
            self._writer = self._reader = create_async_engine(self._url, pool_size=8, pool_pre_ping=True)

    @property
    def is_sqlite(self) -> bool:
        return self._is_sqlite

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._reader.begin() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: everything or nothing."""
        async with self._writer.begin() as connection:
            yield connection

    async def migrate(self) -> None:
        """Bring the schema to the newest revision; SQLite files and their folders are made when missing."""
        path = make_url(self._url).database
        if self._is_sqlite and path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        async with self._writer.connect() as connection:
            await connection.run_sync(_upgrade)
            await connection.commit()

    async def ping(self) -> None:
        """Raise what the driver raises when the database does not answer."""
        async with self.read() as connection:
            await connection.execute(select(1))

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def as_utc(moment: datetime) -> datetime:
    """SQLite forgets the time zone; everything in the database is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _with_async_driver(url: str) -> str:
    parsed = make_url(url)
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}[parsed.get_backend_name()]
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def _configure_sqlite(engine: AsyncEngine, *, begin: str) -> None:
    def on_connect(connection: Any, _record: object) -> None:  # Any: the driver's own connection
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_TIMEOUT_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
