"""What a session needs from a host."""

from __future__ import annotations

from typing import Protocol


class TerminalReader(Protocol):
    """Gets what the terminal shows, and learns of its end."""

    def feed(self, data: bytes) -> None: ...

    def end(self) -> None: ...


class Terminal(Protocol):
    """A shell on a pseudo terminal."""

    @property
    def shell(self) -> str:
        """Path of the shell that runs in it."""
        ...

    def write(self, data: bytes) -> None:
        """Type it; raise ConnectionBroke when nobody is there any more."""
        ...

    def pause(self) -> None:
        """Let the programs wait until somebody reads on."""
        ...

    def resume(self) -> None: ...

    async def run_beside(self, line: str) -> bytes:
        """The output of one of our own short scripts, run outside of the terminal on the same host."""
        ...

    def close(self) -> None:
        """Hang up: the shell and what runs in it are told to end."""
        ...


class TerminalHost(Protocol):
    async def open_terminal(self, reader: TerminalReader) -> Terminal:
        """Raise HostUnreachable."""
        ...
