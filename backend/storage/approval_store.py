"""Approvals in the database: the first answer wins, whoever asks at the same time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.agent.approvals import Approval, ApprovalState, Grant
from backend.features.chat.domain import Run
from backend.storage.database import Database
from backend.storage.grant_rows import delete_grants, list_grants, write_grant
from backend.storage.rows import read_approval
from backend.storage.run_store import insert_run
from backend.storage.session_store import session_not_found
from backend.storage.tables import approvals, runs, sessions
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import AlreadyDecided, Expired, InvalidInput, NotFound
from backend.vocabulary.language import Text

_LIST_LIMIT = 200
WITHDRAWN = "cancelled"
"""The reason of an approval that was taken back with its question."""


class SqlApprovalStore:
    """Implements the chat's ApprovalStore."""

    def __init__(self, database: Database, *, clock: Clock, new_id: Callable[[], str]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def get(self, approval_id: str) -> Approval:
        async with self._database.read() as connection:
            row = (await connection.execute(select(approvals).where(approvals.c.id == approval_id))).one_or_none()
        if row is None:
            raise NotFound(Text(en=f"No approval {approval_id!r}.", zh=f"没有审批 {approval_id!r}。"))
        return self._with_expiry(read_approval(row))

    async def list_page(self, *, state: ApprovalState | None, session_id: str | None) -> Sequence[Approval]:
        statement = select(approvals).order_by(approvals.c.created_at.desc()).limit(_LIST_LIMIT)
        now = self._clock.now()
        if state is ApprovalState.PENDING:
            statement = statement.where(approvals.c.state == "pending", approvals.c.expires_at > now)
        elif state is ApprovalState.EXPIRED:
            statement = statement.where(approvals.c.state == "pending", approvals.c.expires_at <= now)
        elif state is not None:
            statement = statement.where(approvals.c.state == state.value)
        if session_id is not None:
            statement = statement.where(approvals.c.session_id == session_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [self._with_expiry(read_approval(row)) for row in rows]

    async def decide(
        self,
        approval_id: str,
        *,
        approve: bool,
        decided_by: str,
        reason: str | None,
        at: datetime,
        for_session: bool = False,
    ) -> tuple[Approval, Run]:
        state = ApprovalState.APPROVED if approve else ApprovalState.REJECTED
        async with self._database.write() as connection:
            result = await connection.execute(
                update(approvals)
                .where(
                    approvals.c.id == approval_id,
                    approvals.c.state == ApprovalState.PENDING.value,
                    approvals.c.expires_at > at,
                )
                .values(state=state.value, decided_at=at, decided_by=decided_by, reason=reason)
            )
            row = (await connection.execute(select(approvals).where(approvals.c.id == approval_id))).one_or_none()
            if row is None:
                raise NotFound(Text(en=f"No approval {approval_id!r}.", zh=f"没有审批 {approval_id!r}。"))
            approval = read_approval(row)
            if result.rowcount == 0:
                raise self._explain_refusal(approval)
            if for_session:
                _check_rememberable(approval)
                await write_grant(connection, approval, granted_by=decided_by, at=at)
            return approval, await self._insert_next_run(connection, approval, at=at)

    async def withdraw(self, run_id: str, *, decided_by: str, at: datetime) -> Run | None:
        async with self._database.write() as connection:
            is_open = (
                approvals.c.run_id == run_id,
                approvals.c.state == ApprovalState.PENDING.value,
                approvals.c.expires_at > at,
            )
            row = (await connection.execute(select(approvals).where(*is_open).with_for_update())).one_or_none()
            if row is None:
                return None
            state = ApprovalState.REJECTED.value
            await connection.execute(
                update(approvals)
                .where(approvals.c.id == row.id)
                .values(state=state, decided_at=at, decided_by=decided_by, reason=WITHDRAWN)
            )
            run = await self._insert_next_run(connection, read_approval(row), at=at)
            await connection.execute(update(runs).where(runs.c.id == run.id).values(is_cancel_requested=True))
        return run

    async def list_grants(self, session_id: str) -> Sequence[Grant]:
        async with self._database.read() as connection:
            await _check_session(connection, session_id)
            return await list_grants(connection, session_id)

    async def revoke_grants(self, session_id: str, *, tool: str | None, remember_key: str | None) -> int:
        async with self._database.write() as connection:
            await _check_session(connection, session_id)
            return await delete_grants(connection, session_id, tool=tool, remember_key=remember_key)

    async def _insert_next_run(self, connection: AsyncConnection, approval: Approval, *, at: datetime) -> Run:
        return await insert_run(
            connection,
            run_id=self._new_id(),
            session_id=approval.session_id,
            turn_id=approval.turn_id,
            approval_id=approval.id,
            at=at,
        )

    def _with_expiry(self, approval: Approval) -> Approval:
        """An open question past its time has expired, without anybody having to write it down."""
        is_over = approval.state is ApprovalState.PENDING and not approval.is_open(now=self._clock.now())
        return replace(approval, state=ApprovalState.EXPIRED) if is_over else approval

    def _explain_refusal(self, approval: Approval) -> AlreadyDecided | Expired:
        if approval.state is ApprovalState.PENDING:
            return Expired(
                Text(en="This approval has expired; nothing was changed.", zh="该审批已过期，未做任何变更。"),
                hint=Text(en="Ask for the change again.", zh="请重新提出变更请求。"),
            )
        word = {"approved": "同意", "rejected": "拒绝"}[approval.state.value]
        return AlreadyDecided(
            Text(
                en=f"This approval was already {approval.state.value} by {approval.decided_by}.",
                zh=f"该审批已由 {approval.decided_by} {word}。",
            )
        )


def _check_rememberable(approval: Approval) -> None:
    if not approval.can_remember:
        raise InvalidInput(
            Text(
                en="This change cannot be approved for the whole session: its tool server names nothing that is safe "
                "to remember. Nothing was decided.",
                zh="该变更不能在整个会话内免审批：工具服务器没有说明哪些内容可以安全地记住。尚未作出任何决定。",
            ),
            hint=Text(en="Approve this one call.", zh="请只批准这一次调用。"),
        )


async def _check_session(connection: AsyncConnection, session_id: str) -> None:
    if await connection.scalar(select(sessions.c.id).where(sessions.c.id == session_id)) is None:
        raise session_not_found(session_id)
