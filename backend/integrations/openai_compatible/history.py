"""Our history in the form the model library sends."""

import json
from collections.abc import Iterable, Sequence

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.tools import ToolDefinition

from backend.agent.domain import (
    AssistantMessage,
    HistoryMessage,
    ToolCall,
    ToolMessage,
    ToolOutcome,
    ToolSpec,
    ToolStatus,
    UserMessage,
)

PROVIDER = "openai-compatible"
_NOT_EXECUTED = "[not executed] This call was never run."


def to_model_messages(history: Sequence[HistoryMessage], *, reasoning_field: str | None) -> list[ModelMessage]:
    """Every tool call gets exactly one answer right after it: vendors refuse a history in which one is missing.

    Reasoning goes back, in the field it came in, only within the current turn: reasoning models that call tools refuse
    a turn without it, and older turns only cost tokens.
    """
    turn_start = max((index for index, item in enumerate(history) if isinstance(item, UserMessage)), default=0)
    answers = {item.call.id: item.outcome for item in history if isinstance(item, ToolMessage)}
    messages: list[ModelMessage] = []
    for index, item in enumerate(history):
        if isinstance(item, UserMessage):
            messages.append(ModelRequest(parts=[UserPromptPart(content=item.text)]))
        elif isinstance(item, AssistantMessage):
            parts = list(_response_parts(item, reasoning_field=reasoning_field if index > turn_start else None))
            if parts:
                messages.append(ModelResponse(parts=parts, provider_name=PROVIDER))
            if item.tool_calls:
                messages.append(
                    ModelRequest(parts=[_answer_part(call, answers.get(call.id)) for call in item.tool_calls])
                )
    return messages


def to_tool_definitions(tools: Iterable[ToolSpec]) -> list[ToolDefinition]:
    return [
        ToolDefinition(
            name=spec.name,
            description=spec.description,
            parameters_json_schema=dict(spec.input_schema),
            strict=False,
        )
        for spec in tools
    ]


def _response_parts(message: AssistantMessage, *, reasoning_field: str | None) -> Iterable[ModelResponsePart]:
    if message.reasoning and reasoning_field is not None:
        yield ThinkingPart(content=message.reasoning, id=reasoning_field, provider_name=PROVIDER)
    if message.text:
        yield TextPart(content=message.text)
    for call in message.tool_calls:
        yield ToolCallPart(tool_name=call.name, args=_sendable_arguments(call), tool_call_id=call.id)


def _sendable_arguments(call: ToolCall) -> str:
    """Vendors refuse the whole request when an old call holds broken JSON; its answer already tells what was wrong."""
    try:
        arguments = json.loads(call.arguments_text or "{}")
    except json.JSONDecodeError:
        return "{}"
    return call.arguments_text if isinstance(arguments, dict) and call.arguments_text else "{}"


def _answer_part(call: ToolCall, outcome: ToolOutcome | None) -> ToolReturnPart:
    if outcome is None:
        text = _NOT_EXECUTED
    else:
        text = outcome.text if outcome.status is ToolStatus.OK else f"[{outcome.status.value}] {outcome.text}"
    return ToolReturnPart(tool_name=call.name, content=text, tool_call_id=call.id)
