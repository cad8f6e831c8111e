"""Records what a terminal showed, in the form that asciicast players read (version 2)."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ssh_mcp.terminals.shell import COLUMNS, ROWS

MAX_BYTES = 16 * 1024 * 1024
"""A recording ends here and says so; the session goes on."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A finished recording; its hash goes into the audit."""

    file: str
    sha256: str
    size: int


class Recorder:
    """Writes one recording. Input is left out unless it is asked for: passwords are typed."""

    def __init__(
        self,
        path: Path,
        *,
        title: str,
        has_input: bool = False,
        started_at: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._has_input = has_input
        self._monotonic = monotonic
        self._begun = monotonic()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._digest = hashlib.sha256()
        self._size = 0
        self._write(
            {
                "version": 2,
                "width": COLUMNS,
                "height": ROWS,
                "timestamp": round(time.time() if started_at is None else started_at),
                "title": title,
                "env": {"TERM": "dumb"},
            }
        )

    def output(self, data: bytes) -> None:
        text = self._decoder.decode(data)
        if text:
            self._event("o", text)

    def command(self, text: str) -> None:
        """The shell echoes nothing, so a viewer would not know what was run."""
        self._event("o", "$ " + text.replace("\n", "\r\n> ") + "\r\n")

    def input(self, text: str) -> None:
        if self._has_input:
            self._event("i", text)

    def close(self) -> Recorded:
        self._file.close()
        return Recorded(self._path.name, self._digest.hexdigest(), self._size)

    def _event(self, kind: str, text: str) -> None:
        if self._size >= MAX_BYTES:
            return
        self._write([round(self._monotonic() - self._begun, 6), kind, text])
        if self._size >= MAX_BYTES:
            self._write([round(self._monotonic() - self._begun, 6), "m", "the recording is full and ends here"])

    def _write(self, content: object) -> None:
        line = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._file.write(line)
        self._digest.update(line)
        self._size += len(line)
