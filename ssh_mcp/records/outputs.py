"""Outputs that were too long to show, as files one can read on in."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ssh_mcp.commands.capture import StreamName
from ssh_mcp.errors import UnknownOutput

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of an output; `offset` and `next_offset` are bytes."""

    data: bytes
    offset: int
    total_bytes: int

    @property
    def next_offset(self) -> int | None:
        after = self.offset + len(self.data)
        return after if after < self.total_bytes else None


class OutputStore:
    """Files that only the server's user can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new_id(self) -> str:
        return secrets.token_hex(8)

    def open(self, output_id: str, stream: StreamName) -> BinaryIO:
        """A new file to write the stream into."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path(output_id, stream), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        return os.fdopen(descriptor, "wb")

    def has(self, output_id: str, stream: StreamName) -> bool:
        return self._path(output_id, stream).exists()

    def save(self, output_id: str, stream: StreamName, data: bytes) -> None:
        with self.open(output_id, stream) as file:
            file.write(data)

    def read(self, output_id: str, stream: StreamName, *, offset: int, max_bytes: int) -> Passage:
        """From an offset on, ending with a whole line where there is one; raise UnknownOutput."""
        try:
            with self._path(output_id, stream).open("rb") as file:
                total = file.seek(0, os.SEEK_END)
                file.seek(min(offset, total))
                data = file.read(max_bytes)
        except FileNotFoundError as error:
            raise UnknownOutput(
                f"No {stream} is kept under {output_id!r}; outputs are deleted after a while."
            ) from error
        if offset + len(data) < total and b"\n" in data:
            data = data[: data.rfind(b"\n") + 1]
        return Passage(data, min(offset, total), total)

    def _path(self, output_id: str, stream: StreamName) -> Path:
        if not _ID.fullmatch(output_id):
            raise UnknownOutput(f"{output_id[:40]!r} is no output id; results carry it as output_id.")
        return self._folder / f"{output_id}.{stream}"
