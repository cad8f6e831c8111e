"""One model reply: streamed into the log, asked again after a passing fault, handed on when a model fails."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from backend.agent import events as ev
from backend.agent.domain import (
    HistoryMessage,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
)
from backend.agent.event_writer import EventWriter
from backend.agent.instructions import write_instructions
from backend.agent.interfaces import ModelClient, RunContext, ToolSource
from backend.agent.progress import TurnProgress
from backend.agent.settings import AgentSettings
from backend.vocabulary.errors import Failure, ModelError
from backend.vocabulary.language import Text

_log = logging.getLogger(__name__)

ASKED_AGAIN = Text(
    en="The model's reply broke off ({reason}); asked again.",
    zh="模型的回复中断了({reason}),已重新请求。",
)
TAKEN_OVER = Text(
    en="{model} could not answer ({reason}); {next} answers instead.",
    zh="{model} 无法回答({reason}),改由 {next} 回答。",
)


class ModelsExhausted(Exception):
    """Every model failed; `failure` is the last one's."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(slots=True)
class _OpenReply:
    """What one streamed reply has opened so far, so that it can be closed or dropped."""

    step: str
    text_id: str | None = None
    reasoning_id: str | None = None
    message_ids: list[str] = field(default_factory=list)
    call_ids: dict[str, str] = field(default_factory=dict)
    """Ours by the model's: some vendors number the calls of every reply from zero."""


