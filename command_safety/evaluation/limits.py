"""How much one command may ask of the judge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

MAX_COMMANDS = 1_500
"""Commands that are looked at, those of loops and functions each time."""
MAX_DEPTH = 32
"""Scripts inside scripts, calls inside calls."""


class TooComplex(ValueError):
    """Judging goes no further; what has been found stands, and the rest counts as unknown."""


class Budget:
    def __init__(self) -> None:
        self._commands_left = MAX_COMMANDS
        self._depth = 0

    def spend(self) -> None:
        self._commands_left -= 1
        if self._commands_left < 0:
            raise TooComplex("too many commands")

    @contextmanager
    def deeper(self) -> Iterator[None]:
        if self._depth >= MAX_DEPTH:
            raise TooComplex("nested too deeply")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
