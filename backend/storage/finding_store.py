"""Findings in the database, for the people who read them and act on them, and for telling people of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.features.notifications.domain import Message
from backend.features.patrol.domain import (
    Explanation,
    Finding,
    FindingEvent,
    FindingEventKind,
    FindingState,
)
from backend.features.patrol.interfaces import FindingFilter, Lease
from backend.features.patrol.log import finding_event
from backend.storage.database import Database, as_utc
from backend.storage.finding_rows import add_events, read_finding, update_finding
from backend.storage.outbox_store import add_messages
from backend.storage.patrol_log import SqlPatrolLog, add_entries
from backend.storage.patrol_store import hold
from backend.storage.tables import finding_events, findings
from backend.vocabulary.errors import NotFound
from backend.vocabulary.language import Text
from backend.vocabulary.severity import Severity

_MOST_OPEN = 1000
_MOST_EVENTS = 500


class SqlFindingStore:
    """Implements FindingStore."""

    def __init__(self, database: Database, *, log: SqlPatrolLog) -> None:
        self._database = database
        self._log = log

    async def get(self, finding_id: str) -> Finding:
        async with self._database.read() as connection:
            return read_finding(await self._read_row(connection, finding_id))

    async def list_page(self, wanted: FindingFilter, *, before: str | None, limit: int) -> Sequence[Finding]:
        statement = select(findings).order_by(findings.c.seq.desc()).limit(limit)
        if wanted.states is not None:
            statement = statement.where(findings.c.state.in_([state.value for state in wanted.states]))
        if wanted.severity is not None:
            statement = statement.where(findings.c.severity_rank == wanted.severity.rank)
        if wanted.target is not None:
            statement = statement.where(findings.c.target == wanted.target)
        if wanted.check is not None:
            statement = statement.where(findings.c.check_id == wanted.check)
        async with self._database.read() as connection:
            if before is not None:
                row = await self._read_row(connection, before)
                statement = statement.where(findings.c.seq < row.seq)
            return [read_finding(row) for row in await connection.execute(statement)]

    async def list_open(self) -> Sequence[Finding]:
        statement = (
            select(findings)
            .where(findings.c.state == FindingState.OPEN.value)
            .order_by(findings.c.severity_rank.desc(), findings.c.seq)
            .limit(_MOST_OPEN)
        )
        async with self._database.read() as connection:
            return [read_finding(row) for row in await connection.execute(statement)]

    async def count_open(self) -> Mapping[Severity, int]:
        statement = (
            select(findings.c.severity_rank, func.count().label("number"))
            .where(findings.c.state == FindingState.OPEN.value)
            .group_by(findings.c.severity_rank)
        )
        async with self._database.read() as connection:
            numbers = {row.severity_rank: row.number for row in await connection.execute(statement)}
        return {severity: numbers.get(severity.rank, 0) for severity in Severity}

    async def list_unsettled(self) -> Sequence[Finding]:
        statement = (
            select(findings)
            .where(findings.c.is_settled.is_(False), findings.c.state != FindingState.SUSPECTED.value)
            .order_by(findings.c.severity_rank.desc(), findings.c.seq)
            .limit(_MOST_OPEN)
        )
        async with self._database.read() as connection:
            return [read_finding(row) for row in await connection.execute(statement)]

    async def read_history(self, finding_id: str) -> Sequence[FindingEvent]:
        newest = (
            select(finding_events)
            .where(finding_events.c.finding_id == finding_id)
            .order_by(finding_events.c.id.desc())
            .limit(_MOST_EVENTS)
        )
        async with self._database.read() as connection:
            await self._read_row(connection, finding_id)
            rows = list(await connection.execute(newest))
        return [
            FindingEvent(at=as_utc(row.at), kind=FindingEventKind(row.kind), actor=row.actor, detail=row.detail)
            for row in reversed(rows)
        ]

    async def change(self, finding_id: str, change: Callable[[Finding], tuple[Finding, FindingEvent]]) -> Finding:
        async with self._database.write() as connection:
            row = await self._read_row(connection, finding_id, for_update=not self._database.is_sqlite)
            finding, event = change(read_finding(row))
            await update_finding(connection, finding)
            await add_events(connection, finding_id, [event])
            numbered = await add_entries(connection, [finding_event(finding, event)])
        self._log.publish(numbered)
        return finding

    async def add_explanation(self, finding_id: str, explanation: Explanation) -> None:
        event = FindingEvent(at=explanation.at, kind=FindingEventKind.EXPLAINED, actor=explanation.model, detail="")
        async with self._database.write() as connection:
            row = await self._read_row(connection, finding_id, for_update=not self._database.is_sqlite)
            await update_finding(connection, replace(read_finding(row), explanation=explanation))
            await add_events(connection, finding_id, [event])

    async def announce(
        self,
        told: Sequence[tuple[Finding, FindingEvent]],
        *,
        settled: Sequence[str],
        messages: Sequence[tuple[str, Message]],
        lease: Lease,
        at: datetime,
    ) -> None:
        async with self._database.write() as connection:
            await hold(connection, lease)
            for finding, event in told:
                row = await self._read_row(connection, finding.id, for_update=not self._database.is_sqlite)
                # Somebody may have acknowledged or silenced it since it was read: only what was told changes.
                current = replace(
                    read_finding(row),
                    announced=finding.announced,
                    is_recovery_announced=finding.is_recovery_announced,
                )
                await update_finding(connection, current)
                await add_events(connection, finding.id, [event])
            for finding_id in settled:
                row = await self._read_row(connection, finding_id, for_update=not self._database.is_sqlite)
                await update_finding(connection, replace(read_finding(row), is_recovery_announced=True))
            await add_messages(connection, messages, at=at, is_sqlite=self._database.is_sqlite)

    async def _read_row(
        self, connection: AsyncConnection, finding_id: str, *, for_update: bool = False
    ) -> Row[Any]:  # Any: see rows.py
        statement = select(findings).where(findings.c.id == finding_id)
        row = (await connection.execute(statement.with_for_update() if for_update else statement)).one_or_none()
        if row is None:
            raise NotFound(Text(en=f"There is no finding {finding_id!r}.", zh=f"没有问题 {finding_id!r}。"))
        return row
