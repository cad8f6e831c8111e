"""One backend per data directory with SQLite: two would execute the same runs. The lock also says where it listens."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = "backend.lock"


class DirectoryTaken(Exception):
    """Another backend works in the directory; the text says which and what to do."""


@contextmanager
def hold_directory(directory: Path, *, url: str) -> Iterator[None]:
    """Until the end of the block, or of the process however it ends. Raise DirectoryTaken."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / _LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DirectoryTaken(_describe(directory)) from error
        file.truncate(0)
        json.dump({"pid": os.getpid(), "url": url}, file)
        file.flush()
        yield


def find_running(directory: Path) -> str | None:
    """The address of the backend that works there now."""
    try:
        file = (directory / _LOCK).open("r+", encoding="utf-8")
    except OSError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_note(file.read()).get("url")
    return None


def _describe(directory: Path) -> str:
    note = _read_note((directory / _LOCK).read_text(encoding="utf-8"))
    who = f"process {note.get('pid', '?')}, {note.get('url', 'address unknown')}"
    return (
        f"Another ding-robot works in {directory} already ({who}). Stop it, or set another DATA_DIRECTORY for this one."
        f"\n{directory} 已被另一个 ding-robot 使用({who})。请先停止它,或为本实例另设 DATA_DIRECTORY。"
    )


def _read_note(text: str) -> dict[str, str]:
    """A note that is just being written reads as none."""
    try:
        note = json.loads(text)
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in note.items()} if isinstance(note, dict) else {}
