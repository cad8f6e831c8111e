"""Targets as last seen, and the series of their figures."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.features.hosts.domain import (
    Figure,
    HostLook,
    LookState,
    Point,
    SeriesKey,
    Target,
    TargetKind,
    WatchedTarget,
)
from backend.storage.database import Database, as_utc
from backend.storage.tables import hourly_points, points, series, watched_targets
from host_facts.domain import HostFacts

_HOUR = 3600
_MAX_POINTS = 20_000
_MAX_TARGETS = 5_000


class SqlFigureStore:
    """Implements the hosts' FigureStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_targets(self) -> Sequence[WatchedTarget]:
        statement = (
            select(watched_targets)
            .where(watched_targets.c.is_listed)
            .order_by(watched_targets.c.kind.desc(), watched_targets.c.name, watched_targets.c.id)
            .limit(_MAX_TARGETS)
        )
        async with self._database.read() as connection:
            return [_read_target(row) for row in await connection.execute(statement)]

    async def find_targets(self, targets: Sequence[Target]) -> Mapping[Target, WatchedTarget]:
        asked = {(target.kind, target.id): target for target in targets}
        statement = select(watched_targets).where(watched_targets.c.id.in_({target.id for target in targets}))
        async with self._database.read() as connection:
            found = [_read_target(row) for row in await connection.execute(statement)]
        return {
            asked[one.target.kind, one.target.id]: one for one in found if (one.target.kind, one.target.id) in asked
        }

    async def note_look(self, target: Target, look: HostLook, *, at: datetime, figures: Sequence[Figure]) -> None:
        async with self._database.write() as connection:
            await write_look(
                connection,
                target,
                state=look.state,
                reason=look.reason,
                facts=look.facts,
                at=at,
                is_sqlite=self._database.is_sqlite,
            )
            await add_figures(connection, figures, at=at, is_sqlite=self._database.is_sqlite)

    async def read_series(self, key: SeriesKey, *, since: datetime, until: datetime) -> Sequence[Point]:
        bounds = (int(since.timestamp()), int(until.timestamp()))
        async with self._database.read() as connection:
            number = await connection.scalar(select(series.c.id).where(*_is_key(key)))
            if number is None:
                return []
            hours = await connection.execute(
                select(hourly_points.c.at, hourly_points.c.mean)
                .where(hourly_points.c.series_id == number, hourly_points.c.at.between(*bounds))
                .order_by(hourly_points.c.at)
                .limit(_MAX_POINTS)
            )
            found = [_read_point(row.at, row.mean) for row in hours]
            singles = await connection.execute(
                select(points.c.at, points.c.value)
                .where(points.c.series_id == number, points.c.at.between(*bounds))
                .order_by(points.c.at.desc())
                .limit(_MAX_POINTS)
            )
            return found + [_read_point(row.at, row.value) for row in reversed(list(singles))]

    async def read_metric(
        self, target: Target, *, metric: str, since: datetime, until: datetime
    ) -> Mapping[SeriesKey, Sequence[Point]]:
        statement = (
            select(series.c.subject, points.c.at, points.c.value)
            .join(points, points.c.series_id == series.c.id)
            .where(
                series.c.target_kind == target.kind.value,
                series.c.target == target.id,
                series.c.metric == metric,
                points.c.at.between(int(since.timestamp()), int(until.timestamp())),
            )
            .order_by(points.c.at)
            .limit(_MAX_POINTS)
        )
        found: dict[SeriesKey, list[Point]] = {}
        async with self._database.read() as connection:
            for row in await connection.execute(statement):
                key = SeriesKey(target.kind, target.id, metric, row.subject)
                found.setdefault(key, []).append(_read_point(row.at, row.value))
        return found

    async def read_means(self, *, since: datetime, until: datetime) -> Mapping[SeriesKey, float]:
        statement = (
            select(series, func.avg(points.c.value).label("mean"))
            .join(points, points.c.series_id == series.c.id)
            .where(points.c.at.between(int(since.timestamp()), int(until.timestamp())))
            .group_by(series.c.id)
        )
        async with self._database.read() as connection:
            return {
                SeriesKey(TargetKind(row.target_kind), row.target, row.metric, row.subject): float(row.mean)
                for row in await connection.execute(statement)
            }

    async def list_series(self, target: Target) -> Sequence[SeriesKey]:
        statement = (
            select(series)
            .where(series.c.target_kind == target.kind.value, series.c.target == target.id)
            .order_by(series.c.metric, series.c.subject)
            .limit(500)
        )
        async with self._database.read() as connection:
            return [
                SeriesKey(TargetKind(row.target_kind), row.target, row.metric, row.subject)
                for row in await connection.execute(statement)
            ]

    async def roll_up(self, *, before: datetime, hourly_before: datetime) -> None:
        """Only whole hours are made, so that each is made once."""
        edge = int(before.timestamp()) // _HOUR * _HOUR
        async with self._database.write() as connection:
            await connection.execute(
                text(
                    "INSERT INTO hourly_points (series_id, at, mean, largest)"
                    " SELECT series_id, at / 3600 * 3600, AVG(value), MAX(value) FROM points"
                    " WHERE at < :edge GROUP BY series_id, at / 3600"
                    " ON CONFLICT (series_id, at) DO NOTHING"
                ),
                {"edge": edge},
            )
            await connection.execute(delete(points).where(points.c.at < edge))
            await connection.execute(delete(hourly_points).where(hourly_points.c.at < int(hourly_before.timestamp())))


