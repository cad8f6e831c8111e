"""Sessions in the database: list, search, rename, delete, and a session's turns."""

import base64
import binascii
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.features.chat.domain import ACTIVE_STATES, Page, Run, Session, TurnRecord
from backend.storage.database import Database, as_utc
from backend.storage.rows import read_run
from backend.storage.tables import events, runs, sessions, texts, turns
from backend.storage.text_search import contains, find_sessions
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import InvalidInput, NotFound
from backend.vocabulary.language import Text

_SNIPPET_RADIUS = 40


class SqlSessionStore:
    """Implements the chat's SessionStore."""

    def __init__(self, database: Database, *, clock: Clock, new_id: Callable[[], str]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def create(self, *, title: str) -> Session:
        now = self._clock.now()
        session = Session(id=self._new_id(), title=title, created_at=now, updated_at=now, message_count=0)
        async with self._database.write() as connection:
            await connection.execute(
                insert(sessions).values(id=session.id, title=title, created_at=now, updated_at=now, message_count=0)
            )
        return session

    async def get(self, session_id: str) -> Session:
        async with self._database.read() as connection:
            row = (await connection.execute(_select_sessions().where(sessions.c.id == session_id))).one_or_none()
        if row is None:
            raise session_not_found(session_id)
        return _read_session(row)

    async def list_page(self, *, query: str, cursor: str | None, limit: int) -> Page:
        statement = _select_sessions().order_by(sessions.c.updated_at.desc(), sessions.c.id.desc()).limit(limit + 1)
        if cursor is not None:
            moment, session_id = _read_cursor(cursor)
            statement = statement.where(
                or_(
                    sessions.c.updated_at < moment,
                    (sessions.c.updated_at == moment) & (sessions.c.id < session_id),
                )
            )
        async with self._database.read() as connection:
            if query:
                statement = statement.where(await find_sessions(connection, query))
            rows = (await connection.execute(statement)).all()
            snippets = await _find_snippets(connection, rows[:limit], query=query) if query else {}
        items = [_read_session(row, snippet=snippets.get(row.id)) for row in rows[:limit]]
        next_cursor = _write_cursor(items[-1]) if len(rows) > limit else None
        return Page(items=items, next_cursor=next_cursor)

    async def rename(self, session_id: str, *, title: str) -> Session:
        async with self._database.write() as connection:
            result = await connection.execute(update(sessions).where(sessions.c.id == session_id).values(title=title))
        if result.rowcount == 0:
            raise session_not_found(session_id)
        return await self.get(session_id)

    async def delete(self, session_id: str) -> None:
        async with self._database.write() as connection:
            result = await connection.execute(delete(sessions).where(sessions.c.id == session_id))
        if result.rowcount == 0:
            raise session_not_found(session_id)

    async def list_turns(self, session_id: str, *, before: str | None, limit: int) -> tuple[list[TurnRecord], bool]:
        async with self._database.read() as connection:
            exists = select(sessions.c.id).where(sessions.c.id == session_id)
            if (await connection.execute(exists)).one_or_none() is None:
                raise session_not_found(session_id)
            statement = (
                select(turns).where(turns.c.session_id == session_id).order_by(turns.c.position.desc()).limit(limit + 1)
            )
            if before is not None:
                position = select(turns.c.position).where(turns.c.id == before, turns.c.session_id == session_id)
                if (await connection.execute(position)).one_or_none() is None:
                    raise InvalidInput(
                        Text(en=f"No turn {before!r} in this session.", zh=f"本会话中没有轮次 {before!r}。")
                    )
                statement = statement.where(turns.c.position < position.scalar_subquery())
            rows = (await connection.execute(statement)).all()
            records = await read_turns(connection, rows[:limit][::-1])
        return records, len(rows) > limit


async def read_turns(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[TurnRecord]:  # Any: see rows.py
    """Complete turn rows with their runs and events, in two queries for all of them."""
    turn_ids = [row.id for row in rows]
    runs_by_turn: defaultdict[str, list[Run]] = defaultdict(list)
    found_runs = await connection.execute(
        select(runs).where(runs.c.turn_id.in_(turn_ids)).order_by(runs.c.turn_id, runs.c.position)
    )
    for run in map(read_run, found_runs):
        runs_by_turn[run.turn_id].append(run)
    events_by_turn: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)  # Any: JSON
    found_events = await connection.execute(
        select(runs.c.turn_id, events.c.data)
        .join(events, events.c.run_id == runs.c.id)
        .where(runs.c.turn_id.in_(turn_ids))
        .order_by(runs.c.turn_id, runs.c.position, events.c.seq)
    )
    for turn_id, data in found_events:
        events_by_turn[turn_id].append(json.loads(data))
    return [
        TurnRecord(
            id=row.id,
            message=row.message,
            created_at=as_utc(row.created_at),
            runs=runs_by_turn[row.id],
            events=events_by_turn[row.id],
        )
        for row in rows
    ]


def session_not_found(session_id: str) -> NotFound:
    return NotFound(
        Text(en=f"No session {session_id!r}.", zh=f"没有会话 {session_id!r}。"),
        hint=Text(en="It may have been deleted; choose one from the list.", zh="它可能已被删除，请从列表中选择。"),
    )


def _select_sessions() -> Select[Any]:  # Any: see rows.py
    active = (
        select(func.max(runs.c.id))
        .where(runs.c.session_id == sessions.c.id, runs.c.state.in_(ACTIVE_STATES))
        .correlate(sessions)
        .scalar_subquery()
    )
    return select(sessions, active.label("active_run_id"))


def _read_session(row: Row[Any], *, snippet: str | None = None) -> Session:  # Any: see rows.py
    return Session(
        id=row.id,
        title=row.title,
        created_at=as_utc(row.created_at),
        updated_at=as_utc(row.updated_at),
        message_count=row.message_count,
        active_run_id=row.active_run_id,
        snippet=snippet,
    )


async def _find_snippets(
    connection: AsyncConnection,
    rows: Sequence[Row[Any]],  # Any: see rows.py
    *,
    query: str,
) -> dict[str, str]:
    found = await connection.execute(
        select(texts.c.session_id, texts.c.text).where(
            texts.c.session_id.in_([row.id for row in rows]), contains(connection, texts.c.text, query)
        )
    )
    snippets: dict[str, str] = {}
    for session_id, text in found:
        snippets.setdefault(session_id, _cut_snippet(text, query=query))
    return snippets


def _cut_snippet(text: str, *, query: str) -> str:
    position = max(text.lower().find(query.lower()), 0)
    start, end = max(position - _SNIPPET_RADIUS, 0), position + len(query) + _SNIPPET_RADIUS
    cut = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{cut}{'…' if end < len(text) else ''}"


def _write_cursor(session: Session) -> str:
    return base64.urlsafe_b64encode(f"{session.updated_at.isoformat()}|{session.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        moment, _, session_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return datetime.fromisoformat(moment), session_id
    except (ValueError, binascii.Error) as error:
        raise InvalidInput(
            Text(en="The cursor is not one that this list gave out.", zh="该游标不是由此列表给出的。"),
            hint=Text(en="Start again without a cursor.", zh="请去掉游标重新开始。"),
        ) from error
