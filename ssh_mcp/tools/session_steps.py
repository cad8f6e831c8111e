"""The steps within a session that may need a person: commands, input, signals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import Context
from mcp_types import InputRequiredResult

from command_safety import CommandClass, Reason, classify
from mcp_kit.confirmation import Decision
from mcp_kit.redaction import redact
from ssh_mcp.commands.judging import Judgement, judge_command, raise_to_policy
from ssh_mcp.results import SessionResult, view_reasons
from ssh_mcp.state import SshState
from ssh_mcp.terminals.open_sessions import OpenSession
from ssh_mcp.terminals.session import View
from ssh_mcp.terminals.shell import only_changes_directory
from ssh_mcp.tools.asking import DECLINED, NEEDS_APPROVAL, Proposal, ask_person, write_refusal

_TOOL = "ssh-session-manager"

FREE_SIGNALS = frozenset({"INT", "QUIT"})
"""Stopping what runs needs no question."""

_CHANGED_SHELL = Reason(
    rule="session-changed",
    en="An approved command ran in this session before, so nobody can tell what a word means in it now; "
    "ssh-execute looks without asking.",
    zh="此会话中曾执行过经批准的命令，无法确定命令的含义；只读查看请使用 ssh-execute。",
)
_INPUT = Reason(
    rule="session-input",
    en="Typed into a running program; what it does with it is up to the program.",
    zh="将输入发送给正在运行的程序，其效果取决于该程序。",
)
_SIGNAL = Reason(
    rule="session-signal",
    en="A signal other than INT and QUIT to what runs in the session.",
    zh="向会话中运行的程序发送 INT、QUIT 以外的信号。",
)


@dataclass(frozen=True, slots=True)
class SessionCall:
    """One call about one session."""

    context: Context[SshState]
    session: OpenSession
    timeout_seconds: int
    reason: str | None

    @property
    def state(self) -> SshState:
        return self.context.request_context.lifespan_context

    def judge(self, command: str) -> Judgement:
        return judge_command(command, assets=[self.session.target.asset], policy=self.state.policy)

    def restrict(self, judgement: Judgement, *, text: str) -> Judgement:
        return raise_to_policy(judgement, text=text, assets=[self.session.target.asset], policy=self.state.policy)

    def record(self, event: str, *, is_durable: bool, **details: Any) -> None:  # Any: JSON
        """One line in the audit about this session."""
        target = self.session.target
        record = {"session": self.session.id, "asset": target.asset.id, "account": target.account.name, **details}
        self.state.audit.write({"event": event, "tool": _TOOL, **record}, is_durable=is_durable)


async def exec_command(call: SessionCall, command: str) -> SessionResult | InputRequiredResult:
    """Judged as by ssh-execute. What only reads runs in a subshell, so that it cannot change later words."""
    shell = call.session.shell
    shell.check_command(command)
    judgement = call.judge(command)
    if judgement.command_class is CommandClass.READONLY and shell.has_changed_shell:
        judgement = call.restrict(Judgement(CommandClass.CONFIRM, (_CHANGED_SHELL,)), text=command)
    title = f"Run in session {call.session.id} on {call.session.target.asset.id}: {command}"
    details = {"command": command, "session": call.session.id}
    refusal = await _ask(call, judgement, title=title, details=details)
    if refusal is not None:
        return refusal
    is_readonly = judgement.command_class is CommandClass.READONLY
    call.record(
        "session_command",
        is_durable=not is_readonly,
        command=redact(command)[:1000],
        command_sha256=hashlib.sha256(command.encode()).hexdigest(),
        **{"class": judgement.command_class.value},
    )
    shell.has_changed_shell = shell.has_changed_shell or not is_readonly
    keeps_effects = not is_readonly or only_changes_directory(command)
    view = await shell.execute(command, keeps_effects=keeps_effects, seconds=call.timeout_seconds)
    return answer_view(call.session, view, judgement=judgement)


async def send_input(call: SessionCall, text: str, *, has_enter: bool) -> SessionResult | InputRequiredResult:
    call.session.shell.check_running()
    # Who writes the line's end too means one Enter, not two.
    text = text.removesuffix("\n") if has_enter else text
    judgement = call.restrict(Judgement(CommandClass.CONFIRM, (_INPUT,)), text=text)
    as_command = classify(text)
    if as_command.command_class is CommandClass.BLOCKED:
        # The program may be a shell.
        judgement = Judgement(CommandClass.BLOCKED, (*as_command.reasons, _INPUT))
    enter = " and Enter" if has_enter else ""
    title = f"Type into session {call.session.id} on {call.session.target.asset.id}: {text}{enter}"
    details = {"input": text, "enter": has_enter, "session": call.session.id, "program": call.session.shell.command}
    notes = [_name_program(call), *(f"  > {line}" for line in call.session.shell.last_lines())]
    refusal = await _ask(call, judgement, title=title, details=details, notes=notes)
    if refusal is not None:
        return refusal
    call.record("session_input", is_durable=True, input_sha256=hashlib.sha256(text.encode()).hexdigest())
    call.session.shell.has_changed_shell = True
    view = await call.session.shell.input(text, has_enter=has_enter, seconds=call.timeout_seconds)
    return answer_view(call.session, view, judgement=judgement)


async def send_signal(call: SessionCall, name: str) -> SessionResult | InputRequiredResult:
    call.session.shell.check_running()
    judgement = Judgement(CommandClass.READONLY)
    if name not in FREE_SIGNALS:
        judgement = call.restrict(Judgement(CommandClass.CONFIRM, (_SIGNAL,)), text=name)
        title = f"Send {name} to what runs in session {call.session.id} on {call.session.target.asset.id}"
        details = {"signal": name, "session": call.session.id, "program": call.session.shell.command}
        notes = [_name_program(call)]
        refusal = await _ask(call, judgement, title=title, details=details, notes=notes)
        if refusal is not None:
            return refusal
    call.record("session_signal", is_durable=True, signal=name)
    view = await call.session.shell.signal(name, seconds=call.timeout_seconds)
    return answer_view(call.session, view, judgement=judgement)


def _name_program(call: SessionCall) -> str:
    return f"Program: {' '.join(call.session.shell.command.split())[:500]}"


async def _ask(
    call: SessionCall,
    judgement: Judgement,
    *,
    title: str,
    details: dict[str, Any],  # Any: JSON
    notes: list[str] | None = None,
) -> SessionResult | InputRequiredResult | None:
    """What ends the call: a refusal or the question. None when it may go on."""
    if judgement.command_class is CommandClass.READONLY:
        return None
    if judgement.command_class is CommandClass.BLOCKED:
        call.record("session_refused", is_durable=True, rules=[reason.rule for reason in judgement.reasons[:10]])
        return _not_done(call, "blocked", judgement, write_refusal(judgement))
    proposal = Proposal(
        tool=_TOOL,
        title=title,
        targets=[call.session.target],
        judgement=judgement,
        details=details,
        notes=notes or [],
        reason=call.reason,
    )
    decision = await ask_person(call.context, proposal)
    if isinstance(decision, InputRequiredResult):
        return decision
    if decision is Decision.APPROVED:
        return None
    if decision is Decision.DECLINED:
        return _not_done(call, "declined", judgement, DECLINED)
    return _not_done(call, "needs_approval", judgement, NEEDS_APPROVAL)


def _not_done(call: SessionCall, status: str, judgement: Judgement, message: str) -> SessionResult:
    return SessionResult.model_validate(
        {
            "status": status,
            "session": call.session.id,
            "asset": call.session.target.asset.id,
            "classification": judgement.command_class.value,
            "reasons": view_reasons(judgement.reasons),
            "message": message,
        }
    )


def answer_view(session: OpenSession, view: View, *, judgement: Judgement | None = None) -> SessionResult:
    return SessionResult(
        status=view.state.value,
        session=session.id,
        asset=session.target.asset.id,
        output=view.output,
        truncated=view.is_cut,
        exit_code=view.exit_code,
        directory=view.directory,
        classification=judgement.command_class.value if judgement else None,
        reasons=view_reasons(judgement.reasons) if judgement else [],
    )
