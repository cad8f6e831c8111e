"""Bodies of the run and approval endpoints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.agent import approvals
from backend.features.chat import domain
from backend.web.schemas.sessions import Approval


class StartRun(BaseModel):
    """A question; `model` names one of the configured models."""

    model_config = ConfigDict(extra="forbid")

    message: str
    model: Annotated[str | None, Field(max_length=200)] = None


class StartedRun(BaseModel):
    run_id: str
    session_id: str
    turn_id: str
    state: Literal["queued", "running", "finished", "failed"]
    events_url: str


class Run(BaseModel):
    """One stretch of a turn."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    session_id: str
    turn_id: str
    state: Literal["queued", "running", "finished", "failed"]
    outcome: Literal["answered", "interrupted", "cancelled"] | None
    last_seq: int
    mode: Literal["model", "rules"] | None
    model: str | None
    created_at: datetime
    finished_at: datetime | None


class ApprovalList(BaseModel):
    items: list[Approval]


class Decision(BaseModel):
    """`approve_for_session` is taken only where the approval says `can_remember`."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "reject", "approve_for_session"]
    reason: Annotated[str | None, Field(max_length=1000)] = None


class Grant(BaseModel):
    """A standing yes for one session; its calls are approved without a question."""

    model_config = ConfigDict(from_attributes=True)

    session_id: str
    server: str
    tool: str
    remember_key: str
    granted_by: str
    created_at: datetime


class GrantList(BaseModel):
    items: list[Grant]


class Decided(BaseModel):
    """The decision as recorded, and the run that goes on from it."""

    approval: Approval
    run_id: str


def read_run(run: domain.Run) -> Run:
    return Run.model_validate(run)


def read_approval(approval: approvals.Approval) -> Approval:
    return Approval.model_validate(approvals.to_wire(approval))


def read_grants(grants: Sequence[approvals.Grant]) -> GrantList:
    return GrantList(items=[Grant.model_validate(grant) for grant in grants])
