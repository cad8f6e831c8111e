"""One SSH session on a simulated host: a single command, or an interactive shell on a terminal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import asyncssh

from simulator.hosts.commands.catalogue import COMMANDS
from simulator.hosts.machine.host import Host
from simulator.hosts.machine.processes import Process
from simulator.hosts.shell.conversation import Conversation
from simulator.hosts.shell.interpreter import Shell, Streams
from simulator.hosts.shell.state import login_state
from simulator.hosts.shell.streams import Forwarding
from simulator.hosts.shell.terminal import Terminal, TypedInput

logger = logging.getLogger(__name__)
_MIB = 1024 * 1024
_SIGNAL_NAMES = {1: "HUP", 2: "INT", 3: "QUIT", 9: "KILL", 15: "TERM"}
_SIGNAL_NUMBERS = {name: number for number, name in _SIGNAL_NAMES.items()}


class HostSession(asyncssh.SSHServerSession[str]):
    """Runs what a client asks for, as a process of the host that a signal can end."""

    def __init__(self, host: Host, *, user: str, on_close: Callable[[], None]) -> None:
        self._host = host
        self._user = user
        self._on_close = on_close
        self._channel: asyncssh.SSHServerChannel[str] | None = None
        self._command: str | None = None
        self._terminal: Terminal | None = None
        self._terminal_type = ""
        self._input = TypedInput()
        self._conversation: Conversation | None = None
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended_by = 0

    # -- what the client asks for

    def connection_made(self, chan: asyncssh.SSHServerChannel[str]) -> None:
        self._channel = chan

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        del term_size
        self._terminal_type = term_type
        self._terminal = Terminal(show=self._write, interrupt=self._interrupt)
        self._terminal.echoes = bool(term_modes.get(asyncssh.PTY_ECHO, 1))
        self._input = self._terminal.input
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: str, datatype: asyncssh.DataType) -> None:
        del datatype
        if self._terminal is not None:
            self._terminal.press(data)
        else:
            self._input.feed(data)

    def eof_received(self) -> bool:
        self._input.end()
        return True

    def break_received(self, msec: int) -> bool:
        del msec
        self._interrupt()
        return True

    def signal_received(self, signal: str) -> None:
        if self._process is not None:
            self._host.processes.signal(self._process, _SIGNAL_NUMBERS.get(signal, 15))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._channel = None
        self._on_close()
        if self._task is not None:
            self._task.cancel()

    # -- what runs

    async def _serve(self) -> None:
        process = self._process = self._register()
        process.on_end = self._end_by_signal
        try:
            status = await self._run(self._make_shell(process))
            if self._ended_by:
                # Its last command was the one that killed it.
                raise asyncio.CancelledError
            self._exit(status)
        except asyncio.CancelledError:
            if self._channel is not None:
                self._channel.exit_with_signal(_SIGNAL_NAMES.get(self._ended_by, "TERM"))
        except Exception:
            # One broken command must not take the server down; the client sees a failed command.
            logger.exception("a command on %s failed: %s", self._host.name, self._command)
            self._exit(70)
        finally:
            process.on_end = None
            self._host.processes.end(process)

    async def _run(self, shell: Shell) -> int:
        if self._terminal is not None:
            streams = Streams(self._input, self._terminal, self._terminal)
        else:
            streams = Streams(self._input, Forwarding(self._write), Forwarding(self._write_error))
        if self._command is not None:
            status = await shell.run_script(self._command, streams=streams)
            await shell.finish_background()
            return status
        if self._terminal is None:
            return await shell.run_script(await self._input.read_all(), streams=streams)
        shell.state.is_interactive = True
        self._conversation = shell.conversation = Conversation(shell, streams=streams)
        return await self._conversation.run()

    def _register(self) -> Process:
        command = self._command
        sshd = self._host.units.get("ssh.service")
        return self._host.start_process(
            Process(
                pid=self._host.processes.next_pid(),
                parent_pid=sshd.main_pid if sshd is not None and sshd.main_pid else 1,
                name="bash",
                command=f"bash -c {command}".replace("\n", " ")[:400] if command is not None else "-bash",
                user=self._user,
                started_at=self._host.now(),
                memory_bytes=4 * _MIB,
                terminal="pts/0" if self._terminal is not None else "?",
            )
        )

    def _make_shell(self, process: Process) -> Shell:
        state = login_state(self._host, user=self._user, pid=process.pid)
        state.terminal = process.terminal
        if self._terminal is not None:
            state.variables["TERM"] = self._terminal_type
            state.set_echo = self._set_echo
        return Shell(state, commands=COMMANDS)

    def _end_by_signal(self, number: int) -> None:
        self._ended_by = number
        if self._task is not None:
            self._task.cancel()

    def _interrupt(self) -> None:
        if self._conversation is not None:
            self._conversation.interrupt()
        elif self._process is not None:
            self._host.processes.signal(self._process, 2)

    def _set_echo(self, is_on: bool) -> None:
        if self._terminal is not None:
            self._terminal.echoes = is_on

    def _write(self, text: str) -> None:
        if self._channel is None:
            raise BrokenPipeError
        self._channel.write(text)

    def _write_error(self, text: str) -> None:
        if self._channel is None:
            raise BrokenPipeError
        self._channel.write_stderr(text)

    def _exit(self, status: int) -> None:
        if self._channel is not None:
            self._channel.exit(status & 0xFF)
