"""What running a command needs from a host."""

from __future__ import annotations

from typing import Protocol

from ssh_mcp.commands.capture import OutputCapture
from ssh_mcp.commands.domain import Command, Exit


class Process(Protocol):
    """A command under way."""

    async def wait(self) -> Exit:
        """Until it has ended and its output is read; raise ConnectionBroke when that cannot be known."""
        ...

    async def stop(self) -> str:
        """End it and everything it started; returns what a person should know, or nothing."""
        ...


class Host(Protocol):
    """One host, entered with one account."""

    async def start(self, command: Command, *, capture: OutputCapture) -> Process:
        """Raise HostUnreachable when nothing ran. A start that is cancelled leaves nothing running."""
        ...
