"""A chat-completions server that plays a script over real HTTP on loopback.

    async with ScriptedModelServer(replies=[say("Hello"), too_many_requests(retry_after_seconds=1)]) as server:
        client = AsyncOpenAI(base_url=server.base_url, api_key="any")

Every request takes the next reply; a callable in place of the list chooses the reply from the request. All requests are
kept in `server.requests`. It is written on bare sockets, because connections must be cut and held half-way through an
answer.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

Chunk: TypeAlias = Mapping[str, Any]  # Any: chunks are JSON objects, often malformed on purpose

_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
}


@dataclass(frozen=True, slots=True)
class Send:
    """Send one server-sent event holding this JSON."""

    data: Chunk


@dataclass(frozen=True, slots=True)
class SendRaw:
    """Send these bytes as they are."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Hold:
    """Send nothing more until `release` is set or the client hangs up."""

    release: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class CutConnection:
    """Drop the TCP connection without ending the answer."""


Step: TypeAlias = Send | SendRaw | Hold | CutConnection


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer: a stream of steps, or a plain JSON body when `body` is given."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None  # Any: vendors send anything as an error body
    ends_with_done: bool = True

    def then(self, *steps: Step, ends_with_done: bool = True) -> "Reply":
        """The same reply with further steps."""
        return Reply(steps=(*self.steps, *steps), ends_with_done=ends_with_done)


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]  # Any: the request's JSON

    @property
    def messages(self) -> list[Mapping[str, Any]]:
        return list(self.body.get("messages", ()))

    @property
    def tool_names(self) -> list[str]:
        return [tool["function"]["name"] for tool in self.body.get("tools", ())]


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """One tool call a scripted reply asks for."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)  # Any: tool arguments; a string is sent as it is
    id: str = ""
    pieces: int = 3
    """Into how many deltas the arguments are split."""

    @property
    def arguments_text(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments, ensure_ascii=False)


def delta_chunk(delta: Chunk, *, finish_reason: str | None = None, **extra: Any) -> Send:
    """One chat.completion.chunk with this delta."""
    choice = {"index": 0, "delta": dict(delta), "finish_reason": finish_reason}
    return Send(_chunk(choices=[choice], **extra))


def usage_chunk(*, input_tokens: int, output_tokens: int) -> Send:
    """The last chunk of a stream that was asked to include usage: no choices."""
    usage = {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }
    return Send(_chunk(choices=[], usage=usage))


def say(
    text: str, *, reasoning: str = "", input_tokens: int = 11, output_tokens: int = 7, words_per_chunk: int = 1
) -> Reply:
    """Answer with text in several deltas, reasoning first."""
    return stream(*_reasoning_steps(reasoning), *text_steps(text, words_per_chunk=words_per_chunk)).then(
        delta_chunk({}, finish_reason="stop"),
        usage_chunk(input_tokens=input_tokens, output_tokens=output_tokens),
    )


def call_tools(
    *calls: ScriptedCall, text: str = "", reasoning: str = "", input_tokens: int = 13, output_tokens: int = 5
) -> Reply:
    """Ask for tools, arguments split over several deltas and the calls' deltas interleaved."""
    return stream(*_reasoning_steps(reasoning), *text_steps(text), *tool_call_steps(calls)).then(
        delta_chunk({}, finish_reason="tool_calls"),
        usage_chunk(input_tokens=input_tokens, output_tokens=output_tokens),
    )


def stream(*steps: Step, ends_with_done: bool = True) -> Reply:
    """A streamed answer made of exactly these steps after the opening role delta."""
    return Reply(steps=(delta_chunk({"role": "assistant", "content": ""}), *steps), ends_with_done=ends_with_done)


def cut_off(text: str) -> Reply:
    """Begin an answer and lose the connection."""
    return stream(*text_steps(text), CutConnection(), ends_with_done=False)


