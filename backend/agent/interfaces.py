"""What the agent needs from outside."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.agent.approvals import Approval, Grant
from backend.agent.domain import (
    ConfirmationNeeded,
    HistoryMessage,
    Json,
    Mode,
    ModelEvent,
    ModelRequest,
    Risk,
    ServerStatus,
    ToolOutcome,
    ToolSpec,
    ToolStatistics,
)
from backend.agent.events import Event
from backend.agent.telemetry import ModelCallRecord, ToolCallRecord
from backend.vocabulary.errors import Failure
from backend.vocabulary.language import Language


class ModelClient(Protocol):
    """One language model, or the rule planner that stands in for it."""

    @property
    def name(self) -> str: ...

    @property
    def mode(self) -> Mode: ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        """Stream one reply, ending with `ModelFinished`; raise `ModelError`. Closing the generator ends the call."""
        ...


class ToolSource(Protocol):
    """Where tools come from: MCP servers, kept connected."""

    def tools(self) -> Sequence[ToolSpec]:
        """The tools of all connected servers, in stable order."""
        ...

    def servers(self) -> Sequence[ServerStatus]: ...

    def statistics(self) -> Mapping[str, ToolStatistics]:
        """Calls, errors and latency per tool name, of the tools called since the start."""
        ...

    async def call(self, name: str, *, arguments: Json) -> ToolOutcome | ConfirmationNeeded:
        """Call one tool. Failures are outcomes; cancelling the task cancels the call on the server."""
        ...

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        """Run exactly the call that `ConfirmationNeeded.state` belongs to, now that a person said yes."""
        ...


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run starts from. `history` holds the earlier turns of the session, oldest first."""

    run_id: str
    session_id: str
    turn_id: str
    message: str
    language: Language
    history: tuple[HistoryMessage, ...]
    is_cancel_requested: bool
    model: str | None = None
    """The model the person chose by name; None leaves the choice to the settings."""
    asked_by: str | None = None
    """Who asked, for the audit; None for turns of the time before names were kept."""


class RunJournal(Protocol):
    """The durable side of a run: its event log, its state, its approvals."""

    async def load(self, run_id: str) -> RunContext:
        """Raise NotFound when the run is gone with its session."""
        ...

    async def read_turn(self, turn_id: str) -> list[Event]:
        """All events of all runs of a turn, oldest first."""
        ...

    async def append(self, run_id: str, events: Sequence[Event]) -> None:
        """Write events at the end of the log, all or none, before anyone sees them."""
        ...

    async def finish(self, run_id: str, events: Sequence[Event], *, outcome: str, failure: Failure | None) -> None:
        """Write the last events and the final state in one transaction."""
        ...

    async def interrupt(self, approval: Approval, events: Sequence[Event]) -> None:
        """Store an open approval, write the last events and end the run as interrupted, in one transaction."""
        ...

    async def find_decided_approval(self, run_id: str) -> Approval | None:
        """The decision this run continues from, or None for the first run of a turn."""
        ...

    async def find_approval(self, approval_id: str) -> Approval | None:
        """One approval as it stands now."""
        ...

    async def find_grant(self, *, session_id: str, server: str, tool: str, remember_key: str) -> Grant | None:
        """The standing yes of a session that covers a call, or None."""
        ...

    async def add_remembered(self, approval: Approval, events: Sequence[Event]) -> None:
        """Store an approval that a grant has answered and write its events, in one transaction; the run goes on."""
        ...

    async def claim_approval(self, approval_id: str, *, at: datetime) -> bool:
        """Take the right to execute an approved call, once: False when it was taken before."""
        ...


class AuditTrail(Protocol):
    """Append-only record of who did what. Details hold names and digests, never secrets."""

    async def record(self, action: str, *, actor: str, subject: str, details: Json) -> None:
        """Write one record before returning; raise Unavailable when it cannot be written."""
        ...


class Telemetry(Protocol):
    """Measures the agent's work. Nothing here waits or raises."""

    def run_step(self, run_id: str, *, session_id: str) -> AbstractContextManager[None]:
        """What happens inside belongs to this run."""
        ...

    def run_taken_up(self, run_id: str, *, queued_seconds: float) -> None: ...

    def run_ended(self, run_id: str, *, outcome: str, seconds: float) -> None: ...

    def model_call(self, *, model: str) -> AbstractContextManager[ModelCallRecord]: ...

    def tool_call(self, *, tool: str, server: str, risk: Risk) -> AbstractContextManager[ToolCallRecord]: ...

    def events_appended(self, count: int, *, seconds: float) -> None: ...

    def open_stream(self) -> AbstractContextManager[None]:
        """A client follows a run as long as this is open."""
        ...
