"""Runs the tool calls of one reply: reads side by side, changes one by one and only after a person's yes."""

import asyncio
import difflib
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from backend.agent import events as ev
from backend.agent.approvals import (
    Approval,
    ApprovalState,
    approve_by_grant,
    describe_call,
    digest_call,
    to_wire,
)
from backend.agent.artifacts.keeping import LargeResults
from backend.agent.auditing import ToolAudit
from backend.agent.domain import ConfirmationNeeded, Json, Risk, ToolOutcome, ToolSpec, ToolStatus
from backend.agent.event_writer import EventWriter
from backend.agent.guarding.redaction import redact_outcome, redact_question
from backend.agent.interfaces import AuditTrail, RunContext, RunJournal, ToolSource
from backend.agent.progress import CallProgress
from backend.agent.repeated_calls import refuse_repetition
from backend.agent.settings import AgentSettings
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import ErrorKind, Failure
from backend.vocabulary.language import Text

_log = logging.getLogger(__name__)

OUTCOME_UNKNOWN = Text(
    en="Outcome unknown: the robot stopped during this change. It is not repeated; look at the live state.",
    zh="结果未知：执行这一变更时机器人中断了。不会自动重复执行，请查看当前的实际状态。",
)
CANCELLED = Text(en="Cancelled before it answered.", zh="在得到结果之前已取消。")


