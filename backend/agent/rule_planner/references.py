"""What "it" means: the object that the session was last about."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from backend.agent.domain import AssistantMessage, HistoryMessage, ToolCall, ToolMessage
from backend.agent.rule_planner import words
from backend.agent.rule_planner.intents import Scope, Target


def recall_target(earlier: Sequence[HistoryMessage], *, stated: Scope) -> tuple[Target, Scope]:
    """The object of the newest tool call that named one, with its namespace unless the question states another.

    Several calls of one reply were made in the order of importance, so the first of them counts.
    """
    for call in _newest_calls(earlier):
        arguments = read_arguments(call)
        name = next((str(arguments[key]) for key in ("pod", "name", "object_name") if arguments.get(key)), None)
        if name is None or not words.is_object_name(name):
            continue
        namespace = arguments.get("namespace")
        scope = stated
        if not stated.is_stated and isinstance(namespace, str) and words.is_object_name(namespace):
            scope = Scope(namespace=namespace)
        return Target(names=(name,), is_certain=True, is_assumed=True), scope
    return Target(), stated


def read_arguments(call: ToolCall) -> dict[str, Any]:  # Any: JSON
    try:
        arguments = json.loads(call.arguments_text or "{}")
    except json.JSONDecodeError:
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _newest_calls(earlier: Sequence[HistoryMessage]) -> Iterator[ToolCall]:
    answered = {message.call.id for message in earlier if isinstance(message, ToolMessage)}
    for message in reversed(earlier):
        if isinstance(message, AssistantMessage):
            yield from (call for call in message.tool_calls if call.id in answered or not answered)
