"""Keeps head and tail of what a command writes, and the whole of it in a file once it is long. Memory stays flat."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Literal

StreamName = Literal["stdout", "stderr"]

CAPTURE_BYTES = 64 * 1024
"""Kept in memory per stream."""
ABORT_FACTOR = 64
"""A command that writes this many times as much is stopped."""

OpenFile = Callable[[StreamName], BinaryIO]


@dataclass(frozen=True, slots=True)
class CapturedStream:
    """`head` is everything while nothing is left out; else `tail` is the end."""

    head: bytes
    tail: bytes
    total_bytes: int
    sha256: str

    @property
    def left_out_bytes(self) -> int:
        return self.total_bytes - len(self.head) - len(self.tail)


class _Stream:
    def __init__(self, name: StreamName, *, capacity: int, open_file: OpenFile) -> None:
        self._name: StreamName = name
        self._capacity = capacity
        self._open_file = open_file
        self._head = bytearray()
        self._tail = bytearray()
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self.total_bytes = 0

    def feed(self, data: bytes) -> None:
        self.total_bytes += len(data)
        self._digest.update(data)
        if self.total_bytes <= self._capacity:
            self._head += data
            return
        half = self._capacity // 2
        if self._file is None:
            self._file = self._open_file(self._name)
            self._file.write(self._head)
            beyond = self._head[half:]
            del self._head[half:]
            missing = half - len(self._head)
            self._head += data[:missing]
            self._tail = beyond + data[missing:]
        else:
            self._tail += data
        self._file.write(data)
        if len(self._tail) > self._capacity:
            del self._tail[:-half]

    def finish(self) -> CapturedStream:
        self.close()
        tail = bytes(self._tail[-(self._capacity // 2) :])
        return CapturedStream(bytes(self._head), tail, self.total_bytes, self._digest.hexdigest())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class OutputCapture:
    """Both streams of one run."""

    def __init__(self, open_file: OpenFile, *, capacity: int = CAPTURE_BYTES) -> None:
        self._streams: dict[StreamName, _Stream] = {
            "stdout": _Stream("stdout", capacity=capacity, open_file=open_file),
            "stderr": _Stream("stderr", capacity=capacity, open_file=open_file),
        }
        self._limit = capacity * ABORT_FACTOR
        self._is_closed = False
        self.is_full = asyncio.Event()
        """Set once the command wrote more than is kept of any; what comes later is dropped."""

    @property
    def total_bytes(self) -> int:
        return sum(stream.total_bytes for stream in self._streams.values())

    def feed(self, name: StreamName, data: bytes) -> None:
        if self._is_closed or not data:
            return
        room = self._limit - self.total_bytes
        if room > 0:
            self._streams[name].feed(data[:room])
        if len(data) > room:
            self.is_full.set()

    def finish(self) -> dict[StreamName, CapturedStream]:
        self._is_closed = True
        return {name: stream.finish() for name, stream in self._streams.items()}

    def close(self) -> None:
        """Give up; what still comes in is dropped."""
        self._is_closed = True
        for stream in self._streams.values():
            stream.close()
