"""Mounted filesystems: how full they are follows from the files on them."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.hosts.machine.file_tree import Directory, File, FileTree

BLOCK_BYTES = 4096
RESERVED_SHARE = 0.05
"""What ext4 keeps for root."""


@dataclass(slots=True)
class Mount:
    device: str
    mount_point: str
    type: str
    size_bytes: int
    inodes: int
    base_bytes: int = 0
    """Used by everything that is not in the file tree: the operating system, the data of a database."""
    base_inodes: int = 0
    options: list[str] = field(default_factory=lambda: ["rw", "relatime"])
    fstab_options: str = "defaults"

    @property
    def is_read_only(self) -> bool:
        return "ro" in self.options

    def set_read_only(self, is_read_only: bool) -> None:
        self.options[0] = "ro" if is_read_only else "rw"


@dataclass(frozen=True, slots=True)
class Usage:
    used_bytes: int
    available_bytes: int
    used_inodes: int

    @property
    def used_ratio(self) -> float:
        total = self.used_bytes + self.available_bytes
        return self.used_bytes / total if total else 0.0


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A deleted file that a process still has open: its space is free when the process ends."""

    path: str
    size_bytes: int
    pid: int


@dataclass(slots=True)
class Disks:
    files: FileTree
    mounts: list[Mount] = field(default_factory=list)
    held: list[HeldFile] = field(default_factory=list)

    def mount_of(self, path: str) -> Mount:
        """The filesystem a path lies on; raise LookupError for a host without a root filesystem."""
        candidates = [mount for mount in self.mounts if is_below(path, mount.mount_point)]
        if not candidates:
            raise LookupError("no filesystem is mounted on /")
        return max(candidates, key=lambda mount: len(mount.mount_point))

    def usage(self, mount: Mount, *, at: float) -> Usage:
        """What df shows."""
        used, inodes = mount.base_bytes, mount.base_inodes
        for path, entry in self.files.entries.items():
            if not is_below(path, mount.mount_point) or self.mount_of(path) is not mount:
                continue
            inodes += 1
            if isinstance(entry, File):
                used += _on_disk(entry.size(at=at))
            elif isinstance(entry, Directory):
                inodes += entry.crowd
                used += entry.crowd * _on_disk(entry.crowd_file_bytes)
        used += sum(_on_disk(item.size_bytes) for item in self.held if self.mount_of(item.path) is mount)
        reserve = int(mount.size_bytes * RESERVED_SHARE) if mount.type.startswith("ext") else 0
        used = min(used, mount.size_bytes)
        return Usage(used, max(0, mount.size_bytes - reserve - used), min(inodes, mount.inodes or inodes))

    def tree_bytes(self, path: str, *, at: float, is_crossing: bool = True) -> int:
        """What du shows for a path; without crossing, only what lies on the same filesystem."""
        home = self.mount_of(path)
        total = 0
        for inner, entry in self.files.walk(path):
            if not is_crossing and self.mount_of(inner) is not home:
                continue
            if isinstance(entry, File):
                total += _on_disk(entry.size(at=at))
            elif isinstance(entry, Directory):
                total += BLOCK_BYTES + entry.crowd * _on_disk(entry.crowd_file_bytes)
        return total


def is_below(path: str, directory: str) -> bool:
    return directory in {"/", path} or path.startswith(directory + "/")


def _on_disk(size: int) -> int:
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES
