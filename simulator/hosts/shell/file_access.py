"""What one user may do with the files of a host: reading, writing, removing, with the faults a kernel would give."""

from __future__ import annotations

import posixpath

from simulator.hosts.machine.disks import HeldFile
from simulator.hosts.machine.file_tree import (
    DENIED,
    IS_DIRECTORY,
    NO_SPACE,
    NO_SUCH_FILE,
    NOT_DIRECTORY,
    READ_ONLY,
    Directory,
    Entry,
    File,
    FileFault,
    Link,
)
from simulator.hosts.shell.state import ShellState
from simulator.hosts.shell.streams import BrokenPipe, Nowhere, Output

MOST_TEXT = 512 * 1024
"""Of what a user writes into one file."""
_SINKS = {"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"}


class FileAccess:
    """Every fault is a FileFault whose message is `name: reason`, as programs print it."""

    def __init__(self, state: ShellState) -> None:
        self._state = state
        self._host = state.host

    def find(self, name: str, *, is_following: bool = True) -> Entry | None:
        path = self._state.path(name)
        return self._host.files.find(path) if is_following else self._host.files.find_itself(path)

    def get(self, name: str) -> Entry:
        entry = self.find(name)
        if entry is None:
            raise FileFault(f"{name}: {NO_SUCH_FILE}")
        return entry

    def read(self, name: str) -> str:
        if self._state.path(name) in _SINKS:
            return ""
        entry = self.get(name)
        if not isinstance(entry, File):
            raise FileFault(f"{name}: {IS_DIRECTORY}")
        if not self._is_permitted(entry, bit=4):
            raise FileFault(f"{name}: {DENIED}")
        return entry.read()

    def is_readable(self, name: str) -> bool:
        entry = self.find(name)
        return isinstance(entry, Directory) or (isinstance(entry, File) and self._is_permitted(entry, bit=4))

    def open(self, name: str, *, is_appending: bool) -> Output:
        """A writer; the file is made, or emptied unless it is appended to."""
        path = self._state.path(name)
        if path in _SINKS:
            return Nowhere()
        entry = self.find(name)
        if isinstance(entry, Directory):
            raise FileFault(f"{name}: {IS_DIRECTORY}")
        self._check_writable(name, entry)
        if not isinstance(entry, File):
            entry = self.create(name)
        elif not is_appending and isinstance(entry.text, str):
            entry.empty(at=self._host.clock)
        self._host.changed()
        return _Writer(entry, state=self._state, name=name)

    def create(self, name: str) -> File:
        path = self._state.path(name)
        parent = self._host.files.find(posixpath.dirname(path))
        if parent is None:
            raise FileFault(f"{name}: {NO_SUCH_FILE}")
        if not isinstance(parent, Directory):
            raise FileFault(f"{name}: {NOT_DIRECTORY}")
        self._check_writable(name, None)
        if self._is_full(path):
            raise FileFault(f"{name}: {NO_SPACE}")
        entry = File(owner=self._state.user, group=self._state.user, modified_at=self._host.clock)
        self._host.files.put(path, entry)
        return entry

    def make_directory(self, name: str) -> None:
        self._check_writable(name, None)
        if self._is_full(self._state.path(name)):
            raise FileFault(f"{name}: {NO_SPACE}")
        user = self._state.user
        self._host.files.put(self._state.path(name), Directory(owner=user, group=user, modified_at=self._host.clock))

    def remove(self, name: str) -> None:
        """Remove a file or a whole directory. What a process has open keeps its space until the process ends."""
        path = self._state.path(name)
        self._check_writable(name, None)
        for inner, entry in self._host.files.walk(path):
            if isinstance(entry, File) and (pid := self._writer_of(inner)):
                size = entry.size(at=self._host.now())
                self._host.disks.held.append(HeldFile(inner, size, pid))
        self._host.files.remove(path)
        self._host.changed()

    def _writer_of(self, path: str) -> int:
        for process in self._host.processes:
            if path in process.writes_to:
                return process.pid
        return 0

    def check_writable(self, name: str) -> None:
        """Raise FileFault when the user may not change this file."""
        self._check_writable(name, self.find(name))

    def _check_writable(self, name: str, entry: Entry | None) -> None:
        path = self._state.path(name)
        if self._host.disks.mount_of(path).is_read_only:
            raise FileFault(f"{name}: {READ_ONLY}")
        judged = entry if entry is not None else self._host.files.find(posixpath.dirname(path))
        if judged is not None and not self._is_permitted(judged, bit=2):
            raise FileFault(f"{name}: {DENIED}")

    def _is_permitted(self, entry: Entry, *, bit: int) -> bool:
        if self._state.is_root or isinstance(entry, Link):
            return True
        if entry.owner == self._state.user:
            return bool(entry.mode & bit << 6)
        if entry.group in {self._state.user, "adm", "systemd-journal"}:
            return bool(entry.mode & bit << 3)
        return bool(entry.mode & bit)

    def _is_full(self, path: str) -> bool:
        mount = self._host.disks.mount_of(path)
        usage = self._host.disks.usage(mount, at=self._host.now())
        is_out_of_inodes = mount.inodes > 0 and usage.used_inodes >= mount.inodes
        return usage.available_bytes <= 0 or is_out_of_inodes


class _Writer:
    """Appends to one file."""

    def __init__(self, entry: File, *, state: ShellState, name: str) -> None:
        self._entry = entry
        self._state = state
        self._name = name

    def write(self, text: str) -> None:
        if not isinstance(self._entry.text, str):
            return
        if len(self._entry.text) + len(text) > MOST_TEXT:
            raise BrokenPipe
        self._entry.text += text
        self._entry.modified_at = self._state.host.clock
