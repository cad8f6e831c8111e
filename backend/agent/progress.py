"""Where a turn stands, read from its event log alone.

This is what makes a run survive a crash: the log is folded into replies and calls, and the next
action follows from them, whatever prefix of the log was written before the process died.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Any

from backend.agent import events as ev
from backend.agent.domain import (
    AssistantMessage,
    Json,
    Risk,
    TokenUsage,
    ToolCall,
    ToolMessage,
    ToolOutcome,
    ToolStatus,
)
from backend.vocabulary.errors import ErrorKind, Failure


@dataclass(slots=True)
class CallProgress:
    """One tool call of a reply: asked for, perhaps sent, perhaps waiting for a person, perhaps answered."""

    id: str
    name: str
    arguments_text: str = ""
    is_started: bool = False
    risk: Risk | None = None
    approval: dict[str, Any] | None = None  # Any: JSON
    outcome: ToolOutcome | None = None

    def as_call(self) -> ToolCall:
        return ToolCall(id=self.id, name=self.name, arguments_text=self.arguments_text)


@dataclass(slots=True)
class ReplyProgress:
    """One model reply, complete or broken off."""

    step: str
    text: str = ""
    reasoning: str = ""
    message_ids: list[str] = field(default_factory=list)
    calls: list[CallProgress] = field(default_factory=list)
    is_complete: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    """The text by message id."""
    is_rejected: bool = False
    """A complete answer that was taken back, as it contradicts the results."""

    def as_message(self) -> AssistantMessage:
        return AssistantMessage(
            text=self.text, reasoning=self.reasoning, tool_calls=tuple(call.as_call() for call in self.calls)
        )


@dataclass(slots=True)
class TurnProgress:
    """A turn as its log tells it. `is_run_over` speaks of the newest run."""

    replies: list[ReplyProgress] = field(default_factory=list)
    usage: TokenUsage = field(default_factory=TokenUsage)
    run_usage: list[Json] = field(default_factory=list)
    is_run_started: bool = False
    is_run_over: bool = False
    written_texts: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    groundings: list[Json] = field(default_factory=list)
    mode: str | None = None
    model: str | None = None
    """Who answers, as the log last said."""

    @property
    def last_reply(self) -> ReplyProgress | None:
        return self.replies[-1] if self.replies else None

    def calls(self) -> Iterator[CallProgress]:
        for reply in self.replies:
            yield from reply.calls

    def open_calls(self) -> list[CallProgress]:
        reply = self.last_reply
        return [] if reply is None else [call for call in reply.calls if call.outcome is None]

    def tool_messages(self, reply: ReplyProgress) -> list[ToolMessage]:
        return [ToolMessage(call=call.as_call(), outcome=call.outcome or NOT_EXECUTED) for call in reply.calls]


NOT_EXECUTED = ToolOutcome(
    status=ToolStatus.DECLINED, text="Not executed: the person asked has not decided yet. Nothing was changed."
)


class Action(StrEnum):
    """What a run does next."""

    START = auto()
    CALL_MODEL = auto()
    DISCARD_REPLY = auto()
    RUN_TOOLS = auto()
    FINISH = auto()
    NOTHING = auto()


def choose_action(progress: TurnProgress) -> Action:
    """Decide the next action from the log alone; every prefix of a log has one."""
    if progress.is_run_over:
        return Action.NOTHING
    if not progress.is_run_started:
        return Action.START
    reply = progress.last_reply
    if reply is None:
        return Action.CALL_MODEL
    if not reply.is_complete:
        return Action.DISCARD_REPLY
    if progress.open_calls():
        return Action.RUN_TOOLS
    return Action.CALL_MODEL if reply.calls or reply.is_rejected else Action.FINISH


def read_progress(events: Iterable[ev.Event]) -> TurnProgress:
    """Fold the events of all runs of one turn, oldest first."""
    progress = TurnProgress()
    for event in events:
        handler = _HANDLERS.get(event["type"])
        if handler is not None:
            handler(progress, event)
    return progress


def _on_run_started(progress: TurnProgress, _event: ev.Event) -> None:
    progress.is_run_started, progress.is_run_over, progress.run_usage = True, False, []


def _on_run_over(progress: TurnProgress, _event: ev.Event) -> None:
    progress.is_run_started, progress.is_run_over = False, True


def _on_step_started(progress: TurnProgress, event: ev.Event) -> None:
    progress.replies.append(ReplyProgress(step=event["stepName"]))


def _on_step_finished(progress: TurnProgress, event: ev.Event) -> None:
    usage = event["metadata"]["usage"]
    progress.usage += TokenUsage(usage["inputTokens"], usage["outputTokens"])
    _add_usage(progress.run_usage, usage)
    if progress.replies:
        progress.replies[-1].is_complete = True


def _add_usage(entries: list[Json], usage: Json) -> None:
    """One entry per model; a reply that cost no tokens, as the rule planner's, is not listed."""
    if not usage["totalTokens"]:
        return
    for position, entry in enumerate(entries):
        if entry["model"] == usage["model"]:
            sums = {key: entry[key] + usage[key] for key in ("inputTokens", "outputTokens", "totalTokens")}
            entries[position] = {**entry, **sums}
            return
    entries.append(usage)


