"""The events of a run, in the shapes of AG-UI 1.0, as plain JSON objects.

What AG-UI has no word for travels as its CUSTOM event; those names are the constants below.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from backend.agent.domain import Json, Mode, Risk, TokenUsage, ToolOutcome
from backend.vocabulary.errors import Failure
from backend.vocabulary.language import Language

Event: TypeAlias = dict[str, Any]  # Any: the payload differs per event type
"""One AG-UI event: `type` and camelCase fields."""

RUN_INFO = "run-info"
TOOL_CALL_INFO = "tool-call-info"
TOOL_OUTCOME = "tool-outcome"
APPROVAL_REQUESTED = "approval-requested"
APPROVAL_DECIDED = "approval-decided"
MESSAGE_DISCARDED = "message-discarded"
NOTICE = "notice"
GROUNDING = "grounding"

TERMINAL_TYPES = frozenset({"RUN_FINISHED", "RUN_ERROR"})


def is_terminal(event: Event) -> bool:
    return event["type"] in TERMINAL_TYPES


def custom(name: str, value: Json) -> Event:
    return {"type": "CUSTOM", "name": name, "value": dict(value)}


def run_started(*, session_id: str, run_id: str) -> Event:
    return {"type": "RUN_STARTED", "threadId": session_id, "runId": run_id, "protocolVersion": "1.0"}


def run_info(*, turn_id: str, mode: Mode, model: str) -> Event:
    return custom(RUN_INFO, {"turnId": turn_id, "mode": mode, "model": model})


def run_finished(
    *,
    session_id: str,
    run_id: str,
    outcome: Json,
    usage: Sequence[Json] = (),
) -> Event:
    return {
        "type": "RUN_FINISHED",
        "threadId": session_id,
        "runId": run_id,
        "outcome": dict(outcome),
        "usage": [dict(entry) for entry in usage],
    }


def usage_entry(usage: TokenUsage, *, model: str) -> Json:
    return {
        "model": model,
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens + usage.output_tokens,
    }


def run_error(failure: Failure, *, language: Language) -> Event:
    return {
        "type": "RUN_ERROR",
        "message": failure.message,
        "code": failure.kind.value,
        "metadata": {"hint": failure.hint(language)},
    }


def step_started(name: str) -> Event:
    return {"type": "STEP_STARTED", "stepName": name}


def step_finished(name: str, *, usage: TokenUsage, model: str) -> Event:
    """A model reply is complete: without this event the reply counts as broken off."""
    return {"type": "STEP_FINISHED", "stepName": name, "metadata": {"usage": usage_entry(usage, model=model)}}


def text_start(message_id: str) -> Event:
    return {"type": "TEXT_MESSAGE_START", "messageId": message_id, "role": "assistant"}


def text_delta(message_id: str, delta: str) -> Event:
    return {"type": "TEXT_MESSAGE_CONTENT", "messageId": message_id, "delta": delta}


def text_end(message_id: str) -> Event:
    return {"type": "TEXT_MESSAGE_END", "messageId": message_id}


def text_message(message_id: str, text: str) -> list[Event]:
    """A whole text written by code, not streamed."""
    return [text_start(message_id), text_delta(message_id, text), text_end(message_id)]


def reasoning_start(message_id: str) -> list[Event]:
    return [
        {"type": "REASONING_START", "messageId": message_id},
        {"type": "REASONING_MESSAGE_START", "messageId": message_id, "role": "reasoning"},
    ]


def reasoning_delta(message_id: str, delta: str) -> Event:
    return {"type": "REASONING_MESSAGE_CONTENT", "messageId": message_id, "delta": delta}


def reasoning_end(message_id: str) -> list[Event]:
    return [
        {"type": "REASONING_MESSAGE_END", "messageId": message_id},
        {"type": "REASONING_END", "messageId": message_id},
    ]


def tool_call_start(call_id: str, *, name: str, parent_message_id: str) -> Event:
    return {
        "type": "TOOL_CALL_START",
        "toolCallId": call_id,
        "toolCallName": name,
        "parentMessageId": parent_message_id,
    }


def tool_call_args(call_id: str, delta: str) -> Event:
    return {"type": "TOOL_CALL_ARGS", "toolCallId": call_id, "delta": delta}


def tool_call_end(call_id: str) -> Event:
    return {"type": "TOOL_CALL_END", "toolCallId": call_id}


def tool_call_info(call_id: str, *, server: str, risk: Risk) -> Event:
    """The call is about to go to the server: from here on a change call may have had its effect."""
    return custom(TOOL_CALL_INFO, {"toolCallId": call_id, "server": server, "risk": risk.value})


def tool_result(call_id: str, outcome: ToolOutcome, *, language: Language) -> list[Event]:
    return [
        custom(
            TOOL_OUTCOME,
            {
                "toolCallId": call_id,
                "status": outcome.status.value,
                "structured": None if outcome.structured is None else dict(outcome.structured),
                "durationMs": outcome.duration_ms,
                "error": failure_value(outcome.failure, language=language),
            },
        ),
        {
            "type": "TOOL_CALL_RESULT",
            "messageId": f"result-{call_id}",
            "toolCallId": call_id,
            "content": outcome.text,
            "role": "tool",
        },
    ]


def failure_value(failure: Failure | None, *, language: Language) -> Json | None:
    if failure is None:
        return None
    return {"code": failure.kind.value, "message": failure.message, "hint": failure.hint(language)}


def message_discarded(*, message_ids: Sequence[str], tool_call_ids: Sequence[str]) -> Event:
    return custom(MESSAGE_DISCARDED, {"messageIds": list(message_ids), "toolCallIds": list(tool_call_ids)})


def notice(code: str, message: str) -> Event:
    return custom(NOTICE, {"code": code, "message": message})


def interrupt_outcome(approval: Mapping[str, Any]) -> Json:
    """The AG-UI interrupt that an open approval ends a run with; `approval` is its wire form."""
    return {
        "type": "interrupt",
        "interrupts": [
            {
                "id": approval["id"],
                "reason": "approval",
                "message": approval["question"],
                "toolCallId": approval["tool_call_id"],
                "expiresAt": approval["expires_at"],
            }
        ],
    }
