"""A shell on a pseudo terminal of this machine."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from ssh_mcp.errors import ConnectionBroke, HostUnreachable
from ssh_mcp.terminals.interfaces import TerminalReader
from ssh_mcp.terminals.shell import COLUMNS, ROWS, write_start

_READ_BYTES = 64 * 1024

RunBeside = Callable[[str], Awaitable[bytes]]


class LocalTerminal:
    """The master side; the shell has the other side as its controlling terminal."""

    def __init__(
        self,
        master: int,
        process: asyncio.subprocess.Process,
        *,
        shell: str,
        reader: TerminalReader,
        run_beside: RunBeside,
    ) -> None:
        self._master: int | None = master
        # Kept, or its transport would be thrown away while the shell runs.
        self._process = process
        self._reader = reader
        self._run_beside = run_beside
        self.shell = shell
        self.resume()

    def write(self, data: bytes) -> None:
        written = 0
        if self._master is not None:
            with suppress(OSError):
                written = os.write(self._master, data)
        if written < len(data):
            raise ConnectionBroke("The program does not read what is typed; it was not sent, or not in full.")

    def pause(self) -> None:
        if self._master is not None:
            asyncio.get_running_loop().remove_reader(self._master)

    def resume(self) -> None:
        if self._master is not None:
            asyncio.get_running_loop().add_reader(self._master, self._read)

    async def run_beside(self, line: str) -> bytes:
        return await self._run_beside(line)

    def close(self) -> None:
        """The kernel hangs up on the shell and what runs in it."""
        if self._master is not None:
            self.pause()
            os.close(self._master)
            self._master = None
            self._reader.end()

    def _read(self) -> None:
        if self._master is None:
            return
        try:
            data = os.read(self._master, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._reader.feed(data)
        else:
            self.close()


async def open_local_terminal(
    shell: str, *, reader: TerminalReader, environment: Mapping[str, str], run_beside: RunBeside
) -> LocalTerminal:
    """Raise HostUnreachable."""
    master, slave = pty.openpty()
    try:
        _prepare(slave)
        process = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            write_start(shell),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=environment.get("HOME") or "/",
            env=environment,
            start_new_session=True,
            preexec_fn=_begin_session,
        )
    except OSError as error:
        os.close(master)
        raise HostUnreachable(f"local: no shell could be started: {error}") from error
    finally:
        os.close(slave)
    os.set_blocking(master, False)
    return LocalTerminal(master, process, shell=shell, reader=reader, run_beside=run_beside)


def _prepare(slave: int) -> None:
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    modes = termios.tcgetattr(slave)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, modes)


def _begin_session() -> None:
    """In the child, which leads a session of its own by then.

    A server started by `nohup`, or by a script in the background, ignores these signals; its shells would inherit
    that, and nothing that runs in them could be interrupted.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