class BadArguments(Exception):
    """The model's arguments cannot be used; the message is for the model."""


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call whose tool exists and whose arguments are a JSON object."""

    progress: CallProgress
    spec: ToolSpec
    arguments: Json


class ToolRunner:
    """Executes calls and writes what came of them."""

    def __init__(
        self,
        *,
        tools: ToolSource,
        journal: RunJournal,
        audit: AuditTrail,
        clock: Clock,
        settings: AgentSettings,
        new_id: Callable[[], str],
        large_results: LargeResults,
    ) -> None:
        self._tools = tools
        self._large_results = large_results
        self._journal = journal
        self._audit = ToolAudit(audit)
        self._clock = clock
        self._settings = settings
        self._new_id = new_id

    async def run(
        self, calls: Sequence[CallProgress], *, turn: Sequence[CallProgress], context: RunContext, writer: EventWriter
    ) -> Approval | None:
        """Answer every open call, or return the approval that one now waits for. `turn` has all calls of the turn."""
        reads: list[PreparedCall] = []
        changes: list[PreparedCall] = []
        for call in calls:
            prepared = refuse_repetition(call, turn=turn) or self._prepare(call)
            if isinstance(prepared, ToolOutcome):
                await self._write(call, prepared, context=context, writer=writer)
            else:
                (reads if prepared.spec.risk is Risk.READ else changes).append(prepared)
        async with asyncio.TaskGroup() as group:
            for prepared in reads:
                group.create_task(self._run_read(prepared, context=context, writer=writer))
        for prepared in changes:
            approval = await self._run_change(prepared, context=context, writer=writer)
            if approval is not None:
                await self._audit.asked(approval, context=context)
                return approval
        return None

    async def close_cancelled(self, calls: Sequence[CallProgress], *, context: RunContext, writer: EventWriter) -> None:
        """Record what is known of calls that a cancel has stopped."""
        for call in calls:
            was_change_sent = call.is_started and call.risk is not Risk.READ
            outcome = (
                self._unknown(context)
                if was_change_sent
                else ToolOutcome(status=ToolStatus.CANCELLED, text=CANCELLED.in_language(context.language))
            )
            await self._write(call, outcome, context=context, writer=writer)

    def _prepare(self, call: CallProgress) -> PreparedCall | ToolOutcome:
        spec = next((spec for spec in self._tools.tools() if spec.name == call.name), None)
        if spec is None:
            return self._refuse_unknown_tool(call)
        try:
            arguments = parse_arguments(call.arguments_text)
        except BadArguments as error:
            return _failed(ErrorKind.TOOL_BAD_ARGUMENTS, str(error))
        return PreparedCall(progress=call, spec=spec, arguments=arguments)

    def _refuse_unknown_tool(self, call: CallProgress) -> ToolOutcome:
        names = [spec.name for spec in self._tools.tools()]
        down = [status for status in self._tools.servers() if status.error]
        if not names and down:
            listed = "; ".join(f"{status.name}: {status.error}" for status in down)
            return _failed(ErrorKind.TOOL_SERVER_UNREACHABLE, f"No tool server is connected ({listed})")
        nearest = difflib.get_close_matches(call.name, names, n=3) or names[:5]
        return _failed(ErrorKind.TOOL_NOT_FOUND, f"No tool {call.name!r}; nearest: {', '.join(nearest) or 'none'}")

    async def _run_read(self, call: PreparedCall, *, context: RunContext, writer: EventWriter) -> None:
        await writer.write([_info(call)])
        started = time.monotonic()
        result = await self._call(call)
        if isinstance(result, ConfirmationNeeded):
            result = _failed(
                ErrorKind.PERMISSION_DENIED,
                f"{call.spec.name} is declared as reading but asked to confirm a change; it was not executed",
            )
        await self._write(call.progress, _timed(result, started), context=context, writer=writer)

    async def _run_change(self, call: PreparedCall, *, context: RunContext, writer: EventWriter) -> Approval | None:
        progress = call.progress
        if progress.approval is not None:
            outcome = await self._run_decided(call, context=context, writer=writer)
        elif progress.is_started:
            outcome = self._unknown(context)
        elif not call.spec.asks_itself:
            question = describe_call(tool=call.spec.name, server=call.spec.server, arguments=call.arguments)
            return self._open_approval(call, context=context, asked=ConfirmationNeeded(question=question, state={}))
        else:
            result = await self._send_change(call, context=context, writer=writer)
            if isinstance(result, ConfirmationNeeded):
                approval = self._open_approval(call, context=context, asked=result)
                if not await self._answer_by_grant(approval, progress=progress, writer=writer):
                    return approval
                outcome = await self._run_decided(call, context=context, writer=writer)
            else:
                outcome = result
        await self._write(progress, outcome, context=context, writer=writer)
        return None

    async def _send_change(
        self, call: PreparedCall, *, context: RunContext, writer: EventWriter
    ) -> ToolOutcome | ConfirmationNeeded:
        """Send a change to a server that asks before it acts."""
        denial = await self._audit.before_change(
            tool=call.spec.name, server=call.spec.server, arguments=call.arguments, context=context
        )
        if denial is not None:
            return denial
        await writer.write([_info(call)])
        started = time.monotonic()
        result = await self._call(call)
        return result if isinstance(result, ConfirmationNeeded) else _timed(result, started)

    async def _run_decided(self, call: PreparedCall, *, context: RunContext, writer: EventWriter) -> ToolOutcome:
        """Execute exactly the approved call, at most once, whatever crashed before."""
        approval = await self._find_decision(call.progress, context=context)
        refusal = _check_decision(approval, call=call)
        if refusal is not None or approval is None:
            return refusal or self._unknown(context)
        if not await self._journal.claim_approval(approval.id, at=self._clock.now()):
            return self._unknown(context)
        denial = await self._audit.before_change(
            tool=call.spec.name,
            server=call.spec.server,
            arguments=approval.arguments,
            context=context,
            approval=approval,
        )
        if denial is not None:
            return denial
        await writer.write([_info(call)])
        started = time.monotonic()
        result = await self._execute(call, approval=approval)
        return _timed(result, started)

    async def _find_decision(self, progress: CallProgress, *, context: RunContext) -> Approval | None:
        """The person's answer that this run goes on from, or the one that a grant has given within the run."""
        if progress.approval is not None and progress.approval["state"] == ApprovalState.APPROVED:
            return await self._journal.find_approval(progress.approval["id"])
        return await self._journal.find_decided_approval(context.run_id)

    async def _answer_by_grant(self, approval: Approval, *, progress: CallProgress, writer: EventWriter) -> bool:
        """Whether a person has allowed this for the session; then the log shows question and answer as ever."""
        if not approval.can_remember or approval.remember_key is None:
            return False
        grant = await self._journal.find_grant(
            session_id=approval.session_id,
            server=approval.server,
            tool=approval.tool,
            remember_key=approval.remember_key,
        )
        if grant is None:
            return False
        answered = approve_by_grant(approval, grant, at=self._clock.now())
        await writer.flush()
        await self._journal.add_remembered(
            answered,
            [ev.custom(ev.APPROVAL_REQUESTED, to_wire(approval)), ev.custom(ev.APPROVAL_DECIDED, to_wire(answered))],
        )
        progress.approval = to_wire(answered)
        return True

    async def _execute(self, call: PreparedCall, *, approval: Approval) -> ToolOutcome:
        if approval.resume_state is not None:
            return await self._tools.confirm(call.spec.name, arguments=approval.arguments, state=approval.resume_state)
        result = await self._tools.call(call.spec.name, arguments=approval.arguments)
        if isinstance(result, ToolOutcome):
            return result
        # Nobody has seen the server's own question, so the earlier yes does not answer it.
        return _failed(
            ErrorKind.PERMISSION_DENIED,
            f"{call.spec.server} asks a question of its own ({result.question}); nothing was changed. "
            "An administrator can mark the server as trusted in mcp_config.json; then its question reaches the person",
        )

    async def _call(self, call: PreparedCall) -> ToolOutcome | ConfirmationNeeded:
        result = await self._tools.call(call.spec.name, arguments=call.arguments)
        return redact_question(result) if isinstance(result, ConfirmationNeeded) else result

    def _open_approval(self, call: PreparedCall, *, context: RunContext, asked: ConfirmationNeeded) -> Approval:
        """`asked.state` is empty when the backend asks in the server's place."""
        now = self._clock.now()
        spec = call.spec
        return Approval(
            id=self._new_id(),
            session_id=context.session_id,
            turn_id=context.turn_id,
            run_id=context.run_id,
            tool_call_id=call.progress.id,
            tool=spec.name,
            server=spec.server,
            arguments=call.arguments,
            arguments_sha256=digest_call(tool=spec.name, server=spec.server, arguments=call.arguments),
            risk=spec.risk,
            question=asked.question,
            resume_state=asked.state or None,
            created_at=now,
            expires_at=now + timedelta(seconds=self._settings.approval_seconds),
            remember_key=asked.remember_key,
            preview=asked.preview,
        )

    def _unknown(self, context: RunContext) -> ToolOutcome:
        return ToolOutcome(status=ToolStatus.UNKNOWN, text=OUTCOME_UNKNOWN.in_language(context.language))

    async def _write(
        self, call: CallProgress, outcome: ToolOutcome, *, context: RunContext, writer: EventWriter
    ) -> None:
        """The one way by which outcomes are kept; no secret goes with them."""
        outcome = call.outcome = redact_outcome(outcome)
        # Before the log: a call that is repeated after a crash was sent twice, and the audit says so.
        await self._audit.after(
            tool=call.name,
            server=next((spec.server for spec in self._tools.tools() if spec.name == call.name), None),
            arguments=call.arguments_text,
            outcome=outcome,
            context=context,
        )
        _log.info("tool call %r ended: %s in %d ms", call.name, outcome.status.value, outcome.duration_ms)
        outcome = await self._large_results.shorten(outcome, call_id=call.id, tool=call.name, context=context)
        await writer.write(ev.tool_result(call.id, outcome, language=context.language))


