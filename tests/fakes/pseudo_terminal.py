"""A person at a terminal: starts a program on a pseudo-terminal, waits for what it shows, types."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

_CONTROL = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[=>])")
PATIENCE_SECONDS = 25


class PseudoTerminal:
    """`shown` is everything since the start, without control sequences."""

    def __init__(self, process: subprocess.Popen[bytes], *, terminal: int) -> None:
        self._process = process
        self._terminal = terminal
        self._read_until = 0
        self.shown = ""

    def expect(self, text: str) -> None:
        """Wait until the text appears after what was expected before; raise AssertionError in the end."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (position := self.shown.find(text, self._read_until)) < 0:
            assert time.monotonic() < deadline, f"{text!r} did not appear; shown:\n{self.shown[-3000:]}"
            if not self._read():
                raise AssertionError(f"the program ended before {text!r} appeared; shown:\n{self.shown[-3000:]}")
        self._read_until = position + len(text)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def press_interrupt(self) -> None:
        self.type("\x03")

    def press_interrupt_until(self, text: str) -> None:
        """As a person does: an interrupt just before readline begins to wait is noticed only with the next one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.shown[self._read_until :] and time.monotonic() < deadline:
            self.press_interrupt()
            until = time.monotonic() + 2
            while text not in self.shown[self._read_until :] and time.monotonic() < until and self._read():
                pass
        self.expect(text)

    def wait(self) -> int:
        """The exit code."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if not self._read():
                time.sleep(0.05)
        assert self._process.poll() is not None, f"the program did not end; shown:\n{self.shown[-3000:]}"
        return self._process.returncode

    def _read(self) -> bool:
        """False when the program has closed its terminal."""
        ready, _, _ = select.select([self._terminal], [], [], 0.2)
        if not ready:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError:
            return False
        self.shown = _CONTROL.sub("", f"{self.shown}{data.decode(errors='replace')}")
        return bool(data)


@contextmanager
def run_in_terminal(
    arguments: Sequence[str], *, environment: Mapping[str, str], columns: int = 120, rows: int = 40
) -> Iterator[PseudoTerminal]:
    """The program has the pseudo-terminal as its controlling one, so that Ctrl-C reaches it as a signal."""
    terminal, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        list(arguments),
        stdin=inner,
        stdout=inner,
        stderr=inner,
        # Some test runners set COLUMNS, which programs believe before they ask the terminal.
        env=os.environ | {"TERM": "xterm", "COLUMNS": str(columns), "LINES": str(rows)} | dict(environment),
        start_new_session=True,
        preexec_fn=_begin_session,  # noqa: PLW1509  # the child does nothing else before it becomes the program
    )
    os.close(inner)
    try:
        yield PseudoTerminal(process, terminal=terminal)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(timeout=5)
        os.close(terminal)


def _begin_session() -> None:
    """As a login shell does it: tests that were started by `nohup` ignore Ctrl-C, and a child would inherit that."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
