"""What commands read from and write to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

MOST_BUFFERED_BYTES = 8 * 1024 * 1024


class BrokenPipe(Exception):
    """Nobody reads any more."""


class Output(Protocol):
    def write(self, text: str) -> None:
        """Raise BrokenPipe when nobody reads any more."""
        ...


class Input(Protocol):
    async def read_all(self) -> str: ...

    async def read_line(self) -> str:
        """With its line end; empty at the end of the input."""
        ...


class Buffer:
    """Keeps what is written, up to a limit."""

    def __init__(self, *, most_bytes: int = MOST_BUFFERED_BYTES) -> None:
        self._parts: list[str] = []
        self._left = most_bytes

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def write(self, text: str) -> None:
        self._left -= len(text)
        if self._left < 0:
            raise BrokenPipe
        self._parts.append(text)


class Nowhere:
    """/dev/null."""

    def write(self, text: str) -> None:
        del text


class Forwarding:
    """Hands everything on at once."""

    def __init__(self, forward: Callable[[str], None]) -> None:
        self._forward = forward

    def write(self, text: str) -> None:
        if text:
            self._forward(text)


class TextInput:
    """A text that is there from the beginning."""

    def __init__(self, text: str = "") -> None:
        self._text = text

    async def read_all(self) -> str:
        text, self._text = self._text, ""
        return text

    async def read_line(self) -> str:
        line, newline, self._text = self._text.partition("\n")
        return line + newline
