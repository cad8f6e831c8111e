"""Line editing, completion and a history that outlives the program, by readline where there is one."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_HISTORY_LINES = 1000


class LineInput:
    """Reads what a person types. A line that ends in a backslash goes on in the next one."""

    def __init__(self, *, words: Sequence[str], history: Path | None) -> None:
        self._words = words
        self._history = history
        self._has_editing = sys.stdin.isatty() and self._prepare()

    def read(self, prompt: str) -> str:
        """Raise EOFError at the end of input and KeyboardInterrupt on Ctrl-C."""
        lines = [self.ask(prompt)]
        while lines[-1].endswith("\\"):
            lines[-1] = lines[-1][:-1]
            lines.append(self.ask("… "))
        self._remember(lines)
        return "\n".join(lines)

    def ask(self, prompt: str) -> str:
        """One line that the history does not keep."""
        return input(prompt if sys.stdin.isatty() else "")

    def _prepare(self) -> bool:
        try:
            import readline
        except ImportError:
            return False
        readline.set_auto_history(False)
        readline.set_completer_delims(" ")
        readline.set_completer(self._complete)
        readline.parse_and_bind("tab: complete")
        if self._history is not None and self._history.is_file():
            readline.read_history_file(self._history)
        readline.set_history_length(_HISTORY_LINES)
        return True

    def _complete(self, typed: str, position: int) -> str | None:
        matches = [word for word in self._words if typed.startswith("/") and word.startswith(typed)]
        return matches[position] if position < len(matches) else None

    def _remember(self, lines: Sequence[str]) -> None:
        if not self._has_editing:
            return
        import readline

        for line in filter(str.strip, lines):
            readline.add_history(line)
        if self._history is None:
            return
        try:
            self._history.parent.mkdir(parents=True, exist_ok=True)
            self._history.touch(mode=0o600)
            readline.write_history_file(self._history)
        except OSError:
            # A home that cannot be written to costs the history, nothing else.
            self._history = None


class KeyEcho:
    """Keys pressed while an answer is drawn would break the drawing; hidden, they are still there for the next line."""

    def __init__(self) -> None:
        self._before: list[Any] | None = None  # Any: what the terminal's attributes are made of

    def hide(self) -> None:
        if os.name != "posix" or not sys.stdin.isatty():
            return
        import termios

        self._before = termios.tcgetattr(sys.stdin)
        quiet = termios.tcgetattr(sys.stdin)
        quiet[3] &= ~termios.ECHO
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, quiet)

    def show(self) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
            self._before = None


def find_history_file() -> Path:
    """In the XDG state folder: what was typed is state, not configuration."""
    folder = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(folder) / "ding-robot" / "chat-history"
