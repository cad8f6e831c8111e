"""Commands on one host over SSH."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from ssh_mcp.commands.capture import OutputCapture
from ssh_mcp.commands.domain import HELD_OPEN, SURVIVED, Command, Exit
from ssh_mcp.commands.running import Reaper, check_shell
from ssh_mcp.commands.wrapping import (
    MarkerFilter,
    ShellProfile,
    make_tag,
    read_probe,
    wrap,
    write_probe,
    write_stop,
)
from ssh_mcp.connections.sessions import (
    CONTROL_SECONDS,
    CommandSession,
    GatheringSession,
    NotBegun,
    SshPool,
    begin_session,
    describe_break,
    gather_output,
    run_on_connection,
)
from ssh_mcp.connections.ssh_terminal import TERMINAL_REQUEST, SshTerminal, TerminalSession
from ssh_mcp.errors import AccessRefused, ConnectionBroke, HostUnreachable
from ssh_mcp.terminals.interfaces import Terminal, TerminalReader
from ssh_mcp.terminals.shell import write_start

_MARKER_SECONDS = 1.0
_NO_STATUS = "the host reported no exit status"
_MAY_RUN_ON = "the command was abandoned; on the host it may still be running"

# Output is awaited after the end: what is under way arrives at once, a background process may hold it open for ever.
_QUIET_SECONDS = 0.5
_DRAIN_SECONDS = 5.0


class SshHost:
    """Runs commands over pooled connections."""

    def __init__(self, name: str, pool: SshPool, *, reaper: Reaper, is_bastion: bool = False) -> None:
        self._name = name
        self._pool = pool
        self._reaper = reaper
        # A bastion judges the text it is sent, so it gets the command as it is, without our wrapping.
        self._is_bastion = is_bastion
        self._has_probed = is_bastion
        self._profile: ShellProfile | None = None
        self._probing = asyncio.Lock()

    @property
    def has_foreign_shell(self) -> bool:
        """Whether it is known to have no POSIX shell: the rules do not hold there."""
        return self._has_probed and self._profile is None and not self._is_bastion

    async def start(self, command: Command, *, capture: OutputCapture) -> SshProcess:
        profile = await self._find_profile()
        if not self._is_bastion:
            check_shell(command, profile, name=self._name)
        tag = make_tag()
        line = command.effective_text
        marker = None
        if profile is not None:
            line = wrap(line, tag=tag, profile=profile, guard_after_seconds=command.guard_after_seconds)
            marker = MarkerFilter(tag)
        session = CommandSession(capture, marker)
        process = SshProcess(self._name, session, tag=tag, is_bastion=self._is_bastion)
        try:
            await begin_session(self._pool, session, line, name=self._name)
        except asyncio.CancelledError:
            if session.channel is not None:
                self._reaper.stop(process)
            raise
        return process

    async def open_terminal(self, reader: TerminalReader) -> Terminal:
        profile = await self._find_profile()
        if profile is None:
            raise HostUnreachable(f"{self._name} has no POSIX shell, so there are no sessions on it; use ssh-execute.")
        session = TerminalSession(reader)
        await begin_session(self._pool, session, write_start(profile.shell), name=self._name, pty=TERMINAL_REQUEST)
        return SshTerminal(self._name, session, shell=profile.shell)

    async def check(self) -> None:
        """Raise HostUnreachable when the host does not let us in."""
        async with self._pool.session():
            return

    async def _find_profile(self) -> ShellProfile | None:
        """None for a host without a POSIX shell: it gets commands as they are."""
        async with self._probing:
            if not self._has_probed:
                tag = make_tag()
                session = await begin_session(self._pool, GatheringSession(), write_probe(tag), name=self._name)
                output = await gather_output(session, within_seconds=CONTROL_SECONDS)
                self._profile, self._has_probed = read_probe(output, tag=tag), True
        return self._profile


class SshProcess:
    """A command under way on a host."""

    def __init__(self, name: str, session: CommandSession, *, tag: str, is_bastion: bool) -> None:
        self._name = name
        self._session = session
        self._tag = tag
        self._is_bastion = is_bastion

    async def wait(self) -> Exit:
        session = self._session
        await session.exited.wait()
        if session.exit is not None:
            is_drained = await self._drain()
            return session.exit if is_drained else replace(session.exit, note=HELD_OPEN)
        if session.fault is not None:
            raise ConnectionBroke(describe_break(self._name)) from session.fault
        if self._is_bastion and not session.received_bytes:
            raise AccessRefused(f"The bastion did not let the command through to {self._name}: it gave no answer.")
        return Exit(note=_NO_STATUS)

    async def stop(self) -> str:
        session = self._session
        note = await self._end_processes() if session.is_wrapped else _MAY_RUN_ON
        session.abandon()
        return note

    async def _drain(self) -> bool:
        """Read on while something comes; False when the output is still open then."""
        session = self._session
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not session.closed.is_set():
                    before = session.received_bytes
                    try:
                        await asyncio.wait_for(session.closed.wait(), _QUIET_SECONDS)
                    except TimeoutError:
                        if session.received_bytes == before:
                            break
        except TimeoutError:
            pass
        if not session.closed.is_set():
            session.abandon()
            return False
        return True

    async def _end_processes(self) -> str:
        connection = self._session.connection
        if connection is None:
            return _MAY_RUN_ON
        with suppress(TimeoutError):
            await asyncio.wait_for(self._session.was_marked.wait(), _MARKER_SECONDS)
        # On the same connection, beyond the places of the pool: when all are taken, stopping matters most.
        line = write_stop(process_group=self._session.process_group, tag=self._tag)
        try:
            output = await run_on_connection(connection, line)
        except NotBegun:
            return _MAY_RUN_ON
        return SURVIVED if b"left" in output else ""
