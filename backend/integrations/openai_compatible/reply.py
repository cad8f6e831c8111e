"""Turns the model library's stream events into ours."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic_ai.messages import (
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)

from backend.agent.domain import (
    AssistantMessage,
    HistoryMessage,
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
)
from backend.integrations.openai_compatible.reasoning_tags import Piece, ReasoningTagSplitter
from backend.vocabulary.errors import ErrorKind, ModelError


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    arguments: str = ""


@dataclass(slots=True)
class ReplyAssembly:
    """Turns the library's events into ours and keeps the whole reply."""

    known_ids: set[str]
    reasoning_field: str | None = None
    _text: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)
    _calls: dict[int, _Call] = field(default_factory=dict)
    _splitter: ReasoningTagSplitter = field(default_factory=ReasoningTagSplitter)

    def translate(self, event: ModelResponseStreamEvent) -> Iterable[ModelEvent]:
        match event:
            case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                yield from self._emit(self._splitter.feed(text))
            case PartStartEvent(part=ThinkingPart(content=text, id=field_name)):
                self.reasoning_field = field_name
                yield from self._emit([("reasoning", text)])
            case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=text)):
                yield from self._emit([("reasoning", text or "")])
            case PartStartEvent(index=index, part=ToolCallPart() as part):
                call = _Call(id=self._choose_id(part.tool_call_id), name=part.tool_name)
                self._calls[index] = call
                yield ToolCallStarted(call_id=call.id, name=call.name)
                yield from self._add_arguments(index, part.args)
            case PartDeltaEvent(index=index, delta=ToolCallPartDelta(args_delta=arguments)):
                yield from self._add_arguments(index, arguments)
            case _:
                pass

    def flush(self, *, refusal: str) -> Iterable[ModelEvent]:
        """What is left at the end; a refusal comes in a field of its own and is the answer then."""
        yield from self._emit(self._splitter.finish())
        yield from self._emit([("text", refusal)])

    def build_message(self, *, model: str) -> AssistantMessage:
        """The whole reply; raise ModelError when there is none."""
        message = AssistantMessage(
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            tool_calls=tuple(
                ToolCall(id=call.id, name=call.name, arguments_text=call.arguments) for call in self._calls.values()
            ),
        )
        if not message.text.strip() and not message.tool_calls:
            raise ModelError(ErrorKind.MODEL_UNAVAILABLE, f"{model} sent an empty answer")
        return message

    def _emit(self, pieces: Iterable[Piece]) -> Iterable[ModelEvent]:
        for kind, text in pieces:
            if not text:
                continue
            if kind == "text":
                self._text.append(text)
                yield TextDelta(text)
            else:
                self._reasoning.append(text)
                yield ReasoningDelta(text)

    def _add_arguments(self, index: int, arguments: object) -> Iterable[ModelEvent]:
        call = self._calls.get(index)
        if call is not None and isinstance(arguments, str) and arguments:
            call.arguments += arguments
            yield ToolCallDelta(call_id=call.id, arguments_delta=arguments)

    def _choose_id(self, vendor_id: str) -> str:
        """The vendor's id unless it was used before in this session: several vendors count from zero in every reply."""
        taken = self.known_ids | {call.id for call in self._calls.values()}
        # Nine letters and digits is the one form that all vendors take back.
        return uuid.uuid4().hex[:9] if not vendor_id or vendor_id in taken else vendor_id


def find_call_ids(history: Iterable[HistoryMessage]) -> set[str]:
    return {call.id for item in history if isinstance(item, AssistantMessage) for call in item.tool_calls}
