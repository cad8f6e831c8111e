"""Runs one command to its end, its time limit or its output limit; however it ends, nothing keeps running."""

from __future__ import annotations

import asyncio
import time

from ssh_mcp.commands.capture import OutputCapture
from ssh_mcp.commands.domain import Command, Ending, EndKind, Exit
from ssh_mcp.commands.interfaces import Host, Process
from ssh_mcp.errors import HostError


class Reaper:
    """Ends commands whose caller is gone, in tasks of its own: a cancelled caller cannot wait."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def stop(self, starting: asyncio.Task[Process]) -> None:
        """End the process as soon as it has been started."""
        task = asyncio.create_task(_stop_when_started(starting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, *, within_seconds: float) -> None:
        """Wait, bounded, for what is being ended."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_seconds)


async def _stop_when_started(starting: asyncio.Task[Process]) -> None:
    try:
        process = await starting
    except HostError:
        return
    await process.stop()


async def run_command(host: Host, command: Command, *, capture: OutputCapture, reaper: Reaper) -> Ending:
    """Raise HostUnreachable when nothing ran and ConnectionBroke when the end is not known."""
    starting = asyncio.create_task(host.start(command, capture=capture))
    try:
        process = await asyncio.shield(starting)
        started = time.monotonic()
        ended = await _wait(process, capture=capture, seconds=command.timeout_seconds)
        milliseconds = round((time.monotonic() - started) * 1000)
        is_full = capture.is_full.is_set()
        if ended is not None:
            return Ending(EndKind.OUTPUT_LIMIT if is_full else EndKind.EXITED, ended, milliseconds, ended.note)
        note = await process.stop()
    except asyncio.CancelledError:
        reaper.stop(starting)
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
