"""Writes events at the end of their runs' logs."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import orjson
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.agent import events as ev
from backend.agent.domain import Json
from backend.features.chat.domain import RunState
from backend.storage.group_commit import PendingAppend
from backend.storage.run_signals import StoredEvent
from backend.storage.tables import events, runs

Numbered: TypeAlias = list[tuple[PendingAppend, list[StoredEvent]]]


async def write_group(connection: AsyncConnection, group: Sequence[PendingAppend]) -> Numbered:
    """Write what belongs to runs that exist and return it; raise IntegrityError when another process was there."""
    heads = await _lock_runs(connection, [pending.run_id for pending in group])
    numbered = _number(group, heads=heads)
    rows = [
        {"run_id": pending.run_id, "seq": seq, "data": data} for pending, stored in numbered for seq, data in stored
    ]
    if rows:
        await connection.execute(insert(events), rows)
        await _note_heads(connection, numbered)
    return numbered


async def _lock_runs(connection: AsyncConnection, run_ids: Sequence[str]) -> dict[str, int]:
    """The newest numbers of the runs that exist; locked in one order, so that no two processes wait for each other."""
    statement = select(runs.c.id, runs.c.last_seq).where(runs.c.id.in_(run_ids)).order_by(runs.c.id).with_for_update()
    return {row.id: row.last_seq for row in await connection.execute(statement)}


def _number(group: Sequence[PendingAppend], *, heads: Mapping[str, int]) -> Numbered:
    newest = dict(heads)
    numbered: Numbered = []
    for pending in group:
        if pending.run_id in newest:
            first = newest[pending.run_id] + 1
            rows = [(seq, orjson.dumps(event).decode()) for seq, event in enumerate(pending.events, start=first)]
            newest[pending.run_id] += len(rows)
            numbered.append((pending, rows))
    return numbered


async def _note_heads(connection: AsyncConnection, numbered: Numbered) -> None:
    heads = {pending.run_id: stored[-1][0] for pending, stored in numbered if stored}
    statement = (
        update(runs)
        .where(runs.c.id == bindparam("run"))
        .values(last_seq=bindparam("head"), state=RunState.RUNNING.value)
    )
    await connection.execute(statement, [{"run": run_id, "head": head} for run_id, head in heads.items()])
    for pending, _stored in numbered:
        info = _find_run_info(pending.events)
        if info is not None:
            values = {"mode": info["mode"], "model": info["model"]}
            await connection.execute(update(runs).where(runs.c.id == pending.run_id).values(**values))


def _find_run_info(new_events: Sequence[ev.Event]) -> Json | None:
    found: Json | None = None
    for event in new_events:
        if event["type"] == "CUSTOM" and event["name"] == ev.RUN_INFO:
            found = event["value"]
    return found