def stop_without_finish_reason(text: str) -> Reply:
    """End the stream cleanly, but without ever naming a finish reason."""
    return stream(*text_steps(text), ends_with_done=False)


def hold_after(text: str, *, hold: Hold | None = None) -> Reply:
    """Begin an answer and fall silent until `hold.release` is set or the client hangs up, then finish it."""
    return stream(*text_steps(text), hold or Hold(), delta_chunk({}, finish_reason="stop"))


def hold_before_headers(*, hold: Hold | None = None) -> Reply:
    """Accept the request and say nothing at all, not even a status line, until released."""
    return Reply(steps=(hold or Hold(),), headers={"x-hold-headers": "1"})


def error_chunk(message: str, *, code: str | int = "server_error", after: str = "") -> Reply:
    """Report an error inside a stream that began well."""
    error = {"error": {"message": message, "type": "server_error", "code": code}}
    return stream(*text_steps(after), Send(error), ends_with_done=False)


def refuse(
    status: int, *, message: str, code: str | int | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Answer with an HTTP error in OpenAI's form."""
    body = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
    return Reply(status=status, headers=headers or {}, body=body)


def too_many_requests(*, retry_after_seconds: float) -> Reply:
    """429 with Retry-After."""
    return refuse(
        429,
        message="Rate limit reached",
        code="rate_limit_exceeded",
        headers={"retry-after": f"{retry_after_seconds:g}"},
    )


def text_steps(text: str, *, words_per_chunk: int = 1) -> tuple[Step, ...]:
    """The content deltas of a text; joined they give exactly the text."""
    words = text.split(" ")
    groups = [words[start : start + words_per_chunk] for start in range(0, len(words), words_per_chunk)]
    pieces = [" ".join(group) for group in groups]
    spaced = [piece if index == 0 else f" {piece}" for index, piece in enumerate(pieces)]
    return tuple(delta_chunk({"content": piece}) for piece in spaced if piece)


def tool_call_steps(calls: Iterable[ScriptedCall]) -> tuple[Step, ...]:
    """The tool-call deltas: first every call's id and name, then the argument pieces of all calls in turn."""
    listed = list(calls)
    opening = [
        _tool_delta(index, id=call.id or f"call_{index}", name=call.name, arguments="")
        for index, call in enumerate(listed)
    ]
    rounds = max((call.pieces for call in listed), default=0)
    rest = [
        _tool_delta(index, arguments=_piece(call, part))
        for part in range(rounds)
        for index, call in enumerate(listed)
        if _piece(call, part)
    ]
    return (*opening, *rest)


class ScriptedModelServer:
    """Serves `POST …/chat/completions` and `GET …/models` on a free loopback port."""

    def __init__(self, *, replies: Sequence[Reply] | Callable[[RecordedRequest], Reply], port: int = 0) -> None:
        self._script = replies if callable(replies) else _in_turn(replies)
        self._port = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self.requests: list[RecordedRequest] = []
        self.hang_ups = 0
        """How often a client closed the connection before its answer was complete."""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait_for_requests(self, count: int, *, timeout_seconds: float = 10) -> None:
        """Return once so many requests arrived; raise TimeoutError."""
        await self._wait(lambda: len(self.requests) >= count, timeout_seconds=timeout_seconds)

    async def wait_for_hang_up(self, *, timeout_seconds: float = 10) -> None:
        """Return once a client closed an unfinished answer; raise TimeoutError."""
        await self._wait(lambda: self.hang_ups > 0, timeout_seconds=timeout_seconds)

    async def _wait(self, is_reached: Callable[[], bool], *, timeout_seconds: float) -> None:
        async with asyncio.timeout(timeout_seconds), self._changed:
            await self._changed.wait_for(is_reached)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            request = await _read_request(reader)
            await self._answer(request, reader=reader, writer=writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            await self._note_hang_up()
        finally:
            writer.close()

    async def _answer(
        self, request: RecordedRequest, *, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if request.method == "GET":
            await _send_json(writer, Reply(body={"object": "list", "data": [{"id": "scripted", "object": "model"}]}))
            return
        self.requests.append(request)
        async with self._changed:
            self._changed.notify_all()
        reply = self._script(request)
        if reply.body is not None:
            await _send_json(writer, reply)
            return
        await self._play(reply, reader=reader, writer=writer)

    async def _play(self, reply: Reply, *, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if "x-hold-headers" not in reply.headers:
            await _send_head(writer, reply)
        for step in reply.steps:
            match step:
                case Send(data=data):
                    await _send_event(writer, json.dumps(data, ensure_ascii=False))
                case SendRaw(data=raw):
                    await _send_bytes(writer, raw)
                case Hold(release=release):
                    if await _is_hung_up_before(release, reader=reader):
                        await self._note_hang_up()
                        return
                case CutConnection():
                    writer.transport.abort()
                    return
        if reply.ends_with_done:
            await _send_event(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _note_hang_up(self) -> None:
        self.hang_ups += 1
        async with self._changed:
            self._changed.notify_all()


def _in_turn(replies: Sequence[Reply]) -> Callable[[RecordedRequest], Reply]:
    remaining = iter(replies)
    exhausted = refuse(500, message="The script has no further reply")
    return lambda _: next(remaining, exhausted)


def _chunk(**fields: Any) -> Chunk:
    return {"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted", **fields}


def _tool_delta(index: int, *, arguments: str, id: str | None = None, name: str | None = None) -> Send:
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    call: dict[str, Any] = {"index": index, "function": function}
    if id is not None:
        call |= {"id": id, "type": "function"}
    return delta_chunk({"tool_calls": [call]})


def _piece(call: ScriptedCall, part: int) -> str:
    text = call.arguments_text
    size = max(1, -(-len(text) // max(1, call.pieces)))
    return text[part * size : (part + 1) * size]


def _reasoning_steps(reasoning: str) -> tuple[Step, ...]:
    return tuple(delta_chunk({"reasoning_content": f"{word} "}) for word in reasoning.split(" ") if word)


async def _read_request(reader: asyncio.StreamReader) -> RecordedRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *header_lines = head.split("\r\n")
    method, path, _ = request_line.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in header_lines if line)}
    content = await reader.readexactly(int(headers.get("content-length", "0")))
    return RecordedRequest(method=method, path=path, headers=headers, body=json.loads(content) if content else {})


async def _send_head(writer: asyncio.StreamWriter, reply: Reply) -> None:
    fields = {
        "content-type": "text/event-stream",
        "transfer-encoding": "chunked",
        "connection": "close",
        **reply.headers,
    }
    writer.write(_head(reply.status, fields))
    await writer.drain()


async def _send_json(writer: asyncio.StreamWriter, reply: Reply) -> None:
    text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body, ensure_ascii=False)
    content = text.encode()
    fields = {"content-type": "application/json", "content-length": str(len(content)), "connection": "close"}
    writer.write(_head(reply.status, {**fields, **reply.headers}) + content)
    await writer.drain()


def _head(status: int, fields: Mapping[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}",
        *(f"{name}: {value}" for name, value in fields.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _send_event(writer: asyncio.StreamWriter, data: str) -> None:
    await _send_bytes(writer, f"data: {data}\n\n".encode())


async def _send_bytes(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
    await writer.drain()


async def _is_hung_up_before(release: asyncio.Event, *, reader: asyncio.StreamReader) -> bool:
    released = asyncio.ensure_future(release.wait())
    hung_up = asyncio.ensure_future(reader.read(1))
    await asyncio.wait({released, hung_up}, return_when=asyncio.FIRST_COMPLETED)
    is_released = released.done()
    for waiting in (released, hung_up):
        waiting.cancel()
    await asyncio.gather(released, hung_up, return_exceptions=True)
    return not is_released
