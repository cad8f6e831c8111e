"""Makes one tool call and says what came of it; every failure is an outcome."""

import time
from typing import Any

from mcp import MCPError
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND, CallToolResult, InputRequiredResult

from backend.agent.domain import ConfirmationNeeded, Json, Risk, ServerState, ToolOutcome, ToolSpec
from backend.integrations.mcp_servers.faults import AccessRefused, CallLost, CallTimedOut, ServerDown
from backend.integrations.mcp_servers.questions import Question, UnanswerableQuestion, read_question
from backend.integrations.mcp_servers.results import failed, to_outcome, unknown
from backend.integrations.mcp_servers.server_pool import ServerPool
from backend.vocabulary.errors import ErrorKind

_NOTHING_DONE = "Nothing was done."


async def run_call(
    pool: ServerPool, spec: ToolSpec, *, arguments: Json, answer: Question | None
) -> ToolOutcome | ConfirmationNeeded:
    """Call the tool; `answer` is the yes that a stored question asked for."""
    is_trusted = pool.config.is_trusted
    started = time.perf_counter()
    try:
        with pool.calling():
            result = await _call_a_replica(pool, spec, arguments=arguments, answer=answer)
        return _read_result(result, spec=spec, is_trusted=is_trusted, duration_ms=_since(started))
    except (ServerDown, CallLost, CallTimedOut) as error:
        return _explain_silence(error, spec=spec, duration_ms=_since(started))
    except (AccessRefused, MCPError, UnanswerableQuestion) as error:
        return _explain_refusal(error, spec=spec, duration_ms=_since(started))
    except (RuntimeError, ValueError) as error:
        # The SDK's words for an answer that breaks the protocol or the tool's own output schema.
        return _explain_nonsense(error, spec=spec, duration_ms=_since(started))


async def _call_a_replica(
    pool: ServerPool, spec: ToolSpec, *, arguments: Json, answer: Question | None
) -> CallToolResult | InputRequiredResult | Question:
    """A read whose connection broke is asked of the next replica, and in the end once more of the one that comes back.

    A change never is: once it was sent, it may have taken effect. What was not sent may go elsewhere.
    """
    is_change = spec.risk is not Risk.READ
    was_connected = False
    for connection in pool.rank(spec.name):
        was_connected = was_connected or connection.state is ServerState.CONNECTED
        try:
            return await connection.call(spec.name, arguments=arguments, is_change=is_change, answer=answer)
        except ServerDown:
            continue
        except CallLost:
            if is_change:
                raise
    ranked = pool.rank(spec.name)
    if not ranked:
        raise ServerDown("no replica offers this tool any more")
    if was_connected:
        # It answered a moment ago: most likely it is being restarted.
        await ranked[0].wait_for_recovery()
    return await ranked[0].call(spec.name, arguments=arguments, is_change=is_change, answer=answer)


def to_state(question: Question, *, server: str) -> dict[str, Any]:  # Any: JSON
    """What brings a confirmed call back, from any process."""
    return {
        "server": server,
        "question": question.text,
        "answers": {key: dict(content) for key, content in question.answers.items()},
        "request_state": question.request_state,
        "is_legacy": question.is_legacy,
    }


def from_state(state: Json) -> Question:
    return Question(
        text=str(state.get("question", "")),
        answers=dict(state.get("answers") or {}),
        request_state=state.get("request_state"),
        is_legacy=bool(state.get("is_legacy")),
    )


def _read_result(
    result: CallToolResult | InputRequiredResult | Question, *, spec: ToolSpec, is_trusted: bool, duration_ms: int
) -> ToolOutcome | ConfirmationNeeded:
    if isinstance(result, CallToolResult):
        is_change = spec.risk is not Risk.READ
        return to_outcome(result, is_change=is_change, is_trusted=is_trusted, duration_ms=duration_ms)
    question = result if isinstance(result, Question) else read_question(result)
    return ConfirmationNeeded(
        question=question.text,
        state=to_state(question, server=spec.server),
        remember_key=question.remember_key if is_trusted else None,
        preview=question.preview if is_trusted else None,
    )


def _explain_silence(error: Exception, *, spec: ToolSpec, duration_ms: int) -> ToolOutcome:
    if isinstance(error, ServerDown):
        message = f"MCP server {spec.server!r} is not reachable: {error}. {_NOTHING_DONE}"
        return failed(ErrorKind.TOOL_SERVER_UNREACHABLE, message, duration_ms=duration_ms)
    is_late = isinstance(error, CallTimedOut)
    kind = ErrorKind.TOOL_FAILED if is_late else ErrorKind.TOOL_SERVER_UNREACHABLE
    reason = (
        f"{spec.name} on {spec.server!r} did not answer in time"
        if is_late
        else f"the connection to {spec.server!r} broke while {spec.name} was under way"
    )
    if spec.risk is not Risk.READ:
        return unknown(f"{reason} ({error})", kind=kind, duration_ms=duration_ms)
    return failed(kind, f"{reason} ({error}). Nothing was read.", duration_ms=duration_ms)


def _explain_refusal(error: Exception, *, spec: ToolSpec, duration_ms: int) -> ToolOutcome:
    if isinstance(error, AccessRefused):
        message = f"MCP server {spec.server!r} refuses our access: {error}. {_NOTHING_DONE}"
        return failed(ErrorKind.PERMISSION_DENIED, message, duration_ms=duration_ms)
    kind = ErrorKind.TOOL_FAILED
    if isinstance(error, MCPError):
        kind = _kind_of_code(error)
    return failed(kind, f"{spec.name} was refused: {error}. {_NOTHING_DONE}", duration_ms=duration_ms)


def _kind_of_code(error: MCPError) -> ErrorKind:
    if error.code == METHOD_NOT_FOUND or "unknown tool" in error.message.lower():
        return ErrorKind.TOOL_NOT_FOUND
    return ErrorKind.TOOL_BAD_ARGUMENTS if error.code == INVALID_PARAMS else ErrorKind.TOOL_FAILED


def _explain_nonsense(error: Exception, *, spec: ToolSpec, duration_ms: int) -> ToolOutcome:
    reason = f"{spec.name} on {spec.server!r} answered in a form that cannot be used: {str(error)[:500]}"
    if spec.risk is not Risk.READ:
        return unknown(reason, kind=ErrorKind.TOOL_FAILED, duration_ms=duration_ms)
    return failed(ErrorKind.TOOL_FAILED, reason, duration_ms=duration_ms)


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
