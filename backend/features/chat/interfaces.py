"""What the chat needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from backend.agent.approvals import Approval, ApprovalState, Grant
from backend.features.chat.domain import LogSlice, Page, Run, Session, TurnRecord
from backend.vocabulary.language import Language


class SessionStore(Protocol):
    """Saved chats. Every method that names a session raises NotFound when it does not exist."""

    async def create(self, *, title: str) -> Session: ...

    async def get(self, session_id: str) -> Session: ...

    async def list_page(self, *, query: str, cursor: str | None, limit: int) -> Page:
        """Newest activity first; with a query, only sessions whose title or messages contain it.

        Raise InvalidInput for a cursor that this list did not give out.
        """
        ...

    async def rename(self, session_id: str, *, title: str) -> Session: ...

    async def delete(self, session_id: str) -> None: ...

    async def list_turns(self, session_id: str, *, before: str | None, limit: int) -> tuple[list[TurnRecord], bool]:
        """The newest turns before a turn id, oldest first, and whether there are older ones."""
        ...


class RunStore(Protocol):
    """Runs and their event logs. Methods that name a run raise NotFound when it does not exist."""

    async def start_turn(
        self, session_id: str, *, message: str, language: Language, model: str | None, asked_by: str | None = None
    ) -> Run:
        """Write turn and queued run in one transaction."""
        ...

    async def find_session_model(self, session_id: str) -> str | None:
        """The model last chosen for the session; a choice inside a message counts for that message only."""
        ...

    async def get(self, run_id: str) -> Run: ...

    async def request_cancel(self, run_id: str) -> Run:
        """Note that the run is to stop; a run that is over stays as it is."""
        ...

    async def list_active(self, *, session_id: str | None = None) -> list[Run]: ...

    async def read_log(self, run_id: str, *, after: int, limit: int) -> LogSlice:
        """The next events with a higher sequence number."""
        ...

    async def wait_for_events(self, run_id: str, *, after: int, timeout_seconds: float) -> None:
        """Return when events after this number may be there, or at the timeout."""
        ...


class ApprovalStore(Protocol):
    """Approvals. Methods that name one raise NotFound when it does not exist."""

    async def get(self, approval_id: str) -> Approval: ...

    async def list_page(self, *, state: ApprovalState | None, session_id: str | None) -> Sequence[Approval]: ...

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
        """Record the first answer and queue the run that goes on, in one transaction.

        `for_session` keeps the yes as a grant. Raise AlreadyDecided, Expired, or InvalidInput when nothing can be
        remembered, in which case nothing is written.
        """
        ...

    async def withdraw(self, run_id: str, *, decided_by: str, at: datetime) -> Run | None:
        """Reject the open approval that a run waits for and queue a run that only closes the turn; None if none."""
        ...

    async def list_grants(self, session_id: str) -> Sequence[Grant]:
        """Raise NotFound when the session does not exist."""
        ...

    async def revoke_grants(self, session_id: str, *, tool: str | None, remember_key: str | None) -> int:
        """Take back all grants of a session, or those of one tool or key; returns how many there were."""
        ...


class RunExecutor(Protocol):
    """Executes runs durably: what was started goes on after a crash."""

    async def enqueue(self, run: Run) -> None:
        """Have a queued run executed; naming a run twice is harmless."""
        ...

    def expect_work(self) -> None:
        """Somebody is there and may ask soon: be ready to start at once."""
        ...

    def cancel(self, run_id: str) -> None:
        """Stop a run that is executing here."""
        ...
