"""Fits a history into a number of tokens: old tool results go first, then old turns are summarised."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from backend.agent.context.excerpts import count_lines
from backend.agent.context.token_estimate import estimate_tokens
from backend.agent.domain import AssistantMessage, HistoryMessage, ToolMessage, ToolSpec, UserMessage

_PER_MESSAGE = 6
"""Role, separators and ids around every message."""
_STUB_WORTH = 60
"""A result of fewer tokens than this is not worth replacing by a stub."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A history cut down to a budget. `elided` are the messages whose results were replaced by stubs."""

    history: tuple[HistoryMessage, ...]
    elided: tuple[ToolMessage, ...] = ()
    is_within: bool = True


def estimate_message(message: HistoryMessage) -> int:
    match message:
        case UserMessage(text=text):
            return _PER_MESSAGE + estimate_tokens(text)
        case AssistantMessage():
            calls = sum(8 + estimate_tokens(call.name + call.arguments_text) for call in message.tool_calls)
            return _PER_MESSAGE + estimate_tokens(message.text) + estimate_tokens(message.reasoning) + calls
        case ToolMessage():
            return _PER_MESSAGE + estimate_tokens(message.outcome.text)


def estimate_history(history: Iterable[HistoryMessage]) -> int:
    return sum(map(estimate_message, history))


def estimate_tools(tools: Iterable[ToolSpec]) -> int:
    return sum(
        12 + estimate_tokens(tool.name + tool.description) + estimate_tokens(json.dumps(dict(tool.input_schema)))
        for tool in tools
    )


def elide_results(history: Sequence[HistoryMessage], *, budget: int) -> Fitted:
    """Replace old tool results by one line each, oldest first, until the rest fits.

    The results the model has not yet read, those after its last reply, stay.
    """
    total = estimate_history(history)
    messages = list(history)
    elided: list[ToolMessage] = []
    unread = _find_unread(history)
    for position, message in enumerate(messages[:unread]):
        if total <= budget:
            break
        if not isinstance(message, ToolMessage):
            continue
        stub = _write_stub(message)
        saved = estimate_tokens(message.outcome.text) - estimate_tokens(stub.outcome.text)
        if saved >= _STUB_WORTH:
            messages[position] = stub
            elided.append(message)
            total -= saved
    return Fitted(history=tuple(messages), elided=tuple(elided), is_within=total <= budget)


def split_turns(history: Sequence[HistoryMessage]) -> tuple[Sequence[HistoryMessage], Sequence[HistoryMessage]]:
    """What came before the newest question, and the newest question with everything after it."""
    start = max((index for index, item in enumerate(history) if isinstance(item, UserMessage)), default=0)
    return history[:start], history[start:]


def choose_old_turns(
    history: Sequence[HistoryMessage], *, budget: int, summary_tokens: int
) -> tuple[Sequence[HistoryMessage], Sequence[HistoryMessage]]:
    """Which earlier turns must give way to a summary of so many tokens, and what stays; the newest question stays."""
    starts = [index for index, item in enumerate(history) if isinstance(item, UserMessage)]
    for start in starts[1:]:
        if estimate_history(history[start:]) + summary_tokens <= budget:
            return history[:start], history[start:]
    return split_turns(history)


def with_summary(summary: str, *, kept: Sequence[HistoryMessage]) -> tuple[HistoryMessage, ...]:
    """The summary stands as a question and its acknowledgement: some models insist on alternating roles."""
    return (UserMessage(text=summary), AssistantMessage(text="Noted."), *kept)


def _find_unread(history: Sequence[HistoryMessage]) -> int:
    return max((index for index, item in enumerate(history) if isinstance(item, AssistantMessage)), default=0)


def _write_stub(message: ToolMessage) -> ToolMessage:
    outcome = message.outcome
    text = (
        f"[left out to save space: {message.call.name}, {outcome.status.value}, {count_lines(outcome.text)} lines;"
        f" artifact {message.call.id} holds them, artifact-read shows them again]"
    )
    return replace(message, outcome=replace(outcome, text=text))
