"""Makes what a command wrote fit to be shown: printable, without credentials, and within its share of the answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from mcp_kit.redaction import hide_private_keys
from mcp_kit.sanitising import sanitise
from ssh_mcp.commands.capture import CapturedStream

_MARKER_ROOM = 120


@dataclass(frozen=True, slots=True)
class ShownText:
    text: str
    is_cut: bool


def clean_text(data: bytes) -> str:
    """Text without terminal control, with each line as it looked at its end, credentials hidden."""
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(_after_returns(line) for line in text.split("\n"))
    return sanitise(hide_private_keys(text)).removesuffix("\n")


def _after_returns(line: str) -> str:
    """A carriage return starts the line anew, as progress bars do; one at the very end does not."""
    return line.rstrip("\r").rsplit("\r", 1)[-1]


def share_room(sizes: Sequence[int], *, room: int) -> list[int]:
    """Everybody gets what is needed, the largest share what is left evenly."""
    shares = [0] * len(sizes)
    left = room
    by_size = sorted(range(len(sizes)), key=lambda index: sizes[index])
    for position, index in enumerate(by_size):
        shares[index] = min(sizes[index], left // (len(sizes) - position))
        left -= shares[index]
    return shares


def measure(text: str) -> int:
    """Characters it takes in a JSON answer."""
    return len(json.dumps(text, ensure_ascii=False)) - 2


class CleanStream:
    """One captured stream, cleaned once."""

    def __init__(self, captured: CapturedStream) -> None:
        self._left_out = captured.left_out_bytes
        self._total = captured.total_bytes
        self._head = clean_text(captured.head + (captured.tail if not self._left_out else b""))
        self._tail = clean_text(captured.tail) if self._left_out else ""

    @property
    def size(self) -> int:
        return measure(self._head) + measure(self._tail) + (_MARKER_ROOM if self._left_out else 0)

    def show(self, room: int) -> ShownText:
        """Head and tail of it within so many characters of JSON, whole lines where possible."""
        if not self._left_out and self.size <= room:
            return ShownText(self._head, is_cut=False)
        half = max(0, room - _MARKER_ROOM) // 2
        head = _take_lines(self._head, room=half)
        tail = _take_lines(self._tail or self._head[len(head) :], room=half, from_end=True)
        shown = len(head.encode()) + len(tail.encode())
        marker = f"[… about {max(0, self._total - shown)} of {self._total} bytes left out …]"
        return ShownText("\n".join(part for part in (head, marker, tail) if part), is_cut=True)


def _take_lines(text: str, *, room: int, from_end: bool = False) -> str:
    """As many whole lines as fit; of a first line that is too long, as much as fits."""
    lines = text.split("\n")
    kept: list[str] = []
    for line in reversed(lines) if from_end else lines:
        size = measure(line) + 2
        if size > room:
            if not kept:
                piece = _cut(line, room=room, from_end=from_end)
                kept.append(piece)
            break
        room -= size
        kept.append(line)
    return "\n".join(reversed(kept) if from_end else kept)


def _cut(line: str, *, room: int, from_end: bool) -> str:
    """The longest piece of one line that fits, found by halving: characters differ in what they take."""
    low, high = 0, min(len(line), room)
    while low < high:
        middle = (low + high + 1) // 2
        piece = line[-middle:] if from_end else line[:middle]
        if measure(piece) <= room:
            low = middle
        else:
            high = middle - 1
    return (line[-low:] if from_end else line[:low]) if low else ""
