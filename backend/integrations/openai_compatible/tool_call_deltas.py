"""Puts streamed tool-call deltas together the way vendors send them, not the way the specification says."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import Choice, ChoiceDeltaToolCall
from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.messages import ModelResponseStreamEvent
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIStreamedResponse


@dataclass(slots=True)
class CallSoFar:
    """One tool call as far as it has arrived."""

    key: int
    index: int | None
    id: str
    name: str
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """One tool-call delta, whatever form it came in."""

    index: int | None
    id: str
    name: str
    arguments: str


class CallSorter:
    """Decides which call a delta belongs to.

    Seen in the field: parallel calls that all have index 0, calls without any index, the name repeated in every delta,
    empty ids, and one id for several calls.
    """

    def __init__(self) -> None:
        self._calls: list[CallSoFar] = []

    def place(self, delta: Delta) -> tuple[CallSoFar, bool]:
        """The call a delta continues, or a new one; the flag tells which."""
        existing = next((call for call in reversed(self._calls) if _continues(call, delta)), None)
        if existing is None:
            call = CallSoFar(key=len(self._calls), index=delta.index, id=delta.id, name=delta.name)
            self._calls.append(call)
            call.arguments = delta.arguments
            return call, True
        existing.id = existing.id or delta.id
        existing.name = existing.name or delta.name
        existing.arguments += delta.arguments
        return existing, False


def read_delta(raw: ChoiceDeltaToolCall) -> Delta:
    """Read a delta loosely: the SDK does not validate what vendors send."""
    function = raw.function
    arguments: object = getattr(function, "arguments", None)
    if arguments is not None and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    index: object = getattr(raw, "index", None)
    return Delta(
        index=index if isinstance(index, int) else None,
        id=str(getattr(raw, "id", None) or ""),
        name=str(getattr(function, "name", None) or ""),
        arguments=arguments or "",
    )


def _continues(call: CallSoFar, delta: Delta) -> bool:
    if delta.id and call.id and delta.id != call.id:
        return False
    if delta.index is not None and call.index is not None and delta.index != call.index:
        return False
    if not delta.name or not call.name:
        return True
    # A complete call followed by the same name and more arguments is the next call, not a continuation.
    return delta.name == call.name and not (delta.arguments.strip() and _is_complete(call.arguments))


def _is_complete(arguments: str) -> bool:
    try:
        return isinstance(json.loads(arguments), dict)
    except json.JSONDecodeError:
        return False


@dataclass
class SortingStreamedResponse(OpenAIStreamedResponse):
    """The library's stream with tool-call deltas sorted by us."""

    _sorter: CallSorter = field(default_factory=CallSorter, init=False)

    async def _validate_response(self) -> AsyncIterator[ChatCompletionChunk]:
        """Notice errors that vendors send as a chunk without the `error` object the SDK looks for."""
        async for chunk in super()._validate_response():
            stray = chunk.model_extra or {}
            said = next((stray[name] for name in ("message", "msg", "error_msg") if stray.get(name)), None)
            if not chunk.choices and chunk.usage is None and said:
                code = stray.get("code")
                raise ModelAPIError(
                    self.model_name, str(said), body=stray, provider_error_code=None if code is None else str(code)
                )
            yield chunk

    def _map_tool_call_delta(self, choice: Choice) -> Iterable[ModelResponseStreamEvent]:
        for raw in choice.delta.tool_calls or []:
            delta = read_delta(raw)
            call, is_new = self._sorter.place(delta)
            is_name_known = not is_new and call.name != delta.name
            yield from self._parts_manager.handle_tool_call_delta_events(
                vendor_part_id=("tool-call", call.key),
                tool_name=(delta.name or None) if is_new or is_name_known else None,
                args=delta.arguments or None,
                tool_call_id=(call.id or None) if is_new else None,
            )


class SortingChatModel(OpenAIChatModel):
    """The library's chat model that uses the sorting stream."""

    @property
    def _streamed_response_cls(self) -> type[OpenAIStreamedResponse]:
        return SortingStreamedResponse
