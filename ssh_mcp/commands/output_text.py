"""Makes what a command wrote fit to be shown: printable, without credentials, and within its share of the answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from mcp_kit.redaction import hide_private_keys
from mcp_kit.sanitising import sanitise
from ssh_mcp.commands.capture import CapturedStream

_MARKER_ROOM = 120
_SMALL_BYTES = 4 * 1024
# Terminal control and wide characters shrink when they are cleaned.
_CLEANED_PER_SHOWN = 2


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
    """One captured stream. Only what has a chance to be shown is cleaned: looking for credentials takes its time."""

    def __init__(self, captured: CapturedStream) -> None:
        self._total = captured.total_bytes
        self._is_whole = not captured.left_out_bytes
        self._head = captured.head + captured.tail if self._is_whole else captured.head
        self._tail = self._head if self._is_whole else captured.tail
        self._text = clean_text(self._head) if self._is_whole and len(self._head) <= _SMALL_BYTES else None

    @property
    def size(self) -> int:
        """Characters of JSON it needs to be shown as a whole; of a long one, about."""
        return measure(self._text) if self._text is not None else self._total + _MARKER_ROOM

    def show(self, room: int) -> ShownText:
        """Head and tail of it within so many characters of JSON, whole lines where possible."""
        if self._text is None and self._is_whole and len(self._head) <= _CLEANED_PER_SHOWN * room:
            self._text = clean_text(self._head)
        if self._text is not None and measure(self._text) <= room:
            return ShownText(self._text, is_cut=False)
        half = max(0, room - _MARKER_ROOM) // 2
        head = _take_lines(clean_text(_first_bytes(self._head, _CLEANED_PER_SHOWN * half)), room=half)
        tail = _take_lines(clean_text(_last_bytes(self._tail, _CLEANED_PER_SHOWN * half)), room=half, from_end=True)
        shown = len(head.encode()) + len(tail.encode())
        marker = f"[… about {max(0, self._total - shown)} of {self._total} bytes left out …]"
        return ShownText("\n".join(part for part in (head, marker, tail) if part), is_cut=True)


def _first_bytes(data: bytes, count: int) -> bytes:
    """The beginning, up to the last whole line where there is one: half a credential could not be told for one."""
    if len(data) <= count:
        return data
    piece = data[:count]
    return piece[: piece.rfind(b"\n") + 1] or piece


def _last_bytes(data: bytes, count: int) -> bytes:
    if len(data) <= count:
        return data
    piece = data[len(data) - count :]
    return piece[piece.find(b"\n") + 1 :] if b"\n" in piece[:-1] else piece


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