def parse_arguments(text: str) -> dict[str, Any]:  # Any: JSON
    """Read a model's arguments strictly: a JSON object or nothing at all."""
    if not text.strip():
        return {}
    try:
        arguments = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadArguments(f"The arguments are not valid JSON ({error}); call again with a JSON object") from error
    if not isinstance(arguments, dict):
        raise BadArguments("The arguments must be a JSON object; call again with named arguments")
    return arguments


def _check_decision(approval: Approval | None, *, call: PreparedCall) -> ToolOutcome | None:
    """Why a decided call must not run, or None when it may."""
    if approval is None or approval.tool_call_id != call.progress.id:
        return _failed(ErrorKind.PERMISSION_DENIED, "No decision is recorded for this call; nothing was changed")
    if approval.state is not ApprovalState.APPROVED:
        reason = f" Reason: {approval.reason}" if approval.reason else ""
        return ToolOutcome(status=ToolStatus.DECLINED, text=f"Declined by a person; nothing was changed.{reason}")
    digest = digest_call(tool=call.spec.name, server=call.spec.server, arguments=call.arguments)
    if digest != approval.arguments_sha256:
        return _failed(
            ErrorKind.PERMISSION_DENIED, "The call differs from the one that was approved; nothing was changed"
        )
    return None


def _failed(kind: ErrorKind, message: str) -> ToolOutcome:
    return ToolOutcome(status=ToolStatus.ERROR, text=message, failure=Failure(kind=kind, message=message))


def _timed(outcome: ToolOutcome, started: float) -> ToolOutcome:
    return replace(outcome, duration_ms=round((time.monotonic() - started) * 1000))


def _info(call: PreparedCall) -> ev.Event:
    return ev.tool_call_info(call.progress.id, server=call.spec.server, risk=call.spec.risk)


def approval_events(approval: Approval, *, usage: Sequence[Json]) -> list[ev.Event]:
    """How an open approval ends a run."""
    wire = to_wire(approval)
    return [
        ev.custom(ev.APPROVAL_REQUESTED, wire),
        ev.run_finished(
            session_id=approval.session_id,
            run_id=approval.run_id,
            outcome=ev.interrupt_outcome(wire),
            usage=usage,
        ),
    ]
