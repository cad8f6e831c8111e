"""Folds a turn's event log into the blocks of its assistant message.

The page folds the live stream by the same rules; `tests/data/event_logs` holds both to them.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from backend.agent import events as ev
from backend.features.chat.domain import Message, MessageState, RunState, TurnRecord

Block: TypeAlias = dict[str, Any]  # Any: JSON


@dataclass(slots=True)
class Fold:
    """The assistant message of a turn while its log is read."""

    blocks: list[Block] = field(default_factory=list)
    state: MessageState = MessageState.STREAMING
    mode: Any = None  # Any: the wire's mode string
    model: str | None = None
    error: Block | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    notice_count: int = 0

    def find(self, kind: str, block_id: str) -> Block | None:
        return next((block for block in self.blocks if block["type"] == kind and block["id"] == block_id), None)


def fold_events(events: Iterable[ev.Event]) -> Fold:
    """Read all events of a turn, oldest first; unknown events are passed over."""
    fold = Fold()
    for event in events:
        fold_event(fold, event)
    return fold


def fold_event(fold: Fold, event: ev.Event) -> None:
    """Read one more event, for readers that follow a log while it grows."""
    name = event["name"] if event["type"] == "CUSTOM" else event["type"]
    handler = _HANDLERS.get(name)
    if handler is not None:
        handler(fold, event["value"] if event["type"] == "CUSTOM" else event)


def read_messages(turn: TurnRecord) -> list[Message]:
    """The user's message and, once a run has been started, the assistant's."""
    question = Message(
        id=f"{turn.id}-user",
        role="user",
        turn_id=turn.id,
        created_at=turn.created_at,
        blocks=[{"type": "text", "id": f"{turn.id}-text", "text": turn.message}],
    )
    if not turn.runs:
        return [question]
    newest = turn.runs[-1]
    fold = fold_events(turn.events)
    state = MessageState.STREAMING if newest.is_active else fold.state
    if newest.state is RunState.FAILED:
        state = MessageState.FAILED
    answer = Message(
        id=f"{turn.id}-assistant",
        role="assistant",
        turn_id=turn.id,
        created_at=newest.created_at,
        blocks=fold.blocks,
        state=state,
        run_id=newest.id,
        mode=fold.mode,
        model=fold.model,
        error=fold.error,
        usage={"input_tokens": fold.input_tokens, "output_tokens": fold.output_tokens},
    )
    return [question, answer]


def read_plain_text(events: Iterable[ev.Event]) -> str:
    """Only what the assistant said, for search, titles and export."""
    return "\n\n".join(block["text"] for block in fold_events(events).blocks if block["type"] == "text")


def _on_run_started(fold: Fold, _event: ev.Event) -> None:
    fold.state, fold.error = MessageState.STREAMING, None


def _on_run_info(fold: Fold, value: Block) -> None:
    fold.mode, fold.model = value["mode"], value["model"]


def _opens(kind: str) -> Callable[[Fold, ev.Event], None]:
    def handle(fold: Fold, event: ev.Event) -> None:
        if fold.find(kind, event["messageId"]) is None:
            fold.blocks.append({"type": kind, "id": event["messageId"], "text": ""})

    return handle


def _appends(kind: str) -> Callable[[Fold, ev.Event], None]:
    def handle(fold: Fold, event: ev.Event) -> None:
        block = fold.find(kind, event["messageId"])
        if block is not None:
            block["text"] += event["delta"]

    return handle


def _on_call_start(fold: Fold, event: ev.Event) -> None:
    fold.blocks.append(
        {
            "type": "tool_call",
            "id": event["toolCallId"],
            "name": event["toolCallName"],
            "server": None,
            "arguments": None,
            "arguments_text": "",
            "risk": None,
            "status": "streaming",
            "text": None,
            "structured": None,
            "duration_ms": None,
            "error": None,
        }
    )


def _on_call_args(fold: Fold, event: ev.Event) -> None:
    block = fold.find("tool_call", event["toolCallId"])
    if block is not None:
        block["arguments_text"] += event["delta"]


def _on_call_end(fold: Fold, event: ev.Event) -> None:
    block = fold.find("tool_call", event["toolCallId"])
    if block is not None:
        block["arguments"] = _read_object(block["arguments_text"])


def _on_call_info(fold: Fold, value: Block) -> None:
    block = fold.find("tool_call", value["toolCallId"])
    if block is not None:
        block.update(server=value["server"], risk=value["risk"], status="running")


def _on_outcome(fold: Fold, value: Block) -> None:
    block = fold.find("tool_call", value["toolCallId"])
    if block is not None:
        block.update(
            status=value["status"],
            structured=value["structured"],
            duration_ms=value["durationMs"],
            error=value["error"],
        )


def _on_result(fold: Fold, event: ev.Event) -> None:
    block = fold.find("tool_call", event["toolCallId"])
    if block is not None:
        block["text"] = event["content"]


def _on_approval_requested(fold: Fold, value: Block) -> None:
    fold.blocks.append(
        {"type": "approval", "id": value["id"], "tool_call_id": value["tool_call_id"], "approval": value}
    )
    call = fold.find("tool_call", value["tool_call_id"])
    if call is not None:
        call.update(server=value["server"], risk=value["risk"], status="awaiting_approval")


def _on_approval_decided(fold: Fold, value: Block) -> None:
    block = fold.find("approval", value["id"])
    if block is not None:
        block["approval"] = value


def _on_discarded(fold: Fold, value: Block) -> None:
    dropped = {*value["messageIds"], *value["toolCallIds"]}
    fold.blocks = [block for block in fold.blocks if block["id"] not in dropped]


def _on_grounding(fold: Fold, value: Block) -> None:
    for statement in value["statements"]:
        block = fold.find("text", statement["messageId"])
        if block is not None:
            block.setdefault("statements", []).append(
                {
                    "start": statement["start"],
                    "end": statement["end"],
                    "status": statement["status"],
                    "tool_call_ids": statement["toolCallIds"],
                    "detail": statement["detail"],
                }
            )


def _on_notice(fold: Fold, value: Block) -> None:
    fold.notice_count += 1
    fold.blocks.append(
        {"type": "notice", "id": f"notice-{fold.notice_count}", "code": value["code"], "message": value["message"]}
    )


def _on_run_finished(fold: Fold, event: ev.Event) -> None:
    outcome = (event.get("outcome") or {"type": "success"})["type"]
    fold.state = {
        "success": MessageState.COMPLETE,
        "interrupt": MessageState.INTERRUPTED,
        "cancelled": MessageState.CANCELLED,
    }[outcome]
    _add_usage(fold, event)
    _close_open_calls(fold)


def _on_run_error(fold: Fold, event: ev.Event) -> None:
    fold.state = MessageState.FAILED
    fold.error = {
        "code": event.get("code"),
        "message": event["message"],
        "hint": (event.get("metadata") or {}).get("hint"),
    }
    _add_usage(fold, event)
    _close_open_calls(fold)


def _add_usage(fold: Fold, event: ev.Event) -> None:
    for usage in event.get("usage") or []:
        fold.input_tokens += usage.get("inputTokens") or 0
        fold.output_tokens += usage.get("outputTokens") or 0


def _close_open_calls(fold: Fold) -> None:
    """A run that is over leaves no call at work, whatever its log lacks: a change that was sent may have happened."""
    for block in fold.blocks:
        if block["type"] == "tool_call" and block["status"] in {"streaming", "running"}:
            was_change_sent = block["status"] == "running" and block["risk"] != "read"
            block["status"] = "unknown" if was_change_sent else "cancelled"


def _read_object(text: str) -> Block | None:
    try:
        value = json.loads(text or "{}")
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


_HANDLERS: dict[str, Callable[[Fold, Any], None]] = {
    "RUN_STARTED": _on_run_started,
    "RUN_FINISHED": _on_run_finished,
    "RUN_ERROR": _on_run_error,
    "TEXT_MESSAGE_START": _opens("text"),
    "TEXT_MESSAGE_CONTENT": _appends("text"),
    "REASONING_MESSAGE_START": _opens("reasoning"),
    "REASONING_MESSAGE_CONTENT": _appends("reasoning"),
    "TOOL_CALL_START": _on_call_start,
    "TOOL_CALL_ARGS": _on_call_args,
    "TOOL_CALL_END": _on_call_end,
    "TOOL_CALL_RESULT": _on_result,
    ev.RUN_INFO: _on_run_info,
    ev.TOOL_CALL_INFO: _on_call_info,
    ev.TOOL_OUTCOME: _on_outcome,
    ev.APPROVAL_REQUESTED: _on_approval_requested,
    ev.APPROVAL_DECIDED: _on_approval_decided,
    ev.MESSAGE_DISCARDED: _on_discarded,
    ev.GROUNDING: _on_grounding,
    ev.NOTICE: _on_notice,
}
