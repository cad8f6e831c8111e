"""Approvals in the database: the first answer wins, whoever asks at the same time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update

from backend.agent.approvals import Approval, ApprovalState
from backend.features.chat.domain import Run
from backend.storage.database import Database
from backend.storage.rows import read_approval
from backend.storage.run_store import insert_run
from backend.storage.tables import approvals
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import AlreadyDecided, Expired, NotFound
from backend.vocabulary.language import Text

_LIST_LIMIT = 200


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
        self, approval_id: str, *, approve: bool, decided_by: str, reason: str | None, at: datetime
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
            run = await insert_run(
                connection,
                run_id=self._new_id(),
                session_id=approval.session_id,
                turn_id=approval.turn_id,
                approval_id=approval.id,
                at=at,
            )
        return approval, run

    def _with_expiry(self, approval: Approval) -> Approval:
        """An open question past its time has expired, without anybody having to write it down."""
        is_over = approval.state is ApprovalState.PENDING and not approval.is_open(now=self._clock.now())
        return replace(approval, state=ApprovalState.EXPIRED) if is_over else approval

    def _explain_refusal(self, approval: Approval) -> AlreadyDecided | Expired:
        if approval.state is ApprovalState.PENDING:
            return Expired(
                Text(en="This approval has expired; nothing was changed.", zh="该审批已过期,未做任何变更。"),
                hint=Text(en="Ask for the change again.", zh="请重新提出变更请求。"),
            )
        word = {"approved": "同意", "rejected": "拒绝"}[approval.state.value]
        return AlreadyDecided(
            Text(
                en=f"This approval was already {approval.state.value} by {approval.decided_by}.",
                zh=f"该审批已由 {approval.decided_by} {word}。",
            )
        )
