"""Findings and their history as rows; the patrol and the people who act on findings share them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.features.hosts.domain import Target
from backend.features.patrol.domain import PATROL, Finding, FindingEvent, FindingState
from backend.features.patrol.lifecycle import Change, FindingKey
from backend.storage.tables import finding_events, findings

_findings = TypeAdapter(Finding)
_NOT_CLOSED = (FindingState.SUSPECTED.value, FindingState.OPEN.value)


def read_finding(row: Row[Any]) -> Finding:  # Any: see rows.py
    return _findings.validate_json(row.data)


async def read_known(connection: AsyncConnection, target: Target, *, is_sqlite: bool) -> dict[FindingKey, Finding]:
    """The findings of a target that are not closed, held until the transaction ends."""
    statement = select(findings).where(
        findings.c.target_kind == target.kind.value,
        findings.c.target == target.id,
        findings.c.state.in_(_NOT_CLOSED),
    )
    rows = await connection.execute(statement if is_sqlite else statement.with_for_update())
    known = [read_finding(row) for row in rows]
    return {(finding.check, finding.subject): finding for finding in known}


async def write_changes(
    connection: AsyncConnection,
    changes: Sequence[Change],
    *,
    known: dict[FindingKey, Finding],
    new_id: Callable[[], str],
) -> list[Change]:
    """Write what a look changed; the changes come back with the ids of new findings."""
    written: list[Change] = []
    for change in changes:
        before = known.get(change.key)
        if change.finding is None:
            if before is not None:
                await connection.execute(delete(findings).where(findings.c.id == before.id))
            continue
        finding = change.finding
        if before is None:
            finding = await _begin(connection, finding, new_id=new_id)
        elif finding != before:
            await update_finding(connection, finding)
        await add_events(connection, finding.id, change.events)
        written.append(Change(change.key, finding, change.events))
    return written


async def update_finding(connection: AsyncConnection, finding: Finding) -> None:
    statement = update(findings).where(findings.c.id == finding.id).values(**_write_row(finding))
    await connection.execute(statement)


async def add_events(connection: AsyncConnection, finding_id: str, events: Sequence[FindingEvent]) -> None:
    if events:
        await connection.execute(
            insert(finding_events),
            [
                {
                    "finding_id": finding_id,
                    "at": event.at,
                    "kind": event.kind.value,
                    "actor": event.actor,
                    "detail": event.detail,
                }
                for event in events
            ],
        )


async def _begin(connection: AsyncConnection, finding: Finding, *, new_id: Callable[[], str]) -> Finding:
    """A new episode; a silence of the one before that has not run out goes on."""
    before = await connection.scalar(
        select(findings.c.data)
        .where(
            findings.c.target_kind == finding.target.kind.value,
            findings.c.target == finding.target.id,
            findings.c.check_id == finding.check,
            findings.c.subject == finding.subject,
        )
        .order_by(findings.c.seq.desc())
        .limit(1)
    )
    silence = None if before is None else _findings.validate_json(before).silence
    if silence is not None and silence.until <= finding.first_seen_at:
        silence = None
    begun = replace(finding, id=new_id(), silence=silence)
    newest = await connection.scalar(select(func.max(findings.c.seq)))
    await connection.execute(
        insert(findings).values(
            id=begun.id,
            seq=(newest or 0) + 1,
            target_kind=begun.target.kind.value,
            target=begun.target.id,
            check_id=begun.check,
            subject=begun.subject,
            first_seen_at=begun.first_seen_at,
            **_write_row(begun),
        )
    )
    return begun


def _write_row(finding: Finding) -> dict[str, Any]:  # Any: column values
    return {
        "state": finding.state.value,
        "severity_rank": finding.severity.rank,
        "closed_at": finding.closed_at,
        "is_settled": _is_settled(finding),
        "data": _findings.dump_json(finding).decode(),
    }


def _is_settled(finding: Finding) -> bool:
    """Closed, and nobody is to be told of the end: never told of it, told already, or closed by a person."""
    if finding.state is not FindingState.CLOSED:
        return False
    return finding.announced is None or finding.is_recovery_announced or finding.closed_by != PATROL
