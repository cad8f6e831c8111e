"""The audit of a tool server as a file: one record per line, each bound to the one before it."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from audit_chain.chain import Entry, Fault, FaultKind, Head, Record, find_first_fault, from_wire, link, to_wire

MAX_FILE_BYTES = 64 * 1024 * 1024
"""A larger file is set aside under the number of its first record, and the chain goes on in a new one."""

# A record holds at most 8 KB of details, written as text within JSON.
_LAST_LINE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """How far the chain is whole; `fault` is None when it is whole to its end."""

    head: Head
    fault: Fault | None


class AuditFile:
    """Appends under a lock, since several processes may share the file."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes

    def append(self, entry: Entry, *, is_durable: bool = True) -> Record:
        """Link and write the entry; a durable one is on the disk afterwards, which takes some milliseconds."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as file:
            record = link(entry, after=self._find_head(file))
            file.write(_write_line(record))
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
            if file.tell() >= self._max_bytes:
                self._set_aside(file)
        return record

    def verify(self) -> FileVerdict:
        """Walk all files, oldest first."""
        head, fault = Head(), None
        for path in [*self._older_files(), self._path]:
            head, fault = _verify_file(path, after=head)
            if fault is not None:
                break
        return FileVerdict(head, fault)

    def _open(self) -> BinaryIO:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            file = os.fdopen(descriptor, "r+b")
            fcntl.flock(file, fcntl.LOCK_EX)
            # Another process may have set the file aside while this one waited for the lock.
            if self._path.exists() and os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                return file
            file.close()

    def _find_head(self, file: BinaryIO) -> Head:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - _LAST_LINE_BYTES)
        file.seek(start)
        content = file.read()
        if content and not content.endswith(b"\n"):
            # The process died while it wrote: nobody was told that this record exists.
            content = content[: content.rfind(b"\n") + 1]
            file.truncate(start + len(content))
        file.seek(0, os.SEEK_END)
        lines = content.splitlines()
        if lines:
            return _head_of(lines[-1])
        older = self._older_files()
        return _read_last_head(older[-1]) if older else Head()

    def _set_aside(self, file: BinaryIO) -> None:
        file.seek(0)
        first = from_wire(json.loads(file.readline())).seq
        self._path.rename(self._path.with_suffix(f".{first:012d}{self._path.suffix}"))

    def _older_files(self) -> list[Path]:
        return sorted(self._path.parent.glob(f"{self._path.stem}.[0-9]*{self._path.suffix}"))


def _write_line(record: Record) -> bytes:
    return json.dumps(to_wire(record), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _head_of(line: bytes) -> Head:
    """A last record that cannot be read is left for `verify`; the chain goes on behind what it says it is."""
    try:
        record = from_wire(json.loads(line))
    except ValueError:
        return Head()
    return Head(seq=record.seq, hash=record.hash)


def _read_last_head(path: Path) -> Head:
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_LINE_BYTES))
        lines = file.read().splitlines()
    return _head_of(lines[-1]) if lines else Head()


def _verify_file(path: Path, *, after: Head) -> tuple[Head, Fault | None]:
    if not path.exists():
        return after, None
    with path.open("rb") as file:
        return find_first_fault(_read_records(file, after=after), after=after)


def _read_records(file: BinaryIO, *, after: Head) -> Iterator[Record]:
    """A line that is no record stands for an altered one."""
    seq = after.seq
    for line in file:
        seq += 1
        try:
            yield from_wire(json.loads(line))
        except ValueError:
            yield _unreadable(seq, after=after)


def _unreadable(seq: int, *, after: Head) -> Record:
    nothing = Entry(at=datetime.fromtimestamp(0, UTC), actor="", action="", subject="", details="")
    return Record(seq=seq, entry=nothing, previous_hash=after.hash, hash=FaultKind.ALTERED.value)


def main() -> None:
    """`python -m mcp_kit.audit_file FILE`: exit code 1 when a record does not fit."""
    parser = argparse.ArgumentParser(prog="python -m mcp_kit.audit_file", description="Checks an audit file.")
    parser.add_argument("file", type=Path)
    path = parser.parse_args().file
    if not path.exists():
        sys.exit(f"{path} does not exist")
    verdict = AuditFile(path).verify()
    if verdict.fault is not None:
        sys.exit(
            f"record {verdict.fault.seq} is {verdict.fault.kind.value}; the {verdict.head.seq} before it are whole"
        )
    print(f"{verdict.head.seq} records, whole; head {verdict.head.seq}:{verdict.head.hash}")


if __name__ == "__main__":
    main()
