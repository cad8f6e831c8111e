"""The line discipline of a terminal: echo, line editing, Ctrl-C and Ctrl-D."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MOST_PENDING = 64 * 1024
_INTERRUPT, _END, _SUSPEND = "\x03", "\x04", "\x1a"
_ERASE = {"\x7f", "\b"}


class TypedInput:
    """What a person, or a program on a channel, sends; lines are handed out as they are complete."""

    def __init__(self) -> None:
        self._text = ""
        self._has_ended = False
        self._arrived = asyncio.Event()

    def feed(self, text: str) -> None:
        self._text = (self._text + text)[-MOST_PENDING:]
        self._arrived.set()

    def end(self) -> None:
        self._has_ended = True
        self._arrived.set()

    async def read_line(self) -> str:
        while "\n" not in self._text and not self._has_ended:
            self._arrived.clear()
            await self._arrived.wait()
        line, newline, self._text = self._text.partition("\n")
        return line + newline

    async def read_all(self) -> str:
        while not self._has_ended:
            self._arrived.clear()
            await self._arrived.wait()
        text, self._text = self._text, ""
        return text


class Terminal:
    """Turns keys into lines, and shows them."""

    def __init__(self, *, show: Callable[[str], None], interrupt: Callable[[], None]) -> None:
        self.input = TypedInput()
        self.echoes = True
        self._show = show
        self._interrupt = interrupt
        self._line = ""

    def write(self, text: str) -> None:
        """Output of programs: a terminal needs a carriage return at each line end."""
        self._show(text.replace("\r\n", "\n").replace("\n", "\r\n"))

    def press(self, keys: str) -> None:
        for key in keys.replace("\r\n", "\n").replace("\r", "\n"):
            self._press_one(key)

    def _press_one(self, key: str) -> None:
        if key == _INTERRUPT:
            self._line = ""
            self._echo("^C\r\n")
            self._interrupt()
        elif key == _END:
            if self._line:
                self._hand_over("")
            else:
                self.input.end()
        elif key in _ERASE:
            if self._line:
                self._line = self._line[:-1]
                self._echo("\b \b")
        elif key == "\n":
            self._echo("\r\n")
            self._hand_over("\n")
        elif key == _SUSPEND or (key < " " and key != "\t"):
            return
        else:
            self._line += key
            self._echo(key)

    def _hand_over(self, ending: str) -> None:
        self.input.feed(self._line + ending)
        self._line = ""

    def _echo(self, text: str) -> None:
        if self.echoes:
            self._show(text)
