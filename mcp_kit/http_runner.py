"""Serves an MCP server over streamable HTTP with checks on who may call, and ends quickly when told to."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, cast

import uvicorn
from mcp.server import MCPServer
from mcp.server.subscriptions import ListenHandler
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_kit.http_security import HttpSettings, protect

MCP_PATH = "/mcp"

# Running tool calls get this long to finish after the order to stop.
_GRACE_SECONDS = 3


class StreamGate:
    """Tells open event streams that the client left, once the server stops.

    A stream of the 2025 revisions stays open for as long as the client likes; without this, the order to stop
    would wait for it until the grace time is over.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._closing = asyncio.Event()

    def close(self) -> None:
        self._closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return

        async def receive_until_closing() -> Message:
            return await self._first_of(receive)

        await self._app(scope, receive_until_closing, send)

    async def _first_of(self, receive: Receive) -> Message:
        incoming = asyncio.ensure_future(receive())
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({incoming, closing}, return_when=asyncio.FIRST_COMPLETED)
            if incoming.done():
                return incoming.result()
            return {"type": "http.disconnect"}
        finally:
            incoming.cancel()
            closing.cancel()


class GracefulServer(uvicorn.Server):
    """Ends listen streams by the protocol first; otherwise the process would not stop while one is open."""

    def __init__(self, config: uvicorn.Config, *, server: MCPServer[Any], gate: StreamGate) -> None:
        super().__init__(config)
        self._mcp_server = server
        self._gate = gate

    async def startup(self, sockets: list[Any] | None = None) -> None:  # Any: socket type of uvicorn's signature
        await super().startup(sockets)
        for listener in self.servers:
            for socket in listener.sockets:
                host, port = socket.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                print(f"{self._mcp_server.name} ready http://{shown}:{port}{MCP_PATH}", file=sys.stderr, flush=True)

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        entry = self._mcp_server._lowlevel_server.get_request_handler("subscriptions/listen")
        if entry is not None:
            cast(ListenHandler, entry.handler).close()
        self._gate.close()
        await super().shutdown(sockets)


def serve_http(server: MCPServer[Any], *, settings: HttpSettings) -> None:  # Any: every lifespan state is served
    """Run until SIGINT or SIGTERM. Raises UnsafeBinding before anything is opened."""
    security = protect(settings)
    gate = StreamGate(server.streamable_http_app(streamable_http_path=MCP_PATH, transport_security=security))
    config = uvicorn.Config(
        gate,
        host=settings.host,
        port=settings.port,
        # httptools leaves trailing blanks in header values, which the protocol's header check refuses.
        http="h11",
        lifespan="on",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    GracefulServer(config, server=server, gate=gate).run()