async def write_look(
    connection: AsyncConnection,
    target: Target,
    *,
    state: LookState,
    reason: str,
    facts: HostFacts | None,
    at: datetime,
    is_sqlite: bool,
) -> None:
    """The newest look at a target; facts of an earlier one stay when this one could not read it."""
    changing = {"name": str(target), "is_listed": True, "state": state.value, "reason": reason, "looked_at": at}
    if state is LookState.READ:
        changing["read_at"] = at
        if facts is not None:
            changing["facts"] = facts.model_dump_json()
    insert_or_update = sqlite.insert if is_sqlite else postgresql.insert
    statement = insert_or_update(watched_targets).values(
        kind=target.kind.value, id=target.id, first_seen_at=at, **changing
    )
    await connection.execute(statement.on_conflict_do_update(index_elements=["kind", "id"], set_=changing))


async def mark_listed(connection: AsyncConnection, targets: Sequence[Target], *, kinds: frozenset[TargetKind]) -> None:
    """Of these kinds only these are listed from now on. A target gets its row with its first look."""
    present = {(target.kind.value, target.id) for target in targets}
    rows = await connection.execute(
        select(watched_targets.c.kind, watched_targets.c.id).where(
            watched_targets.c.kind.in_([kind.value for kind in kinds]), watched_targets.c.is_listed
        )
    )
    for row in rows.all():
        if (row.kind, row.id) not in present:
            await connection.execute(
                update(watched_targets)
                .where(watched_targets.c.kind == row.kind, watched_targets.c.id == row.id)
                .values(is_listed=False)
            )


async def add_figures(connection: AsyncConnection, figures: Sequence[Figure], *, at: datetime, is_sqlite: bool) -> None:
    """Append one value to each series; a second one of the same second replaces the first."""
    usable = [figure for figure in figures if math.isfinite(figure.value)]
    if not usable:
        return
    numbers = await _find_series(connection, [figure.key for figure in usable], is_sqlite=is_sqlite)
    insert_or_update = sqlite.insert if is_sqlite else postgresql.insert
    second = int(at.timestamp())
    rows = {numbers[figure.key]: figure.value for figure in usable}
    statement = insert_or_update(points).values(
        [{"series_id": number, "at": second, "value": value} for number, value in rows.items()]
    )
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["series_id", "at"], set_={"value": statement.excluded.value})
    )


async def _find_series(
    connection: AsyncConnection, keys: Sequence[SeriesKey], *, is_sqlite: bool
) -> dict[SeriesKey, int]:
    """The number of each series; new ones are made."""
    wanted = set(keys)
    known: dict[SeriesKey, int] = {}
    for kind, target in {(key.target_kind, key.target) for key in wanted}:
        statement = select(series).where(series.c.target_kind == kind.value, series.c.target == target)
        for row in await connection.execute(statement):
            known[SeriesKey(kind, target, row.metric, row.subject)] = row.id
    missing = [key for key in wanted if key not in known]
    if missing:
        rows = [
            {"target_kind": key.target_kind.value, "target": key.target, "metric": key.metric, "subject": key.subject}
            for key in missing
        ]
        insert_or_leave = sqlite.insert if is_sqlite else postgresql.insert
        await connection.execute(insert_or_leave(series).values(rows).on_conflict_do_nothing())
        return await _find_series(connection, keys, is_sqlite=is_sqlite)
    return {key: known[key] for key in wanted}


def _is_key(key: SeriesKey) -> tuple[Any, ...]:  # Any: conditions
    return (
        series.c.target_kind == key.target_kind.value,
        series.c.target == key.target,
        series.c.metric == key.metric,
        series.c.subject == key.subject,
    )


def _read_point(second: int, value: float) -> Point:
    return Point(datetime.fromtimestamp(second, UTC), value)


def _read_target(row: Row[Any]) -> WatchedTarget:  # Any: see rows.py
    return WatchedTarget(
        target=Target(TargetKind(row.kind), row.id, row.name),
        state=LookState(row.state),
        reason=row.reason,
        first_seen_at=as_utc(row.first_seen_at),
        looked_at=as_utc(row.looked_at),
        read_at=None if row.read_at is None else as_utc(row.read_at),
        facts=None if row.facts is None else _read_facts(row.facts),
    )


def _read_facts(stored: str) -> HostFacts | None:
    """None for facts in a form of an earlier release: the next look brings new ones."""
    try:
        return HostFacts.model_validate_json(stored)
    except ValueError:
        return None
