"""Approvals: a person's yes or no to exactly one call."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from backend.agent.domain import Json, Risk

REMEMBERED_BY = "remembered:"
"""Stands before the name of the person whose earlier yes answered an approval."""


class ApprovalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Approval:
    """One question to a person, bound to tool, server and arguments by `arguments_sha256`, usable once."""

    id: str
    session_id: str
    turn_id: str
    run_id: str
    tool_call_id: str
    tool: str
    server: str
    arguments: Json
    arguments_sha256: str
    risk: Risk
    question: str
    resume_state: Json | None
    """What the tool server gave to bring this call back; None when the backend asks in the server's place."""
    created_at: datetime
    expires_at: datetime
    state: ApprovalState = ApprovalState.PENDING
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    remember_key: str | None = None
    """What the server names as safe to approve for the rest of the session; None when nothing is."""
    preview: Json | None = None

    def is_open(self, *, now: datetime) -> bool:
        return self.state is ApprovalState.PENDING and now < self.expires_at

    @property
    def can_remember(self) -> bool:
        """Something that destroys is asked about every time, whatever the server says."""
        return self.remember_key is not None and self.risk is Risk.CHANGE


@dataclass(frozen=True, slots=True)
class Grant:
    """A standing yes for one session: to one tool of one server, under one key that the server named."""

    session_id: str
    server: str
    tool: str
    remember_key: str
    granted_by: str
    created_at: datetime


def approve_by_grant(approval: Approval, grant: Grant, *, at: datetime) -> Approval:
    """The same approval, answered by what a person decided earlier in the session."""
    return replace(
        approval,
        state=ApprovalState.APPROVED,
        decided_at=at,
        decided_by=f"{REMEMBERED_BY}{grant.granted_by}",
    )


def digest_call(*, tool: str, server: str, arguments: Json) -> str:
    """SHA-256 over tool, server and arguments in canonical JSON, as lower-case hex."""
    canonical = json.dumps([server, tool, arguments], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def to_wire(approval: Approval) -> dict[str, Any]:  # Any: JSON
    """The form that clients see; the resume state stays on the server."""
    return {
        "id": approval.id,
        "session_id": approval.session_id,
        "turn_id": approval.turn_id,
        "run_id": approval.run_id,
        "tool_call_id": approval.tool_call_id,
        "tool": approval.tool,
        "server": approval.server,
        "arguments": dict(approval.arguments),
        "arguments_sha256": approval.arguments_sha256,
        "risk": approval.risk.value,
        "question": approval.question,
        "state": approval.state.value,
        "created_at": approval.created_at.isoformat(),
        "expires_at": approval.expires_at.isoformat(),
        "decided_at": None if approval.decided_at is None else approval.decided_at.isoformat(),
        "decided_by": approval.decided_by,
        "reason": approval.reason,
        "can_remember": approval.can_remember,
        "remember_key": approval.remember_key,
        "preview": None if approval.preview is None else dict(approval.preview),
    }


def describe_call(*, tool: str, server: str, arguments: Mapping[str, Any]) -> str:  # Any: JSON
    """The question the backend asks when the tool server does not ask itself."""
    listed = "\n".join(f"  {_show_name(name)} = {_show(value)}" for name, value in arguments.items())
    return f"Run {tool} on {server} with exactly these arguments?\n{listed or '  (none)'}"


def _show_name(name: str) -> str:
    """A name is free text too: it must not be able to look like a second argument."""
    return name if name.isidentifier() and name.isascii() else _show(name)


def _show(value: object) -> str:
    """JSON in which nothing is invisible or runs backwards: the eye must see what is going to be done."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1]  # letters of any script stay
        for character in text
    )