def _on_text(progress: TurnProgress, event: ev.Event) -> None:
    reply = progress.last_reply
    if reply is None or reply.is_complete:
        progress.written_texts.append(event["delta"])
    else:
        reply.text += event["delta"]
        reply.texts[event["messageId"]] = reply.texts.get(event["messageId"], "") + event["delta"]


def _on_message_start(progress: TurnProgress, event: ev.Event) -> None:
    reply = progress.last_reply
    if reply is not None and not reply.is_complete:
        reply.message_ids.append(event["messageId"])


def _on_reasoning(progress: TurnProgress, event: ev.Event) -> None:
    if progress.replies:
        progress.replies[-1].reasoning += event["delta"]


def _on_call_start(progress: TurnProgress, event: ev.Event) -> None:
    if progress.replies:
        progress.replies[-1].calls.append(CallProgress(id=event["toolCallId"], name=event["toolCallName"]))


def _on_call_args(progress: TurnProgress, event: ev.Event) -> None:
    call = _find_call(progress, event["toolCallId"])
    if call is not None:
        call.arguments_text += event["delta"]


def _on_call_result(progress: TurnProgress, event: ev.Event) -> None:
    call = _find_call(progress, event["toolCallId"])
    if call is not None and call.outcome is not None:
        call.outcome = _with_text(call.outcome, event["content"])


def _on_custom(progress: TurnProgress, event: ev.Event) -> None:
    name, value = event["name"], event["value"]
    if name == ev.MESSAGE_DISCARDED:
        dropped = set(value["messageIds"]) | set(value["toolCallIds"])
        progress.replies = [reply for reply in progress.replies if not _is_dropped(reply, dropped)]
        _reject_answer(progress, dropped)
        return
    if name == ev.NOTICE:
        progress.notices.append(value["code"])
    elif name == ev.RUN_INFO:
        progress.model, progress.mode = value["model"], value["mode"]
    elif name == ev.GROUNDING:
        progress.groundings.append(value)
    call_id = value.get("toolCallId") or value.get("tool_call_id")
    call = _find_call(progress, call_id) if call_id else None
    if call is None:
        return
    if name == ev.TOOL_CALL_INFO:
        call.is_started, call.risk = True, Risk(value["risk"])
    elif name == ev.TOOL_OUTCOME:
        call.outcome = _read_outcome(value)
    elif name == ev.APPROVAL_REQUESTED:
        # The server asked instead of acting: what was sent so far has changed nothing.
        call.approval, call.is_started = value, False
    elif name == ev.APPROVAL_DECIDED:
        call.approval = value


def _is_dropped(reply: ReplyProgress, dropped: set[str]) -> bool:
    if reply.is_complete:
        return False
    ids = {reply.step, *reply.message_ids, *(call.id for call in reply.calls)}
    return bool(ids & dropped)


def _reject_answer(progress: TurnProgress, dropped: set[str]) -> None:
    """A complete reply stays in the log for the record; it is no longer the answer."""
    reply = progress.last_reply
    if reply is not None and reply.is_complete and not reply.calls and dropped & set(reply.message_ids):
        reply.is_rejected = True


def _find_call(progress: TurnProgress, call_id: str) -> CallProgress | None:
    return next((call for call in progress.calls() if call.id == call_id), None)


def _read_outcome(value: Json) -> ToolOutcome:
    error = value.get("error")
    return ToolOutcome(
        status=ToolStatus(value["status"]),
        text="",
        structured=value.get("structured"),
        failure=None if error is None else Failure(kind=_read_kind(error["code"]), message=error["message"]),
        duration_ms=value["durationMs"],
    )


def _read_kind(code: str) -> ErrorKind:
    """A log written by a newer release may know kinds that this one does not."""
    return ErrorKind(code) if code in set(ErrorKind) else ErrorKind.INTERNAL


def _with_text(outcome: ToolOutcome, text: str) -> ToolOutcome:
    return ToolOutcome(
        status=outcome.status,
        text=text,
        structured=outcome.structured,
        failure=outcome.failure,
        duration_ms=outcome.duration_ms,
    )


_HANDLERS = {
    "RUN_STARTED": _on_run_started,
    "RUN_FINISHED": _on_run_over,
    "RUN_ERROR": _on_run_over,
    "STEP_STARTED": _on_step_started,
    "STEP_FINISHED": _on_step_finished,
    "TEXT_MESSAGE_START": _on_message_start,
    "TEXT_MESSAGE_CONTENT": _on_text,
    "REASONING_START": _on_message_start,
    "REASONING_MESSAGE_CONTENT": _on_reasoning,
    "TOOL_CALL_START": _on_call_start,
    "TOOL_CALL_ARGS": _on_call_args,
    "TOOL_CALL_RESULT": _on_call_result,
    "CUSTOM": _on_custom,
}
