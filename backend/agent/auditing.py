"""What the audit learns of tool calls: names, digests, who; never the values of arguments."""

import hashlib
import json
import logging
from typing import Any

from backend.agent.approvals import Approval, digest_call
from backend.agent.domain import Json, ToolOutcome, ToolStatus
from backend.agent.interfaces import AuditTrail, RunContext
from backend.vocabulary.errors import ErrorKind, Failure, Unavailable

UNKNOWN_ACTOR = "unknown"
_NOT_AUDITED = "The audit cannot be written, so the change was not sent; nothing was changed."
_log = logging.getLogger(__name__)


class ToolAudit:
    """Records calls. A change is recorded before it is sent: no record, no change."""

    def __init__(self, trail: AuditTrail) -> None:
        self._trail = trail

    async def before_change(
        self, *, tool: str, server: str, arguments: Json, context: RunContext, approval: Approval | None = None
    ) -> ToolOutcome | None:
        """Record a change that is about to be sent; an outcome instead of None forbids sending it."""
        details: dict[str, Any] = _describe(context, server=server)  # Any: JSON
        details |= _describe_arguments(tool=tool, server=server, arguments=arguments)
        if approval is not None:
            details |= {"approval_id": approval.id, "approved_by": approval.decided_by}
        action = "tool.sent" if approval is None else "approval.executed"
        try:
            await self._trail.record(action, actor=_actor(context), subject=tool, details=details)
        except Unavailable:
            _log.exception("the audit cannot be written: %s is not sent", tool)
            failure = Failure(kind=ErrorKind.PERMISSION_DENIED, message=_NOT_AUDITED)
            return ToolOutcome(status=ToolStatus.ERROR, text=_NOT_AUDITED, failure=failure)
        return None

    async def after(
        self, *, tool: str, server: str | None, arguments: str, outcome: ToolOutcome, context: RunContext
    ) -> None:
        """Record how a call ended. What has happened is written down even when the audit fails."""
        details: dict[str, Any] = {  # Any: JSON
            **_describe(context, server=server),
            "status": outcome.status.value,
            "duration_ms": outcome.duration_ms,
        }
        details |= _describe_arguments_text(tool=tool, server=server or "", text=arguments)
        if outcome.failure is not None:
            details["error"] = outcome.failure.kind.value
        await self._record_if_possible("tool.finished", tool=tool, details=details, context=context)

    async def asked(self, approval: Approval, *, context: RunContext) -> None:
        """Record that a person is asked."""
        details = {
            **_describe(context, server=approval.server),
            "approval_id": approval.id,
            "arguments_sha256": approval.arguments_sha256,
            "argument_names": sorted(approval.arguments),
            "risk": approval.risk.value,
            "expires_at": approval.expires_at.isoformat(),
        }
        await self._record_if_possible("approval.asked", tool=approval.tool, details=details, context=context)

    async def _record_if_possible(self, action: str, *, tool: str, details: Json, context: RunContext) -> None:
        try:
            await self._trail.record(action, actor=_actor(context), subject=tool, details=details)
        except Unavailable:
            _log.exception("%s of %s in run %s is not in the audit", action, tool, context.run_id)


def _describe(context: RunContext, *, server: str | None) -> dict[str, Any]:  # Any: JSON
    return {"run_id": context.run_id, "session_id": context.session_id, "server": server}


def _describe_arguments(*, tool: str, server: str, arguments: Json) -> Json:
    return {
        "arguments_sha256": digest_call(tool=tool, server=server, arguments=arguments),
        "argument_names": sorted(arguments),
    }


def _describe_arguments_text(*, tool: str, server: str, text: str) -> Json:
    """As above when the model's text is a JSON object; a digest of the text when it is not."""
    try:
        arguments = json.loads(text or "{}")
    except ValueError:
        arguments = None
    if isinstance(arguments, dict):
        return _describe_arguments(tool=tool, server=server, arguments=arguments)
    return {"arguments_text_sha256": hashlib.sha256(text.encode(errors="replace")).hexdigest()}


def _actor(context: RunContext) -> str:
    return context.asked_by or UNKNOWN_ACTOR