class ModelCaller:
    """Calls the first model that answers."""

    def __init__(
        self,
        *,
        models: Sequence[ModelClient],
        tools: ToolSource,
        settings: AgentSettings,
        new_id: Callable[[], str],
    ) -> None:
        self._models = models
        self._tools = tools
        self._settings = settings
        self._new_id = new_id

    def describe_first(self, context: RunContext) -> ev.Event:
        return _describe(self._models[0], context=context)

    async def call(self, context: RunContext, *, history: tuple[HistoryMessage, ...], writer: EventWriter) -> None:
        """Write one complete reply; raise ModelsExhausted when no model could give one."""
        request = ModelRequest(
            instructions=write_instructions(context.language),
            history=history,
            tools=tuple(self._tools.tools()),
            language=context.language,
        )
        for position, model in enumerate(self._models):
            error = await self._call_with_retries(model, request=request, context=context, writer=writer)
            if error is None:
                return
            if position + 1 == len(self._models):
                raise ModelsExhausted(Failure(kind=error.kind, message=error.message))
            following = self._models[position + 1]
            text = TAKEN_OVER.in_language(context.language).format(
                model=model.name, reason=error.message, next=following.name
            )
            await writer.write([ev.notice("model-taken-over", text), _describe(following, context=context)])

    async def discard(self, progress: TurnProgress, *, context: RunContext, writer: EventWriter) -> None:
        """Drop a reply that a crash broke off; the model is asked again."""
        reply = progress.last_reply
        if reply is None:
            return
        reason = Text(en="the robot was restarted", zh="机器人重启").in_language(context.language)
        await writer.write(
            [
                ev.message_discarded(
                    message_ids=[reply.step, *reply.message_ids], tool_call_ids=[call.id for call in reply.calls]
                ),
                ev.notice("model-asked-again", ASKED_AGAIN.in_language(context.language).format(reason=reason)),
            ]
        )

    async def _call_with_retries(
        self, model: ModelClient, *, request: ModelRequest, context: RunContext, writer: EventWriter
    ) -> ModelError | None:
        for attempt in range(1, self._settings.model_attempts + 1):
            reply = _OpenReply(step=self._new_id())
            try:
                await self._stream(model, request=request, reply=reply, writer=writer)
            except ModelError as error:
                _log.warning("model %s failed (%s): %s", model.name, error.kind.value, error.message)
                await self._write_discard(reply, writer=writer)
                wait = self._choose_wait(error, attempt=attempt)
                if wait is None:
                    return error
                text = ASKED_AGAIN.in_language(context.language).format(reason=error.message)
                await writer.write([ev.notice("model-asked-again", text)])
                await asyncio.sleep(wait)
            else:
                return None
        raise AssertionError("the last attempt returns")

    def _choose_wait(self, error: ModelError, *, attempt: int) -> float | None:
        """Seconds before asking again, or None when asking again makes no sense."""
        if not error.is_retryable or attempt >= self._settings.model_attempts:
            return None
        named = error.retry_after_seconds
        if named is not None:
            return named if named <= self._settings.max_retry_seconds else None
        return min(self._settings.retry_seconds * 2.0 ** (attempt - 1), self._settings.max_retry_seconds)

    async def _stream(
        self, model: ModelClient, *, request: ModelRequest, reply: _OpenReply, writer: EventWriter
    ) -> None:
        writer.emit(ev.step_started(reply.step))
        async with aclosing(model.stream(request)) as stream:
            async for event in stream:
                if isinstance(event, ModelFinished):
                    self._close(reply, event, model=model, writer=writer)
                    await writer.flush()
                    return
                self._emit(event, reply=reply, writer=writer)

    def _emit(self, event: ModelEvent, *, reply: _OpenReply, writer: EventWriter) -> None:
        match event:
            case TextDelta(text=text):
                self._close_reasoning(reply, writer=writer)
                if reply.text_id is None:
                    reply.text_id = self._open_message(reply)
                    writer.emit(ev.text_start(reply.text_id))
                writer.emit(ev.text_delta(reply.text_id, text))
            case ReasoningDelta(text=text):
                if reply.reasoning_id is None:
                    reply.reasoning_id = self._open_message(reply)
                    for opening in ev.reasoning_start(reply.reasoning_id):
                        writer.emit(opening)
                writer.emit(ev.reasoning_delta(reply.reasoning_id, text))
            case ToolCallStarted(call_id=call_id, name=name):
                self._close_reasoning(reply, writer=writer)
                self._close_text(reply, writer=writer)
                reply.call_ids[call_id] = self._new_id()
                writer.emit(ev.tool_call_start(reply.call_ids[call_id], name=name, parent_message_id=reply.step))
            case ToolCallDelta(call_id=call_id, arguments_delta=delta):
                writer.emit(ev.tool_call_args(reply.call_ids[call_id], delta))
            case _:
                raise AssertionError(f"unexpected model event {event!r}")

    def _open_message(self, reply: _OpenReply) -> str:
        message_id = self._new_id()
        reply.message_ids.append(message_id)
        return message_id

    def _close(self, reply: _OpenReply, finished: ModelFinished, *, model: ModelClient, writer: EventWriter) -> None:
        self._close_reasoning(reply, writer=writer)
        self._close_text(reply, writer=writer)
        for call_id in reply.call_ids.values():
            writer.emit(ev.tool_call_end(call_id))
        writer.emit(ev.step_finished(reply.step, usage=finished.usage, model=model.name))

    @staticmethod
    def _close_reasoning(reply: _OpenReply, *, writer: EventWriter) -> None:
        if reply.reasoning_id is not None:
            for closing in ev.reasoning_end(reply.reasoning_id):
                writer.emit(closing)
            reply.reasoning_id = None

    @staticmethod
    def _close_text(reply: _OpenReply, *, writer: EventWriter) -> None:
        if reply.text_id is not None:
            writer.emit(ev.text_end(reply.text_id))
            reply.text_id = None

    @staticmethod
    async def _write_discard(reply: _OpenReply, *, writer: EventWriter) -> None:
        await writer.write(
            [
                ev.message_discarded(
                    message_ids=[reply.step, *reply.message_ids], tool_call_ids=[*reply.call_ids.values()]
                )
            ]
        )


def _describe(model: ModelClient, *, context: RunContext) -> ev.Event:
    return ev.run_info(turn_id=context.turn_id, mode=model.mode, model=model.name)
