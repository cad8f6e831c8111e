"""The command line every MCP server shares."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from mcp_kit.http_security import HttpSettings

Transport = Literal["stdio", "http"]


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    transport: Transport
    host: str
    port: int


def parse_options(
    arguments: Sequence[str], *, program: str, host: str, port: int, stdin_is_terminal: bool
) -> LaunchOptions:
    """Read the command line; started by a desktop client (no terminal) a server speaks stdio."""
    parser = argparse.ArgumentParser(prog=program, description="MCP server over stdio or streamable HTTP.")
    parser.add_argument("--transport", choices=("stdio", "http"), default="http" if stdin_is_terminal else "stdio")
    parser.add_argument("--host", default=host, help=f"address to listen on (default {host})")
    parser.add_argument("--port", type=_port, default=port, help=f"port, 0 for a free one (default {port})")
    parsed = parser.parse_args(arguments)
    return LaunchOptions(transport=cast(Transport, parsed.transport), host=parsed.host, port=parsed.port)


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port number (0 to 65535)")
    return number


def launch(server: MCPServer[Any], *, transport: Transport, http: HttpSettings) -> None:  # Any: every state
    """Serve until the client leaves (stdio) or a signal arrives (HTTP)."""
    if transport == "stdio":
        _serve_stdio(server)
        return
    from mcp_kit.http_runner import serve_http
    from mcp_kit.http_security import UnsafeBinding

    try:
        serve_http(server, settings=http)
    except UnsafeBinding as error:
        sys.exit(str(error))


def _serve_stdio(server: MCPServer[Any]) -> None:
    # A thread blocked in reading standard input cannot be woken, so signals end the process directly.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    server.run("stdio")
