"""Runs in the database: their states, and the event log that everything else is read from."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, func, insert, not_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.agent.approvals import Approval, Grant
from backend.agent.domain import HistoryMessage, UserMessage
from backend.agent.events import Event
from backend.agent.interfaces import RunContext, Telemetry
from backend.agent.loop import read_turn_messages
from backend.agent.progress import read_progress
from backend.agent.telemetry import NoTelemetry
from backend.features.chat.domain import ACTIVE_STATES, LogSlice, Run, RunOutcome, RunState, write_title
from backend.features.chat.transcript import read_plain_text
from backend.storage.database import Database
from backend.storage.group_commit import GroupCommit, PendingAppend, Take
from backend.storage.log_writing import write_group
from backend.storage.rows import read_approval, read_grant, read_run
from backend.storage.run_signals import RunSignals, StoredEvent
from backend.storage.session_store import read_turns, session_not_found
from backend.storage.tables import approvals, events, grants, runs, sessions, texts, turns
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import Failure, NotFound
from backend.vocabulary.language import Language, Text


class LogConflict(Exception):
    """Another process writes this run's log; this one must stop."""


class SqlRunStore:
    """Implements the chat's RunStore and the agent's RunJournal."""

    def __init__(
        self,
        database: Database,
        *,
        signals: RunSignals,
        clock: Clock,
        new_id: Callable[[], str],
        history_turns: int,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._database = database
        self._signals = signals
        self._clock = clock
        self._new_id = new_id
        self._history_turns = history_turns
        self._telemetry = telemetry or NoTelemetry()
        self._appends = GroupCommit(self._append_group)
        self._histories: dict[str, tuple[HistoryMessage, ...]] = {}
        """Earlier turns per run at work: they do not change while it runs."""

    async def start_turn(
        self, session_id: str, *, message: str, language: Language, model: str | None, asked_by: str | None = None
    ) -> Run:
        now = self._clock.now()
        async with self._database.write() as connection:
            session = (
                await connection.execute(select(sessions).where(sessions.c.id == session_id).with_for_update())
            ).one_or_none()
            if session is None:
                raise session_not_found(session_id)
            turn_id = self._new_id()
            newest = await connection.scalar(select(func.max(turns.c.position)).where(turns.c.session_id == session_id))
            await connection.execute(
                insert(turns).values(
                    id=turn_id,
                    session_id=session_id,
                    position=(newest or 0) + 1,
                    message=message,
                    language=language.value,
                    model=model,
                    created_at=now,
                    asked_by=asked_by,
                )
            )
            await _write_text(connection, turn_id=turn_id, session_id=session_id, role="user", text=message)
            await connection.execute(
                update(sessions)
                .where(sessions.c.id == session_id)
                .values(
                    title=session.title or write_title(message),
                    updated_at=now,
                    message_count=sessions.c.message_count + 1,
                )
            )
            return await insert_run(
                connection, run_id=self._new_id(), session_id=session_id, turn_id=turn_id, approval_id=None, at=now
            )

    async def find_session_model(self, session_id: str) -> str | None:
        has_own = func.lower(func.ltrim(turns.c.message)).startswith(func.lower("@" + turns.c.model))
        statement = (
            select(turns.c.model)
            .where(turns.c.session_id == session_id, or_(turns.c.model.is_(None), not_(has_own)))
            .order_by(turns.c.position.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            return cast("str | None", await connection.scalar(statement))

    async def get(self, run_id: str) -> Run:
        return await asyncio.shield(self._get(run_id))

    async def _get(self, run_id: str) -> Run:
        async with self._database.read() as connection:
            return read_run(await _get_row(connection, run_id))

    async def request_cancel(self, run_id: str) -> Run:
        async with self._database.write() as connection:
            await connection.execute(
                update(runs)
                .where(runs.c.id == run_id, runs.c.state.in_(ACTIVE_STATES))
                .values(is_cancel_requested=True)
            )
            return read_run(await _get_row(connection, run_id))

    async def list_active(self, *, session_id: str | None = None) -> list[Run]:
        statement = select(runs).where(runs.c.state.in_(ACTIVE_STATES)).order_by(runs.c.created_at)
        if session_id is not None:
            statement = statement.where(runs.c.session_id == session_id)
        async with self._database.read() as connection:
            return [read_run(row) for row in await connection.execute(statement)]

    async def read_log(self, run_id: str, *, after: int, limit: int) -> LogSlice:
        tail = self._signals.find_tail(run_id)
        newest = None if tail is None else tail.read(after=after, limit=limit)
        if tail is not None and newest is not None and (newest or tail.is_over):
            return LogSlice(events=newest, is_over=tail.is_over and after + len(newest) == tail.last_seq)
        # A follower that hangs up cancels this; a query cut in half would cost its connection.
        return await asyncio.shield(self._read_log(run_id, after=after, limit=limit))

    async def _read_log(self, run_id: str, *, after: int, limit: int) -> LogSlice:
        statement = (
            select(events.c.seq, events.c.data)
            .where(events.c.run_id == run_id, events.c.seq > after)
            .order_by(events.c.seq)
            .limit(limit)
        )
        async with self._database.read() as connection:
            # The state first: of a run that is over, all events are there.
            run = read_run(await _get_row(connection, run_id))
            found = [(row.seq, row.data) for row in await connection.execute(statement)]
        newest = found[-1][0] if found else after
        return LogSlice(events=found, is_over=not run.is_active and newest >= run.last_seq)

    async def wait_for_events(self, run_id: str, *, after: int, timeout_seconds: float) -> None:
        await self._signals.wait(run_id, after=after, timeout_seconds=timeout_seconds)

    async def load(self, run_id: str) -> RunContext:
        async with self._database.read() as connection:
            row = await _get_row(connection, run_id)
            turn = (await connection.execute(select(turns).where(turns.c.id == row.turn_id))).one()
            if run_id not in self._histories:
                self._histories[run_id] = await self._read_history(connection, turn)
        return RunContext(
            run_id=run_id,
            session_id=row.session_id,
            turn_id=row.turn_id,
            message=turn.message,
            language=Language(turn.language),
            history=self._histories[run_id],
            is_cancel_requested=row.is_cancel_requested,
            model=turn.model,
            asked_by=turn.asked_by,
        )

    async def read_turn(self, turn_id: str) -> list[Event]:
        statement = (
            select(events.c.data)
            .join(runs, runs.c.id == events.c.run_id)
            .where(runs.c.turn_id == turn_id)
            .order_by(runs.c.position, events.c.seq)
        )
        async with self._database.read() as connection:
            return [json.loads(data) for data in await connection.scalars(statement)]

    async def append(self, run_id: str, new_events: Sequence[Event]) -> None:
        started = time.perf_counter()
        await self._appends.append(run_id, new_events)
        self._telemetry.events_appended(len(new_events), seconds=time.perf_counter() - started)

    async def _append_group(self, take: Take) -> None:
        """Append what several runs wrote, in one transaction; only if that fails, each in its own."""
        group: list[PendingAppend] = []
        try:
            async with self._database.write() as connection:
                group = take()
                numbered = await write_group(connection, group)
        except IntegrityError:
            for pending in group:
                await self._append_alone(pending)
            return
        for pending, stored in numbered:
            self._signals.publish(pending.run_id, stored)
            pending.succeed()
        for pending in group:
            pending.fail(_run_not_found(pending.run_id))

    async def _append_alone(self, pending: PendingAppend) -> None:
        try:
            async with self._database.write() as connection:
                stored = await self._append(connection, pending.run_id, pending.events)
        except (LogConflict, NotFound) as error:
            pending.fail(error)
        else:
            self._signals.publish(pending.run_id, stored)
            pending.succeed()

    async def finish(self, run_id: str, new_events: Sequence[Event], *, outcome: str, failure: Failure | None) -> None:
        state = RunState.FINISHED if failure is None else RunState.FAILED
        async with self._database.write() as connection:
            stored = await self._append(connection, run_id, new_events)
            await self._close(
                connection,
                run_id,
                values={
                    "state": state,
                    "outcome": None if failure is not None else RunOutcome(outcome),
                    "failure_kind": None if failure is None else failure.kind.value,
                },
            )
        self._histories.pop(run_id, None)
        self._signals.publish(run_id, stored, is_over=True)

    async def interrupt(self, approval: Approval, new_events: Sequence[Event]) -> None:
        async with self._database.write() as connection:
            await connection.execute(insert(approvals).values(**_approval_values(approval)))
            stored = await self._append(connection, approval.run_id, new_events)
            await self._close(
                connection,
                approval.run_id,
                values={"state": RunState.FINISHED, "outcome": RunOutcome.INTERRUPTED},
            )
        self._histories.pop(approval.run_id, None)
        self._signals.publish(approval.run_id, stored, is_over=True)

    async def find_decided_approval(self, run_id: str) -> Approval | None:
        statement = select(approvals).join(runs, runs.c.approval_id == approvals.c.id).where(runs.c.id == run_id)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else read_approval(row)

    async def find_approval(self, approval_id: str) -> Approval | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(approvals).where(approvals.c.id == approval_id))).one_or_none()
        return None if row is None else read_approval(row)

    async def find_grant(self, *, session_id: str, server: str, tool: str, remember_key: str) -> Grant | None:
        statement = select(grants).where(
            grants.c.session_id == session_id,
            grants.c.server == server,
            grants.c.tool == tool,
            grants.c.remember_key == remember_key,
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else read_grant(row)

    async def add_remembered(self, approval: Approval, new_events: Sequence[Event]) -> None:
        async with self._database.write() as connection:
            await connection.execute(insert(approvals).values(**_approval_values(approval)))
            stored = await self._append(connection, approval.run_id, new_events)
        self._signals.publish(approval.run_id, stored)

    async def claim_approval(self, approval_id: str, *, at: datetime) -> bool:
        async with self._database.write() as connection:
            result = await connection.execute(
                update(approvals)
                .where(approvals.c.id == approval_id, approvals.c.claimed_at.is_(None), approvals.c.state == "approved")
                .values(claimed_at=at)
            )
        return result.rowcount == 1

    async def _read_history(self, connection: AsyncConnection, turn: Row[Any]) -> tuple[HistoryMessage, ...]:
        # Any: see rows.py
        earlier = await connection.execute(
            select(turns)
            .where(turns.c.session_id == turn.session_id, turns.c.position < turn.position)
            .order_by(turns.c.position.desc())
            .limit(self._history_turns)
        )
        history: list[HistoryMessage] = []
        for record in await read_turns(connection, earlier.all()[::-1]):
            history.append(UserMessage(text=record.message))
            history.extend(read_turn_messages(read_progress(record.events)))
        return tuple(history)

    async def _append(self, connection: AsyncConnection, run_id: str, new_events: Sequence[Event]) -> list[StoredEvent]:
        try:
            numbered = await write_group(connection, [PendingAppend(run_id=run_id, events=new_events)])
        except IntegrityError as error:
            raise LogConflict(run_id) from error
        if not numbered:
            raise _run_not_found(run_id)
        return numbered[0][1]

    async def _close(self, connection: AsyncConnection, run_id: str, *, values: dict[str, Any]) -> None:
        # Any: column values
        now = self._clock.now()
        await connection.execute(update(runs).where(runs.c.id == run_id).values(finished_at=now, **values))
        run = await _get_row(connection, run_id)
        statement = (
            select(events.c.data)
            .join(runs, runs.c.id == events.c.run_id)
            .where(runs.c.turn_id == run.turn_id)
            .order_by(runs.c.position, events.c.seq)
        )
        log = [json.loads(data) for data in await connection.scalars(statement)]
        is_new = await _write_text(
            connection,
            turn_id=run.turn_id,
            session_id=run.session_id,
            role="assistant",
            text=read_plain_text(log),
        )
        await connection.execute(
            update(sessions)
            .where(sessions.c.id == run.session_id)
            .values(updated_at=now, message_count=sessions.c.message_count + int(is_new))
        )


async def insert_run(
    connection: AsyncConnection, *, run_id: str, session_id: str, turn_id: str, approval_id: str | None, at: datetime
) -> Run:
    """Write a queued run at the end of its turn."""
    newest = await connection.scalar(select(func.max(runs.c.position)).where(runs.c.turn_id == turn_id))
    await connection.execute(
        insert(runs).values(
            id=run_id,
            session_id=session_id,
            turn_id=turn_id,
            position=(newest or 0) + 1,
            approval_id=approval_id,
            state=RunState.QUEUED,
            is_cancel_requested=False,
            last_seq=0,
            created_at=at,
        )
    )
    return read_run(await _get_row(connection, run_id))


async def _get_row(connection: AsyncConnection, run_id: str) -> Row[Any]:  # Any: see rows.py
    row = (await connection.execute(select(runs).where(runs.c.id == run_id))).one_or_none()
    if row is None:
        raise _run_not_found(run_id)
    return row


async def _write_text(connection: AsyncConnection, *, turn_id: str, session_id: str, role: str, text: str) -> bool:
    """Write what was said, for search; True when it is new and not a longer form of an earlier text."""
    result = await connection.execute(
        update(texts).where(texts.c.turn_id == turn_id, texts.c.role == role).values(text=text)
    )
    if result.rowcount:
        return False
    await connection.execute(insert(texts).values(turn_id=turn_id, session_id=session_id, role=role, text=text))
    return True


def _approval_values(approval: Approval) -> dict[str, Any]:  # Any: column values
    return {
        "id": approval.id,
        "session_id": approval.session_id,
        "turn_id": approval.turn_id,
        "run_id": approval.run_id,
        "tool_call_id": approval.tool_call_id,
        "tool": approval.tool,
        "server": approval.server,
        "arguments": json.dumps(approval.arguments, ensure_ascii=False),
        "arguments_sha256": approval.arguments_sha256,
        "risk": approval.risk.value,
        "question": approval.question,
        "resume_state": None if approval.resume_state is None else json.dumps(approval.resume_state),
        "state": approval.state.value,
        "created_at": approval.created_at,
        "expires_at": approval.expires_at,
        "decided_at": approval.decided_at,
        "decided_by": approval.decided_by,
        "remember_key": approval.remember_key,
        "preview": None if approval.preview is None else json.dumps(approval.preview, ensure_ascii=False),
    }


def _run_not_found(run_id: str) -> NotFound:
    return NotFound(Text(en=f"No run {run_id!r}.", zh=f"没有运行记录 {run_id!r}。"))
