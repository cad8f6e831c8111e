"""The outbox in the database. One process at a time plans what goes out next, so that limits hold for all."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.features.notifications.domain import (
    ChannelPlan,
    Claim,
    Delivery,
    DeliveryState,
    Message,
    RobotState,
    SendOutcome,
    SendResult,
    from_json,
    to_json,
)
from backend.features.notifications.planning import (
    apply_to_delivery,
    apply_to_robot,
    choose_batch,
    find_next_moment,
)
from backend.storage.database import Database, as_utc
from backend.storage.tables import notification_robots, notification_sends, notifications

_READ_AT_ONCE = 200
"""Waiting messages that are looked at for one decision: the most urgent ones."""
_MINUTE = timedelta(minutes=1)


class SqlOutboxStore:
    """Implements the notifications' OutboxStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, messages: Sequence[tuple[str, Message]], *, at: datetime) -> int:
        async with self._database.write() as connection:
            return await add_messages(connection, messages, at=at, is_sqlite=self._database.is_sqlite)

    async def claim(self, plan: ChannelPlan, *, owner: str, at: datetime) -> Claim | datetime | None:
        async with self._database.write() as connection:
            await self._lock(connection)
            waiting = await _read_waiting(connection, plan.name, at=at)
            if not waiting:
                return None
            robots = await _read_robots(connection, plan.robots, at=at)
            batch = choose_batch(plan, waiting=waiting, robots=robots, now=at)
            if batch is None:
                return find_next_moment(plan, waiting=waiting, robots=robots, now=at)
            send_id = await _open_send(connection, plan.name, robot=batch.robot, owner=owner, at=at)
            ids = [delivery.id for delivery in batch.deliveries]
            await connection.execute(
                update(notifications)
                .where(notifications.c.id.in_(ids))
                .values(state=DeliveryState.SENDING.value, send_id=send_id)
            )
            return Claim(send_id=send_id, robot=batch.robot, deliveries=batch.deliveries)

    async def finish(self, claim: Claim, result: SendResult, *, plan: ChannelPlan, at: datetime, jitter: float) -> None:
        async with self._database.write() as connection:
            closed = await connection.execute(
                update(notification_sends)
                .where(notification_sends.c.id == claim.send_id, notification_sends.c.outcome.is_(None))
                .values(outcome=result.outcome.value)
            )
            if closed.rowcount == 0:
                # Given up as abandoned meanwhile: the messages wait again, marked as possibly sent.
                return
            robots = await _read_robots(connection, [claim.robot], at=at)
            await _write_robot(
                connection,
                apply_to_robot(robots[claim.robot], result, now=at, jitter=jitter),
                is_sqlite=self._database.is_sqlite,
            )
            for delivery in claim.deliveries:
                after = apply_to_delivery(delivery, result, plan=plan, robot=claim.robot, now=at, jitter=jitter)
                await connection.execute(
                    update(notifications)
                    .where(notifications.c.id == delivery.id, notifications.c.send_id == claim.send_id)
                    .values(**_write_progress(after))
                )

    async def release_abandoned(self, *, older_than: datetime, at: datetime, owner: str | None = None) -> int:
        is_abandoned = [notification_sends.c.outcome.is_(None), notification_sends.c.started_at <= older_than]
        if owner is not None:
            is_abandoned.append(notification_sends.c.owner == owner)
        async with self._database.read() as connection:
            if await connection.scalar(select(notification_sends.c.id).where(*is_abandoned).limit(1)) is None:
                return 0
        async with self._database.write() as connection:
            ids = list(await connection.scalars(select(notification_sends.c.id).where(*is_abandoned)))
            await connection.execute(
                update(notification_sends)
                .where(notification_sends.c.id.in_(ids))
                .values(outcome=SendOutcome.UNKNOWN.value)
            )
            released = await connection.execute(
                update(notifications)
                .where(notifications.c.send_id.in_(ids), notifications.c.state == DeliveryState.SENDING.value)
                .values(
                    state=DeliveryState.WAITING.value,
                    is_maybe_sent=True,
                    due_at=at,
                    error="the process ended while sending",
                )
            )
            return released.rowcount

    async def expire(self, *, older_than: datetime) -> int:
        is_old = (notifications.c.state == DeliveryState.WAITING.value, notifications.c.created_at < older_than)
        async with self._database.read() as connection:
            if await connection.scalar(select(notifications.c.id).where(*is_old).limit(1)) is None:
                return 0
        async with self._database.write() as connection:
            statement = update(notifications).where(*is_old).values(state=DeliveryState.EXPIRED.value)
            return (await connection.execute(statement)).rowcount

    async def retry_refused(self, *, channel: str, robots: Sequence[str], newer_than: datetime) -> int:
        async with self._database.write() as connection:
            await connection.execute(
                update(notification_robots).where(notification_robots.c.name.in_(list(robots))).values(is_refused=False)
            )
            again = await connection.execute(
                update(notifications)
                .where(
                    notifications.c.channel == channel,
                    notifications.c.state.in_([DeliveryState.REFUSED.value, DeliveryState.WAITING.value]),
                    notifications.c.refused_by != "",
                    notifications.c.created_at >= newer_than,
                )
                .values(state=DeliveryState.WAITING.value, refused_by="")
            )
            return again.rowcount

    async def purge(self, *, older_than: datetime) -> int:
        done = [DeliveryState.SENT.value, DeliveryState.EXPIRED.value, DeliveryState.REFUSED.value]
        async with self._database.write() as connection:
            await connection.execute(delete(notification_sends).where(notification_sends.c.started_at < older_than))
            statement = delete(notifications).where(
                notifications.c.created_at < older_than, notifications.c.state.in_(done)
            )
            return (await connection.execute(statement)).rowcount

    async def list_page(
        self, *, state: DeliveryState | None, channel: str | None, before: int | None, limit: int
    ) -> Sequence[Delivery]:
        statement = select(notifications).order_by(notifications.c.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(notifications.c.state == state.value)
        if channel is not None:
            statement = statement.where(notifications.c.channel == channel)
        if before is not None:
            statement = statement.where(notifications.c.id < before)
        async with self._database.read() as connection:
            return [_read_delivery(row) for row in await connection.execute(statement)]

    async def find_by_key(self, key: str) -> Sequence[Delivery]:
        statement = select(notifications).where(notifications.c.key == key).order_by(notifications.c.id)
        async with self._database.read() as connection:
            return [_read_delivery(row) for row in await connection.execute(statement)]

    async def count(self, channel: str) -> tuple[int, int, datetime | None]:
        counts = (
            select(notifications.c.state, func.count().label("number"), func.max(notifications.c.sent_at).label("last"))
            .where(notifications.c.channel == channel)
            .group_by(notifications.c.state)
        )
        async with self._database.read() as connection:
            rows = {row.state: row for row in await connection.execute(counts)}
        waiting = sum(rows[state].number for state in ("waiting", "sending") if state in rows)
        last = rows["sent"].last if "sent" in rows else None
        return waiting, rows["refused"].number if "refused" in rows else 0, None if last is None else as_utc(last)

    async def read_robots(self, channel: str, names: Sequence[str], *, at: datetime) -> Sequence[RobotState]:
        async with self._database.read() as connection:
            robots = await _read_robots(connection, names, at=at)
        return [robots[name] for name in names]

    async def _lock(self, connection: AsyncConnection) -> None:
        """SQLite's writers queue as they begin; PostgreSQL's would plan with the same room in the minute."""
        if not self._database.is_sqlite:
            await connection.execute(text("LOCK TABLE notification_sends IN SHARE ROW EXCLUSIVE MODE"))


async def add_messages(
    connection: AsyncConnection, messages: Iterable[tuple[str, Message]], *, at: datetime, is_sqlite: bool
) -> int:
    """Put channel and message pairs into the outbox, in the caller's transaction; returns how many are new."""
    insert_or_leave = sqlite.insert if is_sqlite else postgresql.insert
    added = 0
    for channel, message in messages:
        values = {
            "channel": channel,
            "key": message.key,
            "severity_rank": message.severity.rank,
            "message": to_json(message),
            "state": DeliveryState.WAITING.value,
            "created_at": at,
            "due_at": at,
            "attempts": 0,
            "is_maybe_sent": False,
            "refused_by": "",
        }
        statement = insert_or_leave(notifications).values(**values).on_conflict_do_nothing()
        added += await connection.scalar(statement.returning(notifications.c.id)) is not None
    return added


async def _open_send(connection: AsyncConnection, channel: str, *, robot: str, owner: str, at: datetime) -> int:
    statement = insert(notification_sends).values(channel=channel, robot=robot, owner=owner, started_at=at)
    key = (await connection.execute(statement)).inserted_primary_key
    assert key is not None  # noqa: S101  # the table has a generated key
    return int(key[0])


async def _read_waiting(connection: AsyncConnection, channel: str, *, at: datetime) -> list[Delivery]:
    statement = (
        select(notifications)
        .where(notifications.c.channel == channel, notifications.c.state == DeliveryState.WAITING.value)
        .order_by(
            case((notifications.c.due_at <= at, 0), else_=1), notifications.c.severity_rank.desc(), notifications.c.id
        )
        .limit(_READ_AT_ONCE)
    )
    return [_read_delivery(row) for row in await connection.execute(statement)]


async def _read_robots(connection: AsyncConnection, names: Sequence[str], *, at: datetime) -> Mapping[str, RobotState]:
    known = {
        row.name: row
        for row in await connection.execute(select(notification_robots).where(notification_robots.c.name.in_(names)))
    }
    recent = select(notification_sends.c.robot, notification_sends.c.started_at).where(
        notification_sends.c.robot.in_(names), notification_sends.c.started_at > at - _MINUTE
    )
    sent: dict[str, list[datetime]] = {name: [] for name in names}
    for row in await connection.execute(recent.order_by(notification_sends.c.started_at)):
        sent[row.robot].append(as_utc(row.started_at))
    return {name: _read_robot(name, row=known.get(name), sent_at=tuple(sent[name])) for name in names}


def _read_robot(name: str, *, row: Row[Any] | None, sent_at: tuple[datetime, ...]) -> RobotState:  # Any: see rows.py
    if row is None:
        return RobotState(name, sent_at=sent_at)
    return RobotState(
        name=name,
        stopped_until=None if row.stopped_until is None else as_utc(row.stopped_until),
        is_refused=row.is_refused,
        failures=row.failures,
        detail=row.detail,
        sent_at=sent_at,
    )


async def _write_robot(connection: AsyncConnection, robot: RobotState, *, is_sqlite: bool) -> None:
    values = {
        "stopped_until": robot.stopped_until,
        "is_refused": robot.is_refused,
        "failures": robot.failures,
        "detail": robot.detail,
    }
    insert_or_update = sqlite.insert if is_sqlite else postgresql.insert
    statement = insert_or_update(notification_robots).values(name=robot.name, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def _write_progress(delivery: Delivery) -> dict[str, Any]:  # Any: column values
    return {
        "state": delivery.state.value,
        "due_at": delivery.due_at,
        "attempts": delivery.attempts,
        "is_maybe_sent": delivery.is_maybe_sent,
        "refused_by": json.dumps(sorted(delivery.refused_by)) if delivery.refused_by else "",
        "error": delivery.error,
        "sent_at": delivery.sent_at,
    }


def _read_delivery(row: Row[Any]) -> Delivery:  # Any: see rows.py
    return Delivery(
        id=row.id,
        channel=row.channel,
        message=from_json(row.message),
        state=DeliveryState(row.state),
        created_at=as_utc(row.created_at),
        due_at=as_utc(row.due_at),
        attempts=row.attempts,
        is_maybe_sent=row.is_maybe_sent,
        refused_by=frozenset(json.loads(row.refused_by) if row.refused_by else ()),
        error=row.error,
        sent_at=None if row.sent_at is None else as_utc(row.sent_at),
    )
