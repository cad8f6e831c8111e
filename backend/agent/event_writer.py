"""Writes a run's events in order, gathering text deltas so that the log does not cost a write per token."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import TracebackType

from backend.agent.events import Event

_DELTA_KEYS = {
    "TEXT_MESSAGE_CONTENT": "messageId",
    "REASONING_MESSAGE_CONTENT": "messageId",
    "TOOL_CALL_ARGS": "toolCallId",
}


class EventWriter:
    """Buffers emitted events and appends them at most every `interval_seconds`.

    A failing append ends the run: nothing is shown that is not stored.
    """

    def __init__(self, append: Callable[[Sequence[Event]], Awaitable[None]], *, interval_seconds: float) -> None:
        self._append = append
        self._interval_seconds = interval_seconds
        self._buffer: list[Event] = []
        self._lock = asyncio.Lock()
        self._has_events = asyncio.Event()
        self._flusher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "EventWriter":
        self._flusher = asyncio.create_task(self._flush_regularly())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._flusher is not None:
            self._flusher.cancel()
            [result] = await asyncio.gather(self._flusher, return_exceptions=True)
            if isinstance(result, Exception):
                raise result
        await self.flush()

    def emit(self, event: Event) -> None:
        last = self._buffer[-1] if self._buffer else None
        if last is not None and _continues(last, event):
            self._buffer[-1] = {**last, "delta": last["delta"] + event["delta"]}
        else:
            self._buffer.append(event)
        self._has_events.set()

    async def write(self, events: Iterable[Event]) -> None:
        """Emit and store at once."""
        for event in events:
            self.emit(event)
        await self.flush()

    async def flush(self) -> None:
        async with self._lock:
            self._has_events.clear()
            pending, self._buffer = self._buffer, []
            if pending:
                await self._append(pending)

    async def _flush_regularly(self) -> None:
        while True:
            await self._has_events.wait()
            # At once, so that the first words do not wait; what comes within the interval after them is gathered.
            has_deltas = any(event["type"] in _DELTA_KEYS for event in self._buffer)
            await asyncio.shield(self.flush())
            if has_deltas:
                await asyncio.sleep(self._interval_seconds)


def _continues(last: Event, event: Event) -> bool:
    key = _DELTA_KEYS.get(event["type"])
    return key is not None and last["type"] == event["type"] and last[key] == event[key]
