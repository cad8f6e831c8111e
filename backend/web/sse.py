"""Server-sent events of a run: numbered, resumable, ended with the run."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from backend.agent.interfaces import Telemetry
from backend.features.chat.service import ChatService
from backend.vocabulary.errors import InvalidInput
from backend.vocabulary.language import Text

_log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15
SEND_TIMEOUT_SECONDS = 30
"""A client that takes nothing for this long is dropped; it reads on with Last-Event-ID."""


def read_position(request: Request, *, after: str | None) -> int:
    """Where a client wants to read on: its Last-Event-ID header, else `after`, else the start."""
    value = request.headers.get("last-event-id", after)
    if value is None or value == "":
        return 0
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise InvalidInput(
            Text(
                en=f"Last-Event-ID {value[:40]!r} is not a sequence number.",
                zh=f"Last-Event-ID {value[:40]!r} 不是序号。",
            ),
            hint=Text(en="Send the id of the last event received, or none.", zh="请发送最后收到的事件 id，或不发送。"),
        )
    return int(value)


async def check_position(chat: ChatService, run_id: str, *, after: int) -> None:
    """Raise NotFound for an unknown run and InvalidInput for an event that does not exist yet."""
    run = await chat.get_run(run_id)
    if after > run.last_seq:
        raise InvalidInput(
            Text(
                en=f"Event {after} does not exist; the newest is {run.last_seq}.",
                zh=f"事件 {after} 不存在；最新的事件是 {run.last_seq}。",
            ),
            hint=Text(en="Read from the start, without Last-Event-ID.", zh="请去掉 Last-Event-ID，从头读取。"),
        )


def stream_run(chat: ChatService, run_id: str, *, after: int, telemetry: Telemetry) -> "RunStream":
    """The events after a number as they are written."""
    return RunStream(chat.follow(run_id, after=after), telemetry=telemetry)


class RunStream(Response):
    """Batches of numbered events as one response body. LF separators: some clients split on nothing else.

    Written on bare ASGI: with hundreds of followers, what lies between an event and its socket is most of the cost.
    """

    media_type = "text/event-stream"

    def __init__(self, batches: AsyncGenerator[Sequence[tuple[int, str]]], *, telemetry: Telemetry) -> None:
        super().__init__(headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._batches = batches
        self._telemetry = telemetry
        self._sending_since: float | None = None
        """When the send began that has not come back yet."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Until the run is over, the client is gone or takes nothing, or the server stops."""
        is_stopping: Callable[[], bool] = getattr(scope["app"].state, "is_stopping", lambda: False)
        sending = asyncio.create_task(self._send_all(send, is_stopping=is_stopping))
        hanging_up = asyncio.create_task(_wait_for_disconnect(receive))
        try:
            done: set[asyncio.Task[None]] = set()
            while not done and not self._is_stuck():
                done, _ = await asyncio.wait(
                    {sending, hanging_up}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            sending.cancel()
            hanging_up.cancel()
            [result, _] = await asyncio.gather(sending, hanging_up, return_exceptions=True)
            await self._batches.aclose()
        if hanging_up not in done and isinstance(result, BaseException):
            _log.warning("a stream broke off: %r", result)
        if isinstance(result, Exception) and not isinstance(result, OSError):
            raise result

    def _is_stuck(self) -> bool:
        since = self._sending_since
        return since is not None and asyncio.get_running_loop().time() - since > SEND_TIMEOUT_SECONDS

    async def _send_all(self, send: Send, *, is_stopping: Callable[[], bool]) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        loop = asyncio.get_running_loop()
        sent_at = loop.time()
        with self._telemetry.open_stream():
            async for batch in self._batches:
                body = encode_events(batch)
                if not body and loop.time() - sent_at >= HEARTBEAT_SECONDS:
                    body = b": ping\n\n"
                if body:
                    self._sending_since = loop.time()
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                    self._sending_since = None
                    sent_at = loop.time()
                if is_stopping():
                    break
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def encode_events(batch: Sequence[tuple[int, str]]) -> bytes:
    return "".join([f"id: {seq}\ndata: {data}\n\n" for seq, data in batch]).encode()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
