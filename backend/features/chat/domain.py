"""Sessions, turns, runs, and the transcript a person reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from backend.agent.domain import Mode
from backend.agent.events import Event

MAX_MESSAGE_BYTES = 32 * 1024
"""A longer message is a document, not a question; it is refused before anything is written."""
MAX_TITLE_LENGTH = 120
_AUTOMATIC_TITLE_LENGTH = 48


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


ACTIVE_STATES = (RunState.QUEUED, RunState.RUNNING)


class RunOutcome(StrEnum):
    ANSWERED = "answered"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Session:
    """A saved chat. `snippet` is set in search results only."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    message_count: int
    active_run_id: str | None = None
    snippet: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One stretch of a turn; `last_seq` is the number of its newest event, 0 before the first."""

    id: str
    session_id: str
    turn_id: str
    state: RunState
    outcome: RunOutcome | None
    last_seq: int
    mode: Mode | None
    model: str | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES


@dataclass(frozen=True, slots=True)
class LogSlice:
    """Consecutive events of a run, each as its number and its JSON text; `is_over` when no further ones will come."""

    events: Sequence[tuple[int, str]]
    is_over: bool


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A turn as it is stored: the question and the events of its runs, oldest first."""

    id: str
    message: str
    created_at: datetime
    runs: Sequence[Run]
    events: Sequence[Event]


class MessageState(StrEnum):
    STREAMING = "streaming"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the transcript. `blocks` are JSON objects; a turn has one assistant message, however many runs."""

    id: str
    role: str
    turn_id: str
    created_at: datetime
    blocks: Sequence[dict[str, Any]]  # Any: JSON
    state: MessageState = MessageState.COMPLETE
    run_id: str | None = None
    mode: Mode | None = None
    model: str | None = None
    error: dict[str, Any] | None = None  # Any: JSON
    usage: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list and where the next one starts."""

    items: Sequence[Any]  # Any: sessions or messages
    next_cursor: str | None


def write_title(message: str) -> str:
    """A session's title until a person gives it a better one: the start of its first question."""
    line = " ".join(message.split())
    return line if len(line) <= _AUTOMATIC_TITLE_LENGTH else line[: _AUTOMATIC_TITLE_LENGTH - 1].rstrip() + "…"
