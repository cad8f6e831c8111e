"""The patrol's log in the database, with a wake-up for its readers in this process; others poll."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.features.patrol.log import Entry
from backend.storage.database import Database
from backend.storage.run_signals import RunSignals
from backend.storage.tables import patrol_entries

_STREAM = "patrol"


class SqlPatrolLog:
    """Implements PatrolLog."""

    def __init__(self, database: Database, *, signals: RunSignals) -> None:
        self._database = database
        self._signals = signals

    async def read(self, *, after: int, limit: int, run_id: str | None = None) -> Sequence[tuple[int, str]]:
        statement = (
            select(patrol_entries.c.seq, patrol_entries.c.data)
            .where(patrol_entries.c.seq > after)
            .order_by(patrol_entries.c.seq)
            .limit(limit)
        )
        if run_id is not None:
            statement = statement.where(patrol_entries.c.run_id == run_id)
        async with self._database.read() as connection:
            return [(row.seq, row.data) for row in await connection.execute(statement)]

    async def newest(self) -> int:
        async with self._database.read() as connection:
            return int(await connection.scalar(select(func.max(patrol_entries.c.seq))) or 0)

    async def find_position(self, *, back: int) -> int:
        statement = select(patrol_entries.c.seq).order_by(patrol_entries.c.seq.desc()).offset(back).limit(1)
        async with self._database.read() as connection:
            return int(await connection.scalar(statement) or 0)

    async def wait(self, *, after: int, timeout_seconds: float) -> None:
        await self._signals.wait(_STREAM, after=after, timeout_seconds=timeout_seconds)

    def publish(self, entries: Sequence[tuple[int, str]]) -> None:
        """Wake the readers: only after the commit."""
        if entries:
            self._signals.publish(_STREAM, entries)


async def add_entries(connection: AsyncConnection, entries: Sequence[Entry]) -> list[tuple[int, str]]:
    """Write entries in order, in the caller's transaction; returns them numbered."""
    numbered: list[tuple[int, str]] = []
    for entry in entries:
        statement = insert(patrol_entries).values(run_id=entry.run_id, at=entry.at, data=entry.data)
        key = (await connection.execute(statement)).inserted_primary_key
        assert key is not None  # noqa: S101  # the table has a generated key
        numbered.append((int(key[0]), entry.data))
    return numbered
