"""One command on several hosts side by side; what fails on one does not touch the others."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ssh_mcp.commands.capture import CapturedStream, OutputCapture, StreamName
from ssh_mcp.commands.domain import Command, Ending
from ssh_mcp.commands.interfaces import Host
from ssh_mcp.commands.running import Reaper, run_command
from ssh_mcp.errors import HostError
from ssh_mcp.inventories.domain import Account, Asset
from ssh_mcp.records.outputs import OutputStore


@dataclass(frozen=True, slots=True)
class Target:
    """An asset and the account it is entered with."""

    asset: Asset
    account: Account


@dataclass(frozen=True, slots=True)
class HostRun:
    """What came of the command on one host: an ending with output, or an error."""

    target: Target
    output_id: str
    ending: Ending | None = None
    streams: Mapping[StreamName, CapturedStream] | None = None
    error: HostError | None = None


class Hosts(Protocol):
    def host(self, asset: Asset, account: Account) -> Host: ...


class Fleet:
    """Runs commands and keeps their output."""

    def __init__(self, hosts: Hosts, *, outputs: OutputStore, reaper: Reaper) -> None:
        self._hosts = hosts
        self._outputs = outputs
        self._reaper = reaper

    async def run(
        self, targets: Sequence[Target], command: Command, *, on_end: Callable[[HostRun], Awaitable[None]]
    ) -> list[HostRun]:
        """In the order of the targets; `on_end` is called for each host as soon as it is done."""

        async def run_one(target: Target) -> HostRun:
            run = await self._run_one(target, command)
            await on_end(run)
            return run

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run_one(target)) for target in targets]
        return [task.result() for task in tasks]

    async def _run_one(self, target: Target, command: Command) -> HostRun:
        output_id = self._outputs.new_id()
        capture = OutputCapture(lambda stream: self._outputs.open(output_id, stream))
        try:
            host = self._hosts.host(target.asset, target.account)
            ending = await run_command(host, command, capture=capture, reaper=self._reaper)
            return HostRun(target, output_id, ending, capture.finish())
        except HostError as error:
            return HostRun(target, output_id, streams=capture.finish(), error=error)
        finally:
            capture.close()


def digest_output(streams: Mapping[StreamName, CapturedStream]) -> str:
    """One hash for both streams, for the audit."""
    joined = ":".join(streams[name].sha256 for name in ("stdout", "stderr"))
    return hashlib.sha256(joined.encode()).hexdigest()
