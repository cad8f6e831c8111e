"""Opens the byte streams to one server, so that a fault stays the fault of one request."""

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

import httpx2
from mcp import StdioServerParameters
from mcp.client import Transport
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED

import backend
from backend.integrations.mcp_servers.config import HttpTarget, StdioTarget
from backend.integrations.mcp_servers.faults import NOT_SENT, REFUSED_ACCESS

_STDERR_LINES = 20
_STDERR_GRACE_SECONDS = 0.5


class StderrTail(asyncio.Protocol):
    """The last lines a child process wrote to its standard error."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_STDERR_LINES)
        self._rest = ""
        self._ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data.decode(errors="replace")).split("\n")
        self._lines.extend(line.rstrip() for line in lines if line.strip())
        self._rest = self._rest[-2000:]

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended.set()

    async def wait_for_end(self) -> None:
        """Return when the process has closed its end, or a short grace is over: a grandchild may hold it open."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), _STDERR_GRACE_SECONDS)

    def last_words(self) -> str:
        """The last lines in one, at most 600 characters."""
        lines = [*self._lines, self._rest.strip()]
        return " | ".join(line for line in lines if line)[-600:]


class SoftTransport(httpx2.AsyncHTTPTransport):
    """Answers network faults as JSON-RPC errors: one refused connection would otherwise end the whole client."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await super().handle_async_request(request)
            if response.headers.get("content-type", "").startswith("application/json"):
                # Read here, where a break becomes an error of this request; later it would end the client.
                await response.aread()
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return _json_rpc_error(
                NOT_SENT, f"cannot connect to {_origin(request)}: {str(error) or type(error).__name__}"
            )
        except httpx2.TransportError as error:
            return _json_rpc_error(CONNECTION_CLOSED, f"connection to {_origin(request)} broke: {type(error).__name__}")
        if response.status_code in {401, 403}:
            await response.aclose()
            return _json_rpc_error(REFUSED_ACCESS, f"{_origin(request)} answered HTTP {response.status_code}")
        return response


@asynccontextmanager
async def open_stdio(target: StdioTarget, *, stderr: StderrTail) -> AsyncIterator[Transport]:
    """A transport that starts the server when entered and collects what it writes to standard error."""
    async with _collect(stderr) as sink:
        yield stdio_client(_to_parameters(target), errlog=sink)


@asynccontextmanager
async def open_http(target: HttpTarget, *, read_timeout_seconds: float) -> AsyncIterator[Transport]:
    """A transport over streamable HTTP."""
    async with httpx2.AsyncClient(
        headers=dict(target.headers),
        timeout=httpx2.Timeout(30, read=read_timeout_seconds, connect=5),
        transport=SoftTransport(limits=httpx2.Limits(max_connections=128, max_keepalive_connections=20)),
    ) as client:
        yield streamable_http_client(target.url, http_client=client)


@asynccontextmanager
async def _collect(tail: StderrTail) -> AsyncIterator[TextIO]:
    read_end, write_end = os.pipe()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: tail, os.fdopen(read_end, "rb"))
    sink = os.fdopen(write_end, "w")
    try:
        yield sink
    finally:
        sink.close()
        try:
            await tail.wait_for_end()
        finally:
            transport.close()


def _to_parameters(target: StdioTarget) -> StdioServerParameters:
    """`python` means the interpreter the backend runs on, with the backend's own packages importable."""
    environment = dict(target.environment)
    command = target.command
    if command == "python":
        command = sys.executable
        if target.args[:1] == ("-m",):
            own = str(Path(backend.__file__).parents[1])
            environment.setdefault("PYTHONPATH", own)
    return StdioServerParameters(
        command=command,
        args=list(target.args),
        env=environment,
        cwd=target.working_directory,
        encoding_error_handler="replace",
    )


def _json_rpc_error(code: int, message: str) -> httpx2.Response:
    return httpx2.Response(503, json={"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}})


def _origin(request: httpx2.Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc.decode('ascii', errors='replace')}"
