"""A model that writes at a steady rate, each word with the moment it was due."""

import asyncio
import json
import time
from typing import Self

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


class StampingModel:
    """Answers every request with the same number of words, all beginning when `begin` is set."""

    def __init__(self, *, events: int, per_second: float) -> None:
        self._events = events
        self._interval = 1 / per_second
        self.begin = asyncio.Event()
        self.asked = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        offset = self._interval * (self.asked * 0.618 % 1)  # runs do not write all in the same instant
        writer.write(_HEAD + _chunk({"role": "assistant", "content": ""}))
        await self.begin.wait()
        first = time.perf_counter() + offset
        for number in range(self._events):
            due = first + number * self._interval
            await asyncio.sleep(due - time.perf_counter())
            writer.write(_chunk({"content": f"<{due:.6f}>"}))
            await writer.drain()
        writer.write(_chunk({}, finish="stop") + b"data: [DONE]\n\n")
        await writer.drain()
        writer.close()


def _chunk(delta: dict[str, str], *, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "stamping", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n".encode()
