"""ssh-session-manager: a shell that stays open between calls, for what ssh-execute cannot do."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import AfterValidator, Field

from mcp_kit.audit import current_caller
from mcp_kit.errors import ErrorKind, KindedToolError
from mcp_kit.results import structured_result
from ssh_mcp.results import SessionResult, SessionView
from ssh_mcp.state import SshState
from ssh_mcp.terminals.open_sessions import OpenSession
from ssh_mcp.tools.arguments import AccountName, AssetName, CommandText, WhyText, check_visible
from ssh_mcp.tools.execute import find_targets
from ssh_mcp.tools.progress import beating
from ssh_mcp.tools.session_steps import SessionCall, answer_view, exec_command, send_input, send_signal

TOOL = "ssh-session-manager"

Action = Literal["open", "exec", "input", "read", "signal", "list", "close"]
Signal = Literal["INT", "QUIT", "TSTP", "EOF", "TERM", "KILL"]

# Which arguments each action needs, and which it takes beside.
_NEEDED: dict[str, tuple[str, ...]] = {
    "open": ("asset",),
    "exec": ("session", "command"),
    "input": ("session", "text"),
    "read": ("session",),
    "signal": ("session", "signal"),
    "list": (),
    "close": ("session",),
}
_TAKEN: dict[str, tuple[str, ...]] = {"open": ("account",), "exec": ("reason",), "input": ("enter", "reason")}


async def manage_session(  # noqa: PLR0913, PLR0917  # one tool for all actions, so that the list of tools stays short
    ctx: Context[SshState],
    action: Annotated[Action, Field(description="open needs asset; all others but list need session.")],
    asset: AssetName | None = None,
    account: AccountName = None,
    session: Annotated[str | None, Field(max_length=40, description="Session id from action=open.")] = None,
    command: CommandText | None = None,
    text: Annotated[
        Annotated[str, Field(max_length=2000), AfterValidator(check_visible)] | None,
        Field(description="input: for the program that runs. Never a password."),
    ] = None,
    enter: Annotated[bool | None, Field(description="input: press Enter after it (default true).")] = None,
    signal: Annotated[Signal | None, Field(description="signal: INT is ctrl-c, EOF is ctrl-d.")] = None,
    timeout_seconds: Annotated[
        int, Field(ge=1, le=300, description="How long to wait for the end or new output.")
    ] = 30,
    reason: WhyText = None,
) -> Annotated[CallToolResult, SessionResult] | InputRequiredResult:
    """Keep a shell session open on a host for programs that ask questions, long running commands and steps that build
    on each other; ssh-execute is simpler for everything else. exec runs a command and returns its output, or status
    running; read looks again, input answers its question, signal INT stops it. Commands are judged as by ssh-execute;
    input is shown to a person first. Idle sessions end after 10 minutes."""
    given: dict[str, object] = {"asset": asset, "account": account, "session": session, "command": command}
    given |= {"text": text, "enter": enter, "signal": signal, "reason": reason}
    _check_arguments(action, {name for name, value in given.items() if value is not None})
    state = ctx.request_context.lifespan_context
    owner = current_caller()
    if action == "list":
        return _list(state, owner=owner)
    if action == "open":
        return await _open(state, str(asset), account=account, owner=owner)
    found = state.sessions.find(str(session), owner=owner)
    call = SessionCall(ctx, found, timeout_seconds=timeout_seconds, reason=reason)
    async with beating(ctx, lambda: f"{action} in session {found.id}"):
        match action:
            case "exec":
                result = await exec_command(call, str(command))
            case "input":
                result = await send_input(call, str(text), has_enter=enter is not False)
            case "signal":
                result = await send_signal(call, str(signal))
            case "read":
                result = answer_view(found, await found.shell.read(seconds=timeout_seconds))
            case "close":
                result = _close(state, found)
    return _finish(state, found, result)


def _check_arguments(action: str, given: set[str]) -> None:
    """A missing or surplus argument is told before anything happens."""
    needed, taken = set(_NEEDED[action]), {*_NEEDED[action], *_TAKEN.get(action, ())}
    missing, surplus = sorted(needed - given), sorted(given - taken)
    if missing or surplus:
        words = [f"needs {', '.join(missing)}"] if missing else []
        words += [f"does not take {', '.join(surplus)}"] if surplus else []
        raise KindedToolError(f"action={action} {' and '.join(words)}. Nothing was done.", kind=ErrorKind.BAD_ARGUMENTS)


async def _open(state: SshState, asset: str, *, account: str | None, owner: str) -> CallToolResult:
    (target,) = await find_targets(state, [asset], account=account)
    opened = await state.sessions.open(target, state.hosts.terminal_host(target.asset, target.account), owner=owner)
    state.audit.write(
        {
            "event": "session_opened",
            "tool": TOOL,
            "session": opened.id,
            "asset": target.asset.id,
            "account": target.account.name,
        }
    )
    result = SessionResult(
        status="idle",
        session=opened.id,
        asset=target.asset.id,
        message=f"Session {opened.id} is open as {target.account.name}; action=exec runs a command in it.",
    )
    return structured_result(result, text=result.message)


def _list(state: SshState, *, owner: str) -> CallToolResult:
    views = [
        SessionView(
            session=each.id,
            asset=each.target.asset.id,
            account=each.target.account.name,
            state=each.shell.state.value,
            open_seconds=each.shell.open_seconds,
        )
        for each in state.sessions.of(owner)
    ]
    lines = [f"{view.session} {view.account}@{view.asset} {view.state}, open {view.open_seconds} s" for view in views]
    return structured_result(
        SessionResult(status="listed", sessions=views), text="\n".join(lines) or "No session is open."
    )


def _close(state: SshState, session: OpenSession) -> SessionResult:
    last = answer_view(session, session.shell.look())
    recorded = state.sessions.close(session, reason="its user closed it")
    message = f"Closed. Recording: {recorded.file}" if recorded else "It was closed already."
    return last.model_copy(update={"status": "closed", "exit_code": None, "message": message})


def _finish(
    state: SshState, session: OpenSession, result: SessionResult | InputRequiredResult
) -> CallToolResult | InputRequiredResult:
    if isinstance(result, InputRequiredResult):
        return result
    if result.status == "closed":
        state.sessions.close(session, reason="its shell ended")
    return structured_result(result, text=_write(result))


def _write(result: SessionResult) -> str:
    lines = [result.output] if result.output else []
    if result.exit_code is not None:
        lines.append(f"[exit {result.exit_code} in {result.directory}]")
    if result.status == "running":
        lines.append("[still running; action=read looks again, input answers it, signal INT stops it]")
    if result.message:
        lines.append(f"[{result.message}]")
    return "\n".join(lines) or "[no output]"
