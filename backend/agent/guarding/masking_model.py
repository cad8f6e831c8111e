"""A model that never sees real names: they are replaced on the way in and put back on the way out."""

import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from backend.agent.domain import (
    AssistantMessage,
    HistoryMessage,
    Mode,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolMessage,
    UserMessage,
)
from backend.agent.guarding.mask_kinds import MaskKind, MaskRules
from backend.agent.guarding.masking import Masking, NameRegistry, StreamUnmasker
from backend.agent.guarding.settings import MaskingSettings, split_list
from backend.agent.interfaces import ModelClient

_EXPLANATION = """\
- Words like ⟦host-3⟧, ⟦ip-12⟧, ⟦email-1⟧ and ⟦phone-2⟧ stand for real names that you are not shown. Treat them as \
names; write them exactly as they are, brackets included, in answers and tool arguments.
"""


def choose_masking(settings: MaskingSettings) -> Callable[[ModelClient], ModelClient]:
    """How to wrap a model. All models share one numbering, so that a fall-back reads what the first one wrote."""
    if not settings.enabled:
        return lambda model: model
    registry = NameRegistry()
    rules = MaskRules(
        kinds=frozenset(MaskKind(kind) for kind in split_list(settings.kinds)),
        host_names=split_list(settings.host_names),
        public_domains=split_list(settings.public_domains),
    )
    return lambda model: MaskingModel(model, rules=rules, registry=registry)


class MaskingModel:
    """Implements ModelClient over another one."""

    def __init__(self, model: ModelClient, *, rules: MaskRules, registry: NameRegistry) -> None:
        self._model = model
        self._rules = rules
        self._registry = registry

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def mode(self) -> Mode:
        return self._model.mode

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        masking = Masking(rules=self._rules, registry=self._registry)
        reply = _Reply(masking)
        async with aclosing(self._model.stream(_mask_request(request, masking))) as events:
            async for event in events:
                for unmasked in reply.read(event):
                    yield unmasked


class _Reply:
    """Unmasks one streamed reply. Arguments are held until they are whole: half a name is no valid argument."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._text = StreamUnmasker(masking)
        self._reasoning = StreamUnmasker(masking)
        self._arguments: dict[str, list[str]] = {}

    def read(self, event: ModelEvent) -> Iterator[ModelEvent]:
        match event:
            case TextDelta(text=text):
                yield from _deltas(ReasoningDelta, self._reasoning.finish())
                yield from _deltas(TextDelta, self._text.feed(text))
            case ReasoningDelta(text=text):
                yield from _deltas(ReasoningDelta, self._reasoning.feed(text))
            case ToolCallStarted(call_id=call_id):
                yield from self._finish_texts()
                self._arguments[call_id] = []
                yield event
            case ToolCallDelta(call_id=call_id, arguments_delta=delta):
                self._arguments[call_id].append(delta)
            case ModelFinished(message=message):
                yield from self._finish_texts()
                for call_id, pieces in self._arguments.items():
                    yield ToolCallDelta(call_id, self._masking.unmask("".join(pieces)))
                yield replace(event, message=_unmask_message(message, self._masking))

    def _finish_texts(self) -> Iterator[ModelEvent]:
        yield from _deltas(ReasoningDelta, self._reasoning.finish())
        yield from _deltas(TextDelta, self._text.finish())


def _deltas(kind: type[TextDelta] | type[ReasoningDelta], text: str) -> Iterator[ModelEvent]:
    if text:
        yield kind(text)


def _mask_request(request: ModelRequest, masking: Masking) -> ModelRequest:
    history = tuple(_mask_message(message, masking) for message in request.history)
    # They may quote an answer that was taken back.
    instructions = masking.mask(request.instructions)
    if masking.names:
        instructions += _EXPLANATION
    return replace(request, instructions=instructions, history=history)


def _mask_message(message: HistoryMessage, masking: Masking) -> HistoryMessage:
    match message:
        case UserMessage(text=text):
            return UserMessage(text=masking.mask(text))
        case ToolMessage(call=call, outcome=outcome):
            # The structured form stays behind: only the text goes to a model.
            return ToolMessage(
                call=_mask_call(call, masking), outcome=replace(outcome, text=masking.mask(outcome.text))
            )
        case AssistantMessage(text=text, reasoning=reasoning, tool_calls=calls):
            return AssistantMessage(
                text=masking.mask(text),
                reasoning=masking.mask(reasoning),
                tool_calls=tuple(_mask_call(call, masking) for call in calls),
            )


def _mask_call(call: ToolCall, masking: Masking) -> ToolCall:
    try:
        arguments = json.loads(call.arguments_text or "{}")
    except json.JSONDecodeError:
        return replace(call, arguments_text=masking.mask(call.arguments_text))
    return replace(call, arguments_text=json.dumps(_mask_json(arguments, masking), ensure_ascii=False))


def _mask_json(value: Any, masking: Masking) -> Any:  # Any: JSON of no fixed shape
    """Numbers too: a telephone number may be written as one."""
    if isinstance(value, str):
        return masking.mask(value)
    if isinstance(value, int) and not isinstance(value, bool):
        masked = masking.mask(str(value))
        return value if masked == str(value) else masked
    if isinstance(value, list):
        return [_mask_json(item, masking) for item in value]
    if isinstance(value, Mapping):
        return {masking.mask(key): _mask_json(item, masking) for key, item in value.items()}
    return value


def _unmask_message(message: AssistantMessage, masking: Masking) -> AssistantMessage:
    return AssistantMessage(
        text=masking.unmask(message.text),
        reasoning=masking.unmask(message.reasoning),
        tool_calls=tuple(
            replace(call, arguments_text=masking.unmask(call.arguments_text)) for call in message.tool_calls
        ),
    )
