"""Bodies of the session endpoints."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.features.chat import domain


class _FromDomain(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Session(_FromDomain):
    """A saved chat."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    message_count: int
    active_run_id: str | None
    snippet: str | None


class SessionPage(BaseModel):
    items: list[Session]
    next_cursor: str | None


class CreateSession(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = ""


class RenameSession(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str


class FailureBody(BaseModel):
    """One of the eleven kinds of failure, with advice."""

    code: str | None
    message: str
    hint: str | None


class Usage(BaseModel):
    input_tokens: int
    output_tokens: int


class BothLanguages(BaseModel):
    en: str
    zh: str


class Statement(BaseModel):
    """What code found out about a part of an answer; offsets count UTF-16 code units of the block's text."""

    start: int
    end: int
    status: Literal["cited", "unverified", "contradicted"]
    tool_call_ids: list[str]
    detail: BothLanguages | None


class TextBlock(BaseModel):
    type: Literal["text"]
    id: str
    text: str
    statements: list[Statement] = []


class ReasoningBlock(BaseModel):
    type: Literal["reasoning"]
    id: str
    text: str


class ToolCallBlock(BaseModel):
    type: Literal["tool_call"]
    id: str
    name: str
    server: str | None
    arguments: dict[str, Any] | None  # Any: JSON
    arguments_text: str
    risk: Literal["read", "change", "destructive"] | None
    status: Literal["streaming", "running", "ok", "error", "awaiting_approval", "declined", "unknown", "cancelled"]
    text: str | None
    structured: dict[str, Any] | None  # Any: JSON
    duration_ms: int | None
    error: FailureBody | None


class Approval(_FromDomain):
    """A question to a person, bound to exactly one call."""

    id: str
    session_id: str
    turn_id: str
    run_id: str
    tool_call_id: str
    tool: str
    server: str
    arguments: dict[str, Any]  # Any: JSON
    arguments_sha256: str
    risk: Literal["read", "change", "destructive"]
    question: str
    state: Literal["pending", "approved", "rejected", "expired"]
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    can_remember: bool = False
    remember_key: str | None = None
    preview: dict[str, Any] | None = None  # Any: JSON; a server's own words, read by `kind`


class ApprovalBlock(BaseModel):
    type: Literal["approval"]
    id: str
    tool_call_id: str
    approval: Approval


class NoticeBlock(BaseModel):
    type: Literal["notice"]
    id: str
    code: str
    message: str


Block = Annotated[TextBlock | ReasoningBlock | ToolCallBlock | ApprovalBlock | NoticeBlock, Field(discriminator="type")]


class Message(_FromDomain):
    """One entry of the transcript."""

    id: str
    role: Literal["user", "assistant"]
    turn_id: str
    created_at: datetime
    blocks: list[Block]
    state: Literal["streaming", "complete", "interrupted", "cancelled", "failed"]
    run_id: str | None
    mode: Literal["model", "rules"] | None
    model: str | None
    error: FailureBody | None
    usage: Usage | None


class ActiveRun(BaseModel):
    """The run at work and the newest event that `items` already contains."""

    run_id: str
    last_seq: int


class MessagePage(BaseModel):
    items: list[Message]
    next_before: str | None
    active_run: ActiveRun | None


def read_session(session: domain.Session) -> Session:
    return Session.model_validate(session)


def read_message(message: domain.Message) -> Message:
    return Message.model_validate(message)
