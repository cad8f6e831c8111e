"""The audit table: one writer at a time, so that the chain has no forks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from audit_chain.chain import Entry, Head, Record, link
from backend.storage.database import Database, as_utc
from backend.storage.tables import audit
from backend.vocabulary.errors import Unavailable
from backend.vocabulary.language import Text


class SqlAuditStore:
    """Implements the audit's store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entry: Entry) -> Record:
        # A cancelled run records its end all the same; a write cut in half would cost the connection.
        return await asyncio.shield(self._append(entry))

    async def read(self, *, after: int, limit: int, since: datetime | None = None) -> Sequence[Record]:
        statement = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
        if since is not None:
            statement = statement.where(audit.c.at >= since)
        async with self._read() as connection:
            return [_read_record(row) for row in await connection.execute(statement)]

    async def read_newest(self, *, before: int | None, limit: int, action: str | None) -> Sequence[Record]:
        statement = select(audit).order_by(audit.c.seq.desc()).limit(limit)
        if before is not None:
            statement = statement.where(audit.c.seq < before)
        if action is not None:
            is_family = action.endswith(".")
            statement = statement.where(
                audit.c.action.startswith(action, autoescape=True) if is_family else audit.c.action == action
            )
        async with self._read() as connection:
            return [_read_record(row) for row in await connection.execute(statement)]

    async def find(self, seq: int) -> Record | None:
        async with self._read() as connection:
            row = (await connection.execute(select(audit).where(audit.c.seq == seq))).one_or_none()
        return None if row is None else _read_record(row)

    async def head(self) -> Head:
        async with self._read() as connection:
            return await _read_head(connection)

    async def _append(self, entry: Entry) -> Record:
        try:
            async with self._database.write() as connection:
                if not self._database.is_sqlite:
                    # SQLite's writers queue as they begin; PostgreSQL's would both read the same newest record.
                    await connection.execute(text("LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE"))
                record = link(entry, after=await _read_head(connection))
                await connection.execute(insert(audit).values(**_write_row(record)))
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from error
        return record

    @asynccontextmanager
    async def _read(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._database.read() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from error


async def _read_head(connection: AsyncConnection) -> Head:
    newest = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    row = (await connection.execute(newest)).one_or_none()
    return Head() if row is None else Head(seq=row.seq, hash=row.hash)


def _write_row(record: Record) -> dict[str, Any]:  # Any: column values
    return {
        "seq": record.seq,
        "at": record.entry.at,
        "actor": record.entry.actor,
        "action": record.entry.action,
        "subject": record.entry.subject,
        "details": record.entry.details,
        "previous_hash": record.previous_hash,
        "hash": record.hash,
    }


def _read_record(row: Row[Any]) -> Record:  # Any: see rows.py
    return Record(
        seq=row.seq,
        entry=Entry(at=as_utc(row.at), actor=row.actor, action=row.action, subject=row.subject, details=row.details),
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(
        Text(
            en=f"The audit cannot be reached: {type(error).__name__}.", zh=f"无法访问审计日志：{type(error).__name__}。"
        )
    )
