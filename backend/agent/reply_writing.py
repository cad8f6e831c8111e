"""Writes one streamed model reply into the log, so that it can be closed or dropped as a whole."""

from collections.abc import Callable, Sequence

from backend.agent import events as ev
from backend.agent.domain import (
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    TokenUsage,
    ToolCallDelta,
    ToolCallStarted,
)
from backend.agent.event_writer import EventWriter
from backend.agent.tool_call_repair import PrintedCall


class ReplyWriter:
    """One reply: opened by its first event, ended by `close` or `discard`."""

    def __init__(self, writer: EventWriter, *, new_id: Callable[[], str]) -> None:
        self._writer = writer
        self._new_id = new_id
        self.step = new_id()
        self._text_id: str | None = None
        self._reasoning_id: str | None = None
        self._message_ids: list[str] = []
        self._call_ids: dict[str, str] = {}
        """Ours by the model's: some vendors number the calls of every reply from zero."""

    def open(self) -> None:
        self._writer.emit(ev.step_started(self.step))

    def emit(self, event: ModelEvent) -> None:
        match event:
            case TextDelta(text=text):
                self._close_reasoning()
                if self._text_id is None:
                    self._text_id = self._open_message()
                    self._writer.emit(ev.text_start(self._text_id))
                self._writer.emit(ev.text_delta(self._text_id, text))
            case ReasoningDelta(text=text):
                if self._reasoning_id is None:
                    self._reasoning_id = self._open_message()
                    self._emit_all(ev.reasoning_start(self._reasoning_id))
                self._writer.emit(ev.reasoning_delta(self._reasoning_id, text))
            case ToolCallStarted(call_id=call_id, name=name):
                self._close_reasoning()
                self._close_text()
                self._call_ids[call_id] = self._new_id()
                self._writer.emit(ev.tool_call_start(self._call_ids[call_id], name=name, parent_message_id=self.step))
            case ToolCallDelta(call_id=call_id, arguments_delta=delta):
                self._writer.emit(ev.tool_call_args(self._call_ids[call_id], delta))
            case _:
                raise AssertionError(f"unexpected model event {event!r}")

    def emit_calls(self, calls: Sequence[PrintedCall]) -> None:
        for number, call in enumerate(calls):
            self.emit(ToolCallStarted(call_id=f"printed-{number}", name=call.name))
            self.emit(ToolCallDelta(call_id=f"printed-{number}", arguments_delta=call.arguments_text))

    def close(self, *, usage: TokenUsage, model: str) -> None:
        """The reply is complete; it counts once this is written."""
        self._close_reasoning()
        self._close_text()
        for call_id in self._call_ids.values():
            self._writer.emit(ev.tool_call_end(call_id))
        self._writer.emit(ev.step_finished(self.step, usage=usage, model=model))

    def discard(self) -> None:
        """Take back everything of this reply."""
        self._writer.emit(
            ev.message_discarded(message_ids=[self.step, *self._message_ids], tool_call_ids=[*self._call_ids.values()])
        )

    def _open_message(self) -> str:
        message_id = self._new_id()
        self._message_ids.append(message_id)
        return message_id

    def _close_reasoning(self) -> None:
        if self._reasoning_id is not None:
            self._emit_all(ev.reasoning_end(self._reasoning_id))
            self._reasoning_id = None

    def _close_text(self) -> None:
        if self._text_id is not None:
            self._writer.emit(ev.text_end(self._text_id))
            self._text_id = None

    def _emit_all(self, events: Sequence[ev.Event]) -> None:
        for event in events:
            self._writer.emit(event)
