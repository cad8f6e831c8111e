"""What a person can do with sessions, runs and approvals."""

import logging
from collections.abc import AsyncGenerator, Sequence

from backend.agent.approvals import Approval, ApprovalState, Grant
from backend.agent.domain import Json
from backend.agent.interfaces import AuditTrail
from backend.agent.model_routing.named_models import DEFAULT_MODEL, ModelDirectory
from backend.features.chat.domain import (
    MAX_MESSAGE_BYTES,
    MAX_TITLE_LENGTH,
    Message,
    Page,
    Run,
    RunOutcome,
    Session,
)
from backend.features.chat.interfaces import ApprovalStore, RunExecutor, RunStore, SessionStore
from backend.features.chat.settings import ChatSettings
from backend.features.chat.transcript import read_messages
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import InvalidInput, Unavailable
from backend.vocabulary.language import Language, Text, detect_language

LOCAL_ACTOR = "local"
"""Who acts on a server without logins."""
_log = logging.getLogger(__name__)


class ChatService:
    """Starts turns, lets clients follow them, and takes decisions."""

    def __init__(
        self,
        *,
        sessions: SessionStore,
        runs: RunStore,
        approvals: ApprovalStore,
        executor: RunExecutor,
        models: ModelDirectory,
        audit: AuditTrail,
        clock: Clock,
        settings: ChatSettings,
    ) -> None:
        self.sessions = sessions
        self._runs = runs
        self._approvals = approvals
        self._executor = executor
        self._models = models
        self._audit = audit
        self._clock = clock
        self._settings = settings

    async def create_session(self, *, title: str = "", actor: str = LOCAL_ACTOR) -> Session:
        session = await self.sessions.create(title=_check_title(title))
        await self._record("session.created", actor=actor, subject=session.id, details={})
        self._executor.expect_work()
        return session

    async def rename_session(self, session_id: str, *, title: str) -> Session:
        checked = _check_title(title)
        if not checked:
            raise InvalidInput(Text(en="A title needs at least one character.", zh="标题至少需要一个字符。"))
        return await self.sessions.rename(session_id, title=checked)

    async def delete_session(self, session_id: str, *, actor: str = LOCAL_ACTOR) -> None:
        """Stop what is running in the session, then remove it with everything in it."""
        for run in await self._runs.list_active(session_id=session_id):
            await self.cancel_run(run.id)
        await self.sessions.delete(session_id)
        await self._record("session.deleted", actor=actor, subject=session_id, details={})

    async def list_sessions(self, *, query: str, cursor: str | None, limit: int | None) -> Page:
        self._executor.expect_work()
        return await self.sessions.list_page(
            query=query.strip(), cursor=cursor, limit=limit or self._settings.page_size
        )

    async def read_session(
        self, session_id: str, *, before: str | None, limit: int | None
    ) -> tuple[list[Message], str | None, Run | None]:
        """A page of the transcript (oldest first), the cursor to older turns, and the run that is at work."""
        self._executor.expect_work()
        turns, has_more = await self.sessions.list_turns(
            session_id, before=before, limit=limit or self._settings.page_size
        )
        messages = [message for turn in turns for message in read_messages(turn)]
        active = next((run for turn in turns for run in turn.runs if run.is_active), None)
        return messages, (turns[0].id if has_more else None), active

    async def read_whole_session(self, session_id: str) -> list[Message]:
        """Every message, oldest first, read page by page."""
        pages: list[list[Message]] = []
        before: str | None = None
        while True:
            messages, before, _active = await self.read_session(session_id, before=before, limit=None)
            pages.append(messages)
            if before is None:
                return [message for page in reversed(pages) for message in page]

    async def start_run(
        self,
        session_id: str,
        *,
        message: str,
        model: str | None,
        language: Language | None = None,
        asked_by: str = LOCAL_ACTOR,
    ) -> Run:
        """Write the question down and queue its run; the answer's language follows the question's."""
        _check_message(message)
        chosen = await self._choose_model(session_id, message=message, model=model)
        run = await self._runs.start_turn(
            session_id,
            message=message,
            asked_by=asked_by,
            language=_choose_answer_language(message, preferred=language),
            model=chosen,
        )
        await self._executor.enqueue(run)
        return run

    async def _choose_model(self, session_id: str, *, message: str, model: str | None) -> str | None:
        """What this message names, else what the session was last given, else None: the configured order."""
        choice = self._models.choose(message, model=model)
        name = await self._runs.find_session_model(session_id) if choice is None else choice.name
        return None if name is None or name == DEFAULT_MODEL or not self._models.knows(name) else name

    async def get_run(self, run_id: str) -> Run:
        return await self._runs.get(run_id)

    async def cancel_run(self, run_id: str, *, by: str = "local") -> Run:
        """Stop a run; one that waits for an approval takes its question back."""
        run = await self._runs.request_cancel(run_id)
        if run.is_active:
            self._executor.cancel(run_id)
        elif run.outcome is RunOutcome.INTERRUPTED:
            closing = await self._approvals.withdraw(run_id, decided_by=by, at=self._clock.now())
            if closing is not None:
                await self._executor.enqueue(closing)
        return run

    async def follow(self, run_id: str, *, after: int) -> AsyncGenerator[Sequence[tuple[int, str]]]:
        """Event batches after a sequence number, as they are written, until the run is over.

        An empty batch says that nothing happened for a while.
        """
        position = after
        while True:
            batch = await self._runs.read_log(run_id, after=position, limit=self._settings.event_batch)
            position = batch.events[-1][0] if batch.events else position
            if batch.events or not batch.is_over:
                yield batch.events
            if batch.is_over:
                return
            await self._runs.wait_for_events(run_id, after=position, timeout_seconds=self._settings.poll_seconds)

    async def list_approvals(self, *, state: ApprovalState | None, session_id: str | None) -> Sequence[Approval]:
        return await self._approvals.list_page(state=state, session_id=session_id)

    async def get_approval(self, approval_id: str) -> Approval:
        return await self._approvals.get(approval_id)

    async def decide(
        self, approval_id: str, *, approve: bool, decided_by: str, reason: str | None, for_session: bool = False
    ) -> tuple[Approval, Run]:
        """Take the first answer to an approval; the run that goes on is queued with it."""
        approval, run = await self._approvals.decide(
            approval_id,
            approve=approve,
            decided_by=decided_by,
            reason=reason,
            at=self._clock.now(),
            for_session=for_session,
        )
        await self._record(
            "approval.decided",
            actor=decided_by,
            subject=approval.tool,
            details={
                "approval_id": approval.id,
                "arguments_sha256": approval.arguments_sha256,
                "server": approval.server,
                "decision": approval.state.value,
                "for_session": for_session,
                "has_reason": reason is not None,
                "run_id": run.id,
                "session_id": approval.session_id,
            },
        )
        await self._executor.enqueue(run)
        return approval, run

    async def _record(self, action: str, *, actor: str, subject: str, details: Json) -> None:
        """What has happened stands even when the audit fails; a change is recorded again before it is sent."""
        try:
            await self._audit.record(action, actor=actor, subject=subject, details=details)
        except Unavailable:
            _log.exception("%s of %s by %s is not in the audit", action, subject, actor)

    async def list_grants(self, session_id: str) -> Sequence[Grant]:
        return await self._approvals.list_grants(session_id)

    async def revoke_grants(
        self, session_id: str, *, tool: str | None = None, remember_key: str | None = None, actor: str = LOCAL_ACTOR
    ) -> Sequence[Grant]:
        """Take grants back and return those that are left: from now on their calls ask again."""
        await self._approvals.revoke_grants(session_id, tool=tool, remember_key=remember_key)
        await self._record("grant.revoked", actor=actor, subject=session_id, details={"tool": tool})
        return await self._approvals.list_grants(session_id)

    async def resume_active_runs(self) -> int:
        """After a start: make sure that every run that is not over is executed; returns how many there are."""
        active = await self._runs.list_active()
        for run in active:
            await self._executor.enqueue(run)
        return len(active)


