"""The files of a host. Big ones have only their size, not their bytes; those under /proc are written when read."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

_PROCESS_FILE = re.compile(r"/proc/(\d{1,7})(?:/(\w+))?")


class FileFault(Exception):
    """A file operation failed; the message is that of errno, without the path."""


NO_SUCH_FILE = "No such file or directory"
IS_DIRECTORY = "Is a directory"
NOT_DIRECTORY = "Not a directory"
DENIED = "Permission denied"
READ_ONLY = "Read-only file system"
NO_SPACE = "No space left on device"


@dataclass(slots=True)
class Growth:
    """A file that something keeps writing to."""

    bytes_per_second: float
    since: float
    most_bytes: int
    """Where it stops: the disk is full by then."""

    def grown(self, *, at: float) -> int:
        return int(min(self.most_bytes, max(0.0, at - self.since) * self.bytes_per_second))


@dataclass(slots=True)
class File:
    """Text that can be read, and a size that may be much larger."""

    text: str | Callable[[], str] = ""
    hidden_bytes: int = 0
    """Bytes before the text that nobody looks at."""
    growth: Growth | None = None
    owner: str = "root"
    group: str = "root"
    mode: int = 0o644
    modified_at: float = 0.0

    def read(self) -> str:
        return self.text if isinstance(self.text, str) else self.text()

    def size(self, *, at: float) -> int:
        if not isinstance(self.text, str):
            return self.hidden_bytes
        grown = self.growth.grown(at=at) if self.growth else 0
        return self.hidden_bytes + len(self.text.encode()) + grown

    def empty(self, *, at: float) -> None:
        self.text = ""
        self.hidden_bytes = 0
        self.modified_at = at
        if self.growth is not None:
            self.growth.since = at


@dataclass(slots=True)
class Directory:
    """`crowd` stands for that many small files that nobody has ever looked at one by one."""

    owner: str = "root"
    group: str = "root"
    mode: int = 0o755
    modified_at: float = 0.0
    crowd: int = 0
    crowd_file_bytes: int = 0
    crowd_name: str = "sess_{number:026x}"


@dataclass(slots=True)
class Link:
    target: str
    owner: str = "root"
    group: str = "root"
    modified_at: float = 0.0


Entry = File | Directory | Link


@dataclass(slots=True)
class FileTree:
    """Entries by absolute path; every parent directory is there."""

    entries: dict[str, Entry] = field(default_factory=lambda: {"/": Directory()})
    processes: Callable[[], Mapping[int, Mapping[str, Callable[[], str]]]] = dict
    """What lies below /proc: by process id, name and text of each file."""

    def find(self, path: str) -> Entry | None:
        """The entry at a normalised absolute path, links followed."""
        for _ in range(8):
            entry = self.entries.get(path) or self._find_process_file(path)
            if not isinstance(entry, Link):
                return entry
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.target))
        return None

    def _find_process_file(self, path: str) -> Entry | None:
        found = _PROCESS_FILE.fullmatch(path)
        files = self.processes().get(int(found[1])) if found else None
        if found is None or files is None:
            return None
        if not found[2]:
            return Directory(mode=0o555)
        text = files.get(found[2])
        return File(text, mode=0o444) if text is not None else None

    def find_itself(self, path: str) -> Entry | None:
        """As `find`, without following a link at the end."""
        return self.entries.get(path)

    def put(self, path: str, entry: Entry) -> None:
        parent = posixpath.dirname(path)
        if parent not in self.entries:
            self.put(parent, Directory(modified_at=entry.modified_at))
        self.entries[path] = entry

    def remove(self, path: str) -> None:
        """Remove an entry with everything below it."""
        below = f"{path.rstrip('/')}/"
        for name in [name for name in self.entries if name == path or name.startswith(below)]:
            del self.entries[name]

    def children(self, path: str) -> list[str]:
        """Names in a directory, sorted as `ls` sorts in the C locale."""
        below = f"{path.rstrip('/')}/"
        if path == "/proc":
            return [*map(str, sorted(self.processes())), *self._stored_children(below)]
        if (found := _PROCESS_FILE.fullmatch(path)) and not found[2]:
            return sorted(self.processes().get(int(found[1]), {}))
        return self._stored_children(below)

    def _stored_children(self, below: str) -> list[str]:
        return sorted(
            name[len(below) :]
            for name in self.entries
            if name.startswith(below) and "/" not in name[len(below) :] and name != "/"
        )

    def walk(self, path: str) -> Iterator[tuple[str, Entry]]:
        """The entry and everything below it, parents first."""
        below = f"{path.rstrip('/')}/"
        for name in sorted(name for name in self.entries if name == path or name.startswith(below)):
            yield name, self.entries[name]

    def expand(self, pattern: str) -> list[str]:
        """Absolute paths that match a shell pattern, sorted; `*` does not match a slash or a leading dot."""
        segments = [segment for segment in pattern.split("/") if segment]
        found = ["/"]
        for segment in segments:
            found = [
                posixpath.join(parent, name)
                for parent in found
                for name in ([segment] if not is_pattern(segment) else self.children(parent))
                if fnmatch.fnmatchcase(name, segment) and (segment.startswith(".") or not name.startswith("."))
                if is_pattern(segment) or self.find(posixpath.join(parent, name)) is not None
            ]
        return sorted(found) if segments else []


def is_pattern(word: str) -> bool:
    return any(sign in word for sign in "*?[")
