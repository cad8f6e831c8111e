"""A shell on a pseudo terminal of a host."""

from __future__ import annotations

import asyncssh

from ssh_mcp.connections.sessions import LeasedSession, NotBegun, PtyRequest, run_on_connection
from ssh_mcp.errors import ConnectionBroke
from ssh_mcp.terminals.interfaces import TerminalReader
from ssh_mcp.terminals.shell import COLUMNS, ROWS

TERMINAL_REQUEST = PtyRequest(COLUMNS, ROWS, {asyncssh.PTY_ECHO: 0})


class TerminalSession(LeasedSession):
    """Hands on what the terminal shows."""

    def __init__(self, reader: TerminalReader) -> None:
        super().__init__()
        self._reader = reader

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self._reader.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._reader.end()


class SshTerminal:
    """The terminal as a session uses it."""

    def __init__(self, name: str, session: TerminalSession, *, shell: str) -> None:
        self._name = name
        self._session = session
        self.shell = shell

    def write(self, data: bytes) -> None:
        channel = self._session.channel
        if channel is None or channel.is_closing():
            raise ConnectionBroke(f"The connection to {self._name} is gone; nothing was sent.")
        channel.write(data)

    def pause(self) -> None:
        if self._session.channel is not None:
            self._session.channel.pause_reading()

    def resume(self) -> None:
        if self._session.channel is not None:
            self._session.channel.resume_reading()

    async def run_beside(self, line: str) -> bytes:
        if self._session.connection is None:
            return b""
        try:
            return await run_on_connection(self._session.connection, line)
        except NotBegun as error:
            raise ConnectionBroke(f"The connection to {self._name} is gone; nothing was sent.") from error

    def close(self) -> None:
        self._session.abandon()