def _check_message(message: str) -> None:
    if not message.strip():
        raise InvalidInput(
            Text(en="The message is empty.", zh="消息为空。"),
            hint=Text(en="Write a question, then send it.", zh="请先输入问题再发送。"),
        )
    if len(message.encode()) > MAX_MESSAGE_BYTES:
        raise InvalidInput(
            Text(
                en=f"The message is longer than {MAX_MESSAGE_BYTES // 1024} kB.",
                zh=f"消息超过 {MAX_MESSAGE_BYTES // 1024} kB。",
            ),
            hint=Text(
                en="Ask a shorter question; let the robot read long logs itself.",
                zh="请缩短问题；较长的日志可以让机器人自己去读取。",
            ),
        )


def _check_title(title: str) -> str:
    cleaned = " ".join(title.split())
    if len(cleaned) > MAX_TITLE_LENGTH:
        raise InvalidInput(
            Text(en=f"A title has at most {MAX_TITLE_LENGTH} characters.", zh=f"标题最多 {MAX_TITLE_LENGTH} 个字符。")
        )
    return cleaned


def _choose_answer_language(message: str, *, preferred: Language | None) -> Language:
    detected = detect_language(message)
    has_letters = any(character.isalpha() for character in message)
    return detected if has_letters or preferred is None else preferred
