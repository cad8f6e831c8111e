"""What a terminal has shown since somebody last looked, bounded, and as text."""

from __future__ import annotations

import re

from ssh_mcp.commands.output_text import clean_text

KEPT_BYTES = 32 * 1024
"""Of the beginning and of the end each."""

# Only what has a chance to be shown is cleaned.
_CLEANED_PER_SHOWN = 2
_CONTROL = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[\[(][0-?]*[ -/]*[@-~]|\x1b[=>78cM]|\x07")


class Screen:
    """Gathers output until it is taken; of a flood, the beginning and the end are kept."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._last = b""
        self.total_bytes = 0

    @property
    def has_open_line(self) -> bool:
        """What was shown last is no whole line, as a question that waits for its answer."""
        return self._last not in {b"", b"\n", b"\r"}

    def feed(self, data: bytes) -> None:
        self.total_bytes += len(data)
        self._last = data[-1:] or self._last
        room = KEPT_BYTES - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data[-KEPT_BYTES:]
        if len(self._tail) > 2 * KEPT_BYTES:
            del self._tail[:-KEPT_BYTES]

    def take(self) -> tuple[bytes, bytes, int]:
        """Beginning, end, and how many bytes in all; then it is empty."""
        taken = bytes(self._head), bytes(self._tail[-KEPT_BYTES:]), self.total_bytes
        self._head.clear()
        self._tail.clear()
        self._last = b""
        self.total_bytes = 0
        return taken


def show(head: bytes, tail: bytes, *, total_bytes: int, max_characters: int) -> tuple[str, bool]:
    """As text, and whether something is left out."""
    if total_bytes <= _CLEANED_PER_SHOWN * max_characters:
        text = clean_terminal(head + tail)
        if len(text) <= max_characters:
            return text, False
    half = max_characters // 2
    beginning = clean_terminal(head[: _CLEANED_PER_SHOWN * half])[:half]
    ending = clean_terminal((tail or head)[-_CLEANED_PER_SHOWN * half :])[-half:]
    return f"{beginning}\n[… output left out, {total_bytes} bytes in all …]\n{ending}", True


def clean_terminal(data: bytes) -> str:
    """Without terminal control, and with characters that were taken back by a backspace gone."""
    data = _CONTROL.sub(b"", data)
    if b"\b" in data:
        data = b"\n".join(_apply_backspaces(line) for line in data.split(b"\n"))
    return clean_text(data)


def _apply_backspaces(line: bytes) -> bytes:
    text = line.decode(errors="replace")
    kept: list[str] = []
    for character in text:
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept).encode()
