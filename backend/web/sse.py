"""Server-sent events of a run: numbered, resumable, ended with the run."""

from collections.abc import AsyncGenerator, AsyncIterator

from fastapi import Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from backend.agent.interfaces import Telemetry
from backend.features.chat.service import ChatService
from backend.vocabulary.errors import InvalidInput
from backend.vocabulary.language import Text

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
            hint=Text(en="Send the id of the last event received, or none.", zh="请发送最后收到的事件 id,或不发送。"),
        )
    return int(value)


async def check_position(chat: ChatService, run_id: str, *, after: int) -> None:
    """Raise NotFound for an unknown run and InvalidInput for an event that does not exist yet."""
    run = await chat.get_run(run_id)
    if after > run.last_seq:
        raise InvalidInput(
            Text(
                en=f"Event {after} does not exist; the newest is {run.last_seq}.",
                zh=f"事件 {after} 不存在;最新的事件是 {run.last_seq}。",
            ),
            hint=Text(en="Read from the start, without Last-Event-ID.", zh="请去掉 Last-Event-ID,从头读取。"),
        )


def stream_run(chat: ChatService, run_id: str, *, after: int, telemetry: Telemetry) -> EventSourceResponse:
    """The events after a number as they are written. LF separators: some clients split on nothing else."""
    return EventSourceResponse(
        _numbered(chat.follow(run_id, after=after), telemetry=telemetry),
        sep="\n",
        ping=HEARTBEAT_SECONDS,
        send_timeout=SEND_TIMEOUT_SECONDS,
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )


async def _numbered(
    batches: AsyncGenerator[list[tuple[int, str]]], *, telemetry: Telemetry
) -> AsyncIterator[ServerSentEvent]:
    with telemetry.open_stream():
        async for batch in batches:
            for seq, data in batch:
                yield ServerSentEvent(data=data, id=str(seq), sep="\n")
