"""Approvals: list the open ones, decide one."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from backend.agent.approvals import ApprovalState
from backend.web.schemas.runs import ApprovalList, Decided, Decision, read_approval
from backend.web.schemas.sessions import Approval
from backend.web.services import PrincipalDep, ServicesDep

router = APIRouter(prefix="/api/v2/approvals", tags=["approvals"])


@router.get("", operation_id="list_approvals")
async def list_approvals(
    services: ServicesDep,
    state: Literal["pending", "approved", "rejected", "expired"] | None = None,
    session_id: Annotated[str | None, Query(max_length=64)] = None,
) -> ApprovalList:
    """Approvals, newest first, at most 200."""
    found = await services.chat.list_approvals(
        state=None if state is None else ApprovalState(state), session_id=session_id
    )
    return ApprovalList(items=[read_approval(approval) for approval in found])


@router.get("/{approval_id}", operation_id="get_approval")
async def get_approval(approval_id: str, services: ServicesDep) -> Approval:
    return read_approval(await services.chat.get_approval(approval_id))


@router.post("/{approval_id}", operation_id="decide_approval")
async def decide_approval(approval_id: str, body: Decision, principal: PrincipalDep, services: ServicesDep) -> Decided:
    """Approve or reject exactly the stored call: 409 when somebody was first, 410 when it is too late."""
    approval, run = await services.chat.decide(
        approval_id,
        approve=body.decision != "reject",
        decided_by=principal.name,
        reason=body.reason,
        for_session=body.decision == "approve_for_session",
    )
    return Decided(approval=read_approval(approval), run_id=run.id)
