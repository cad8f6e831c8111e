"""Standing permissions of a session, as rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.agent.approvals import Approval, Grant
from backend.storage.rows import read_grant
from backend.storage.tables import grants


async def write_grant(connection: AsyncConnection, approval: Approval, *, granted_by: str, at: datetime) -> None:
    """Remember a yes under its key; a key that is remembered already stays with whoever gave it first."""
    key = {
        "session_id": approval.session_id,
        "server": approval.server,
        "tool": approval.tool,
        "remember_key": approval.remember_key,
    }
    known = await connection.execute(select(grants).filter_by(**key))
    if known.one_or_none() is None:
        await connection.execute(insert(grants).values(**key, granted_by=granted_by, created_at=at))


async def list_grants(connection: AsyncConnection, session_id: str) -> Sequence[Grant]:
    statement = select(grants).where(grants.c.session_id == session_id).order_by(grants.c.created_at)
    return [read_grant(row) for row in await connection.execute(statement)]


async def delete_grants(
    connection: AsyncConnection, session_id: str, *, tool: str | None, remember_key: str | None
) -> int:
    statement = delete(grants).where(grants.c.session_id == session_id)
    if tool is not None:
        statement = statement.where(grants.c.tool == tool)
    if remember_key is not None:
        statement = statement.where(grants.c.remember_key == remember_key)
    return (await connection.execute(statement)).rowcount
