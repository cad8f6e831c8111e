"""SSH sessions that know their place in a pool and give it back when their channel is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import asyncssh

from ssh_mcp.commands.capture import OutputCapture, StreamName
from ssh_mcp.commands.domain import Exit
from ssh_mcp.commands.wrapping import MarkerFilter
from ssh_mcp.connections.pool import HostPool, Lease
from ssh_mcp.errors import ConnectionBroke, HostUnreachable

SshPool = HostPool[asyncssh.SSHClientConnection]
SshLease = Lease[asyncssh.SSHClientConnection]

CONTROL_SECONDS = 8.0
"""Limit for one of our own short scripts."""

_MAX_GATHERED_BYTES = 10_000
# Each refusal teaches the pool how many sessions the host allows.
_ATTEMPTS = 5


class NotBegun(Exception):
    """The host got nothing to run."""


class LeasedSession(asyncssh.SSHClientSession[bytes]):
    """One session; `closed` and `exited` are set by what the host sends."""

    def __init__(self) -> None:
        self.channel: asyncssh.SSHClientChannel[bytes] | None = None
        self.exited = asyncio.Event()
        self.closed = asyncio.Event()
        self.exit: Exit | None = None
        self.fault: Exception | None = None
        self.connection: asyncssh.SSHClientConnection | None = None
        self._place: tuple[SshPool, SshLease] | None = None

    def occupy(self, pool: SshPool, lease: SshLease) -> None:
        self._place = pool, lease
        self.connection = lease.connection

    def release(self) -> None:
        if self._place is not None:
            pool, lease = self._place
            self._place = None
            pool.give_back(lease)

    def abandon(self) -> None:
        """Close the channel, whatever still comes."""
        if self.channel is not None:
            self.channel.close()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self.channel = chan

    def exit_status_received(self, status: int) -> None:
        self.exit = Exit(code=status)
        self.exited.set()

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        self.exit = Exit(signal=signal, note="core dumped" if core_dumped else "")
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.fault = exc
        self.closed.set()
        self.exited.set()
        self.release()


class CommandSession(LeasedSession):
    """Feeds what a command writes into its capture."""

    def __init__(self, capture: OutputCapture, marker: MarkerFilter | None) -> None:
        super().__init__()
        self._capture = capture
        self._marker = marker
        self.was_marked = asyncio.Event()

    @property
    def is_wrapped(self) -> bool:
        return self._marker is not None

    @property
    def process_group(self) -> int | None:
        return self._marker.process_group if self._marker is not None else None

    @property
    def received_bytes(self) -> int:
        return self._capture.total_bytes

    def session_started(self) -> None:
        if self.channel is not None:
            self.channel.write_eof()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        name: StreamName = "stdout" if datatype is None else "stderr"
        if name == "stderr" and self._marker is not None:
            data = self._marker.feed(data)
            if self.process_group is not None:
                self.was_marked.set()
        self._capture.feed(name, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._marker is not None:
            self._capture.feed("stderr", self._marker.end())
        super().connection_lost(exc)


class GatheringSession(LeasedSession):
    """The short output of one of our own scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.output = bytearray()

    def session_started(self) -> None:
        if self.channel is not None:
            self.channel.write_eof()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if datatype is None and len(self.output) < _MAX_GATHERED_BYTES:
            self.output += data


@dataclass(frozen=True, slots=True)
class PtyRequest:
    """The terminal that a session asks for."""

    columns: int
    rows: int
    modes: Mapping[int, int]


SessionT = TypeVar("SessionT", bound=LeasedSession)


async def gather_output(session: GatheringSession, *, within_seconds: float) -> bytes:
    """What the script wrote until its end or the time limit."""
    try:
        async with asyncio.timeout(within_seconds):
            await session.closed.wait()
    except TimeoutError:
        session.abandon()
    return bytes(session.output)


async def run_on_connection(connection: asyncssh.SSHClientConnection, line: str) -> bytes:
    """The output of one of our own short scripts, outside of the pool's places; raise NotBegun."""
    session = GatheringSession()
    try:
        await connection.create_session(lambda: session, line, encoding=None)
    except (asyncssh.Error, OSError) as error:
        raise NotBegun(str(error)) from error
    return await gather_output(session, within_seconds=CONTROL_SECONDS)


async def begin_session(
    pool: SshPool, session: SessionT, line: str, *, name: str, pty: PtyRequest | None = None
) -> SessionT:
    """Start the line in a new session of the pool; again elsewhere while it did not begin."""
    failure: NotBegun | None = None
    for _ in range(_ATTEMPTS):
        try:
            return await _begin_once(pool, session, line, name=name, pty=pty)
        except NotBegun as error:
            failure = error
    raise HostUnreachable(f"{name} opens no session: {failure}.") from failure


async def _begin_once(pool: SshPool, session: SessionT, line: str, *, name: str, pty: PtyRequest | None) -> SessionT:
    lease = await pool.take()
    session.occupy(pool, lease)
    try:
        await lease.connection.create_session(
            lambda: session,
            line,
            encoding=None,
            term_type="dumb" if pty is not None else None,
            term_size=(pty.columns, pty.rows) if pty is not None else None,
            term_modes=pty.modes if pty is not None else None,
        )
    except asyncssh.ChannelOpenError as error:
        session.release()
        if session.channel is not None:
            # The session was there, and the host refused to run anything in it.
            raise HostUnreachable(f"{name} runs no commands for this account: {error.reason}.") from error
        pool.learn_limit(lease)
        raise NotBegun(error.reason or str(error)) from error
    except (asyncssh.Error, OSError) as error:
        pool.drop(lease)
        session.release()
        if session.channel is not None:
            raise ConnectionBroke(describe_break(name)) from error
        raise NotBegun(str(error)) from error
    except asyncio.CancelledError:
        # With a channel, the line may have been sent: then the caller has to end it.
        if session.channel is None:
            session.release()
        raise
    return session


def describe_break(name: str) -> str:
    return (
        f"The connection to {name} broke while the command ran: whether it took effect is not known. Look at the "
        "state before repeating it."
    )
