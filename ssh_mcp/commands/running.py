"""Runs one command to its end, its time limit or its output limit; however it ends, nothing keeps running."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ssh_mcp.commands.capture import OutputCapture
from ssh_mcp.commands.domain import Command, Ending, EndKind, Exit
from ssh_mcp.commands.interfaces import Host, Process
from ssh_mcp.commands.wrapping import ShellProfile, find_bash_syntax
from ssh_mcp.errors import HostError, ShellUnfit

ProcessT = TypeVar("ProcessT", bound=Process)


class Reaper:
    """Ends processes whose caller is gone, in tasks of its own: a cancelled caller cannot wait."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: set[Process] = set()

    @contextmanager
    def watching(self, process: Process) -> Iterator[None]:
        """While it runs: should the server stop before its caller notices, it is ended too."""
        self._running.add(process)
        try:
            yield
        finally:
            self._running.discard(process)

    def stop(self, process: Process) -> None:
        self._run(_stop(process))

    def stop_started(self, starting: asyncio.Future[ProcessT]) -> None:
        """End what is just being started."""
        self._run(_stop_started(starting))

    async def finish(self, *, within_seconds: float) -> None:
        """End what runs and wait, bounded, for what is being ended."""
        for process in self._running:
            self.stop(process)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_seconds)
            for task in late:
                task.cancel()

    def _run(self, ending: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(ending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _stop(process: Process) -> None:
    await process.stop()


async def _stop_started(starting: asyncio.Future[ProcessT]) -> None:
    try:
        process = await starting
    except HostError:
        return
    await process.stop()


async def run_command(host: Host, command: Command, *, capture: OutputCapture, reaper: Reaper) -> Ending:
    """Raise HostUnreachable when nothing ran and ConnectionBroke when the end is not known."""
    started = time.monotonic()
    process = await host.start(command, capture=capture)
    with reaper.watching(process):
        try:
            ended = await _wait(process, capture=capture, seconds=command.timeout_seconds)
            milliseconds = round((time.monotonic() - started) * 1000)
            is_full = capture.is_full.is_set()
            if ended is not None:
                return Ending(EndKind.OUTPUT_LIMIT if is_full else EndKind.EXITED, ended, milliseconds, ended.note)
            note = await process.stop()
        except asyncio.CancelledError:
            reaper.stop(process)
            raise
    return Ending(EndKind.OUTPUT_LIMIT if is_full else EndKind.TIMED_OUT, Exit(), milliseconds, note)


async def _wait(process: Process, *, capture: OutputCapture, seconds: float) -> Exit | None:
    """How it ended, or None when it still runs at its time or output limit."""
    ended = asyncio.ensure_future(process.wait())
    full = asyncio.ensure_future(capture.is_full.wait())
    try:
        await asyncio.wait({ended, full}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return ended.result() if ended.done() else None
    finally:
        full.cancel()
        ended.cancel()


def check_shell(command: Command, profile: ShellProfile | None, *, name: str) -> None:
    """Raise ShellUnfit when the host's shell would read the command otherwise than the rules did."""
    if profile is None:
        if not command.is_approved:
            raise ShellUnfit(
                f"{name} has no POSIX shell, so the rules cannot tell what only reads there. Nothing ran. The same "
                "call again asks a person."
            )
        return
    syntax = None if profile.is_bash else find_bash_syntax(command.text)
    if syntax is not None:
        raise ShellUnfit(
            f"{name} has no bash, and its shell reads {syntax!r} otherwise. Nothing ran. Write it for POSIX sh."
        )
