"""The machine of the server itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from ssh_mcp.commands.capture import OutputCapture, StreamName
from ssh_mcp.commands.domain import HELD_OPEN, SURVIVED, Command, Exit
from ssh_mcp.commands.running import Reaper, check_shell
from ssh_mcp.commands.wrapping import (
    MarkerFilter,
    ShellProfile,
    make_tag,
    read_probe,
    split_line,
    wrap,
    write_probe,
    write_stop,
)
from ssh_mcp.errors import HostUnreachable
from ssh_mcp.terminals.interfaces import Terminal, TerminalReader
from ssh_mcp.terminals.local_terminal import open_local_terminal

OUTPUT_GRACE_SECONDS = 0.5
"""How long output is awaited after the end; a background process may hold it open for ever."""
_STOP_SECONDS = 8.0

# Everything else in the server's environment may be a secret of the server.
_PASSED_ON = frozenset({"HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TZ", "USER", "XDG_RUNTIME_DIR"})
_STREAMS: Mapping[int, StreamName] = {1: "stdout", 2: "stderr"}


def make_local_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What local commands see of the server's environment."""
    return {name: value for name, value in environment.items() if name in _PASSED_ON or name.startswith("LC_")}


class LocalHost:
    """Runs commands as the server's own user."""

    def __init__(self, *, reaper: Reaper, environment: Mapping[str, str] = os.environ) -> None:
        self._reaper = reaper
        self._environment = make_local_environment(environment)
        self._profile: ShellProfile | None = None

    async def start(self, command: Command, *, capture: OutputCapture) -> LocalProcess:
        tag = make_tag()
        profile = await self._find_profile()
        check_shell(command, profile, name="local")
        line = wrap(command.effective_text, tag=tag, profile=profile, guard_after_seconds=command.guard_after_seconds)
        starting = asyncio.ensure_future(self._start(split_line(line), tag=tag, capture=capture))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._reaper.stop_started(starting)
            raise

    async def open_terminal(self, reader: TerminalReader) -> Terminal:
        profile = await self._find_profile()
        return await open_local_terminal(
            profile.shell,
            reader=reader,
            environment=self._environment,
            run_beside=partial(_run_quietly, environment=self._environment),
        )

    async def _start(self, line: Sequence[str], *, tag: str, capture: OutputCapture) -> LocalProcess:
        try:
            transport, protocol = await asyncio.get_running_loop().subprocess_exec(
                lambda: _OutputProtocol(capture, MarkerFilter(tag)),
                *line,
                stdin=asyncio.subprocess.DEVNULL,
                cwd=self._environment.get("HOME") or "/",
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            raise HostUnreachable(f"local: the command could not be started: {error}") from error
        return LocalProcess(transport, protocol, tag=tag, environment=self._environment)

    async def _find_profile(self) -> ShellProfile:
        if self._profile is None:
            tag = make_tag()
            output = await _run_quietly(write_probe(tag), environment=self._environment)
            self._profile = read_probe(output, tag=tag)
        if self._profile is None:
            raise HostUnreachable("local: this machine has no POSIX shell (sh)")
        return self._profile


class LocalProcess:
    """A command under way on this machine."""

    def __init__(
        self,
        transport: asyncio.SubprocessTransport,
        protocol: _OutputProtocol,
        *,
        tag: str,
        environment: Mapping[str, str],
    ) -> None:
        self._transport = transport
        self._protocol = protocol
        self._tag = tag
        self._environment = environment

    async def wait(self) -> Exit:
        await self._protocol.exited.wait()
        try:
            await asyncio.wait_for(self._protocol.closed.wait(), OUTPUT_GRACE_SECONDS)
            note = ""
        except TimeoutError:
            self._close()
            note = HELD_OPEN
        code = self._transport.get_returncode()
        if code is not None and code < 0:
            return Exit(signal=signal.Signals(-code).name.removeprefix("SIG"), note=note)
        return Exit(code=code, note=note)

    async def stop(self) -> str:
        # The child leads a group and a session of its own, so its number is that of the group.
        line = write_stop(process_group=self._transport.get_pid(), tag=self._tag)
        output = await _run_quietly(line, environment=self._environment)
        self._close()
        return SURVIVED if b"left" in output else ""

    def _close(self) -> None:
        for number in _STREAMS:
            pipe = self._transport.get_pipe_transport(number)
            if pipe is not None:
                pipe.close()


class _OutputProtocol(asyncio.SubprocessProtocol):
    def __init__(self, capture: OutputCapture, marker: MarkerFilter) -> None:
        self._capture = capture
        self._marker = marker
        self._open_streams = set(_STREAMS)
        self.exited = asyncio.Event()
        self.closed = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        received = cast(bytes, data)  # a pipe without encoding
        self._capture.feed(_STREAMS[fd], self._marker.feed(received) if fd == 2 else received)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 2:
            self._capture.feed("stderr", self._marker.end())
        self._open_streams.discard(fd)
        if not self._open_streams:
            self.closed.set()

    def process_exited(self) -> None:
        self.exited.set()


async def _run_quietly(line: str, *, environment: Mapping[str, str]) -> bytes:
    """The output of one of our own short scripts."""
    process = await asyncio.create_subprocess_exec(
        *split_line(line),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        return b""
    return output
