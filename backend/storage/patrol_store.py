"""Patrol runs in the database. One is at work at a time; whoever lost its lease can write nothing more."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.features.hosts.domain import LookState, Target, TargetKind
from backend.features.patrol.domain import (
    Finding,
    FindingEventKind,
    FindingState,
    PatrolRun,
    Phase,
    RunState,
    Trigger,
)
from backend.features.patrol.interfaces import Judge, Lease, LeaseLost, RecordedLook, WriteEntries
from backend.features.patrol.lifecycle import Change, FindingKey, close_gone_target
from backend.features.patrol.log import Entry, changed
from backend.storage.database import Database, as_utc
from backend.storage.figure_store import add_figures, mark_listed, write_look
from backend.storage.finding_rows import read_finding, read_known, write_changes
from backend.storage.patrol_log import SqlPatrolLog, add_entries
from backend.storage.tables import findings, patrol_entries, patrol_looks, patrol_runs
from backend.vocabulary.errors import NotFound
from backend.vocabulary.language import Text

_RUNNING = RunState.RUNNING.value
_COUNTS = ("targets", "looked", "unknown", "unreachable", "opened", "worsened", "closed")
_GONE_AT_ONCE = 200


class SqlPatrolStore:
    """Implements PatrolStore."""

    def __init__(self, database: Database, *, log: SqlPatrolLog, new_id: Callable[[], str]) -> None:
        self._database = database
        self._log = log
        self._new_id = new_id

    async def begin(
        self, *, trigger: Trigger, by: str, at: datetime, owner: str, until: datetime, tick: datetime | None
    ) -> tuple[PatrolRun, bool]:
        async with self._database.write() as connection:
            if not self._database.is_sqlite:
                # SQLite's writers queue as they begin; PostgreSQL's would both see no run at work.
                await connection.execute(text("LOCK TABLE patrol_runs IN SHARE ROW EXCLUSIVE MODE"))
            active = await _find_active(connection)
            if active is not None:
                return active, False
            newest = await _find_newest(connection)
            if newest is not None and tick is not None and as_utc(newest.started_at) >= tick:
                return _read_run(newest), False
            row = {
                "id": self._new_id(),
                "seq": 1 if newest is None else newest.seq + 1,
                "trigger": trigger.value,
                "started_by": by,
                "state": _RUNNING,
                "phase": Phase.LIST.value,
                "started_at": at,
                "is_cancel_requested": False,
                "owner": owner,
                "lease_number": 0,
                "lease_until": until,
                **dict.fromkeys(_COUNTS, 0),
            }
            await connection.execute(insert(patrol_runs).values(**row))
            return _read_run(await self._read_row(connection, str(row["id"]))), True

    async def take(self, run_id: str, *, owner: str, at: datetime, until: datetime) -> tuple[PatrolRun, Lease] | None:
        async with self._database.write() as connection:
            row = await self._read_row(connection, run_id)
            if row.state != _RUNNING or (row.owner != owner and as_utc(row.lease_until) > at):
                return None
            number = row.lease_number + 1
            await connection.execute(
                update(patrol_runs)
                .where(patrol_runs.c.id == run_id)
                .values(owner=owner, lease_number=number, lease_until=until)
            )
        return _read_run(row), Lease(run_id, number=number, until=until)

    async def plan(
        self,
        lease: Lease,
        *,
        targets: Sequence[Target],
        listed: frozenset[TargetKind],
        entries: Sequence[Entry],
        at: datetime,
        problem: str | None,
    ) -> None:
        async with self._database.write() as connection:
            await hold(connection, lease, phase=Phase.LOOK.value, targets=len(targets), problem=problem)
            await connection.execute(delete(patrol_looks).where(patrol_looks.c.run_id == lease.run_id))
            rows = [
                {
                    "run_id": lease.run_id,
                    "position": position,
                    "kind": target.kind.value,
                    "target": target.id,
                    "name": target.name,
                    "is_done": False,
                }
                for position, target in enumerate(targets)
            ]
            if rows:
                await connection.execute(insert(patrol_looks), rows)
            await mark_listed(connection, targets, kinds=listed)
            closed = await self._close_gone(connection, targets, kinds=listed, at=at)
            numbered = await add_entries(connection, [*entries, *changed(closed, run_id=lease.run_id)])
        self._log.publish(numbered)

    async def list_pending(self, run_id: str) -> Sequence[Target]:
        statement = (
            select(patrol_looks)
            .where(patrol_looks.c.run_id == run_id, patrol_looks.c.is_done.is_(False))
            .order_by(patrol_looks.c.position)
        )
        async with self._database.read() as connection:
            return [Target(TargetKind(row.kind), row.target, row.name) for row in await connection.execute(statement)]

    async def record(self, lease: Lease, recorded: RecordedLook, *, judge: Judge, write: WriteEntries) -> PatrolRun:
        target, is_sqlite = recorded.target, self._database.is_sqlite
        async with self._database.write() as connection:
            if not await self._mark_done(connection, lease.run_id, target):
                return _read_run(await self._read_row(connection, lease.run_id))
            known = await read_known(connection, target, is_sqlite=is_sqlite)
            changes = await write_changes(connection, judge(known), known=known, new_id=self._new_id)
            await write_look(
                connection,
                target,
                state=recorded.state,
                reason=recorded.reason,
                facts=None if recorded.look is None else recorded.look.facts,
                at=recorded.at,
                is_sqlite=is_sqlite,
            )
            await add_figures(connection, recorded.figures, at=recorded.at, is_sqlite=is_sqlite)
            run = await hold(connection, lease, **_count(recorded.state, changes))
            numbered = await add_entries(connection, write(run, changes, _count_open(known, changes)))
        self._log.publish(numbered)
        return run

    async def move(
        self, lease: Lease, *, phase: Phase, problem: str | None = None, entries: Sequence[Entry] = ()
    ) -> PatrolRun:
        async with self._database.write() as connection:
            values: dict[str, Any] = {"phase": phase.value}  # Any: column values
            if problem is not None:
                values["problem"] = problem
            run = await hold(connection, lease, **values)
            numbered = await add_entries(connection, entries)
        self._log.publish(numbered)
        return run

    async def finish(
        self, lease: Lease, *, state: RunState, at: datetime, write: Callable[[PatrolRun], Entry]
    ) -> PatrolRun:
        async with self._database.write() as connection:
            run = await hold(connection, lease, state=state.value, phase=Phase.DONE.value, finished_at=at)
            await connection.execute(delete(patrol_looks).where(patrol_looks.c.run_id == lease.run_id))
            numbered = await add_entries(connection, [write(run)])
        self._log.publish(numbered)
        return run

    async def request_cancel(self, run_id: str) -> PatrolRun:
        async with self._database.write() as connection:
            await connection.execute(
                update(patrol_runs)
                .where(patrol_runs.c.id == run_id, patrol_runs.c.state == _RUNNING)
                .values(is_cancel_requested=True)
            )
            return _read_run(await self._read_row(connection, run_id))

    async def find_run(self, run_id: str) -> PatrolRun:
        async with self._database.read() as connection:
            return _read_run(await self._read_row(connection, run_id))

    async def find_active(self) -> PatrolRun | None:
        async with self._database.read() as connection:
            return await _find_active(connection)

    async def list_runs(self, *, before: str | None, limit: int) -> Sequence[PatrolRun]:
        statement = select(patrol_runs).order_by(patrol_runs.c.seq.desc()).limit(limit)
        async with self._database.read() as connection:
            if before is not None:
                row = await self._read_row(connection, before)
                statement = statement.where(patrol_runs.c.seq < row.seq)
            return [_read_run(row) for row in await connection.execute(statement)]

    async def purge(self, *, older_than: datetime) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(patrol_entries).where(patrol_entries.c.at < older_than))
            await connection.execute(
                delete(patrol_runs).where(patrol_runs.c.state != _RUNNING, patrol_runs.c.started_at < older_than)
            )
            await connection.execute(
                delete(findings).where(findings.c.state == FindingState.CLOSED.value, findings.c.closed_at < older_than)
            )

    async def _close_gone(
        self, connection: AsyncConnection, targets: Sequence[Target], *, kinds: frozenset[TargetKind], at: datetime
    ) -> list[Change]:
        """End the findings of targets that are no longer listed."""
        present = {(target.kind.value, target.id) for target in targets}
        statement = select(findings).where(
            findings.c.state != FindingState.CLOSED.value, findings.c.target_kind.in_([kind.value for kind in kinds])
        )
        gone = [
            read_finding(row)
            for row in await connection.execute(statement)
            if (row.target_kind, row.target) not in present
        ]
        written: list[Change] = []
        for finding in gone[:_GONE_AT_ONCE]:
            known = {(finding.check, finding.subject): finding}
            change = close_gone_target(finding, now=at)
            written += await write_changes(connection, [change], known=known, new_id=self._new_id)
        return written

    async def _mark_done(self, connection: AsyncConnection, run_id: str, target: Target) -> bool:
        statement = (
            update(patrol_looks)
            .where(
                patrol_looks.c.run_id == run_id,
                patrol_looks.c.kind == target.kind.value,
                patrol_looks.c.target == target.id,
                patrol_looks.c.is_done.is_(False),
            )
            .values(is_done=True)
        )
        return (await connection.execute(statement)).rowcount > 0

    async def _read_row(self, connection: AsyncConnection, run_id: str) -> Row[Any]:  # Any: see rows.py
        row = (await connection.execute(select(patrol_runs).where(patrol_runs.c.id == run_id))).one_or_none()
        if row is None:
            raise NotFound(Text(en=f"There is no patrol {run_id!r}.", zh=f"没有巡检 {run_id!r}。"))
        return row


async def hold(connection: AsyncConnection, lease: Lease, **values: Any) -> PatrolRun:  # Any: column values
    """Write under the lease and renew it; raise LeaseLost, which rolls everything back."""
    statement = (
        update(patrol_runs)
        .where(
            patrol_runs.c.id == lease.run_id,
            patrol_runs.c.lease_number == lease.number,
            patrol_runs.c.state == _RUNNING,
        )
        .values(lease_until=lease.until, **values)
    )
    row = (await connection.execute(statement.returning(*patrol_runs.c))).one_or_none()
    if row is None:
        raise LeaseLost(lease.run_id)
    return _read_run(row)


def _count(state: LookState, changes: Sequence[Change]) -> dict[str, Any]:  # Any: column values
    """What one look adds to the numbers of its run."""
    kinds = Counter(event.kind for change in changes for event in change.events)
    added = {
        "looked": 1,
        "unknown": int(state is LookState.UNKNOWN),
        "unreachable": int(state is LookState.UNREACHABLE),
        "opened": kinds[FindingEventKind.OPENED],
        "worsened": kinds[FindingEventKind.WORSENED],
        "closed": kinds[FindingEventKind.CLOSED],
    }
    return {name: patrol_runs.c[name] + number for name, number in added.items() if number}


def _count_open(known: Mapping[FindingKey, Finding], changes: Sequence[Change]) -> int:
    """Open findings of a target after a look."""
    after = {**known, **{change.key: change.finding for change in changes}}
    return sum(finding is not None and finding.state is FindingState.OPEN for finding in after.values())


async def _find_active(connection: AsyncConnection) -> PatrolRun | None:
    statement = select(patrol_runs).where(patrol_runs.c.state == _RUNNING).order_by(patrol_runs.c.seq).limit(1)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _read_run(row)


async def _find_newest(connection: AsyncConnection) -> Row[Any] | None:  # Any: see rows.py
    return (await connection.execute(select(patrol_runs).order_by(patrol_runs.c.seq.desc()).limit(1))).one_or_none()


def _read_run(row: Row[Any]) -> PatrolRun:  # Any: see rows.py
    return PatrolRun(
        id=row.id,
        trigger=Trigger(row.trigger),
        started_by=row.started_by,
        state=RunState(row.state),
        phase=Phase(row.phase),
        started_at=as_utc(row.started_at),
        finished_at=None if row.finished_at is None else as_utc(row.finished_at),
        targets=row.targets,
        looked=row.looked,
        unknown=row.unknown,
        unreachable=row.unreachable,
        opened=row.opened,
        worsened=row.worsened,
        closed=row.closed,
        problem=row.problem,
        is_cancel_requested=row.is_cancel_requested,
    )
