"""Which mounted filesystems hold data, each once, and which of them ought to be writable."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from host_facts.domain import FilesystemFacts
from host_facts.readings import DiskUsage, InodeUsage, Mount

# Images are always full and never written to.
_IMAGE_TYPES = {"squashfs", "iso9660", "udf", "cramfs", "erofs", "fuse.snapfuse"}
_PSEUDO_TYPES = {
    *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs"),
    *("fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore"),
    *("ramfs", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs"),
}
# Mounts that systemd, snap, kubelet and container runtimes make for their own use.
_RUNTIME_PLACES = re.compile(
    r"/(sys|proc|dev/(?!shm)|run/(credentials|snapd|containerd|netns|docker|user)|snap|var/lib/(kubelet|docker|containerd|containers))/"
)
_MEMORY_TYPES = {"tmpfs", "overlay", "shm"}


def choose_filesystems(
    usages: Iterable[DiskUsage],
    *,
    mounts: Iterable[Mount],
    inodes: Iterable[InodeUsage] = (),
    intended: Iterable[Mount] = (),
    remounted: Collection[str] = (),
) -> tuple[FilesystemFacts, ...]:
    """Filesystems with data, ordered by mount point.

    `intended` is what fstab says, `remounted` the device names (`sda1`) the kernel has made read-only after an error.
    A tmpfs counts, since it can run full; several mounts of one device count once.
    """
    mounted = {mount.mount_point: mount for mount in mounts}
    writable = {mount.mount_point for mount in intended if "ro" not in mount.options}
    inode_ratios = {usage.mount_point: usage.used / usage.total for usage in inodes if usage.total > 0}
    chosen: dict[str, FilesystemFacts] = {}
    for usage in sorted(usages, key=lambda usage: (len(usage.mount_point), usage.mount_point)):
        mount = mounted.get(usage.mount_point)
        if not _holds_data(usage, mount):
            continue
        is_read_only = mount is not None and "ro" in mount.options
        has_been_writable = usage.mount_point in writable or usage.device.rpartition("/")[2] in remounted
        chosen.setdefault(
            _identity(usage, mount),
            FilesystemFacts(
                mount_point=usage.mount_point,
                device=usage.device,
                type=mount.type if mount else "",
                size_bytes=usage.size_bytes,
                used_bytes=usage.used_bytes,
                used_ratio=_used_ratio(usage),
                inodes_used_ratio=inode_ratios.get(usage.mount_point),
                is_read_only=is_read_only,
                was_remounted_read_only=is_read_only and has_been_writable,
            ),
        )
    return tuple(sorted(chosen.values(), key=lambda facts: facts.mount_point))


def _holds_data(usage: DiskUsage, mount: Mount | None) -> bool:
    if usage.size_bytes <= 0:
        return False
    kind = mount.type if mount else ""
    if kind in _IMAGE_TYPES or kind in _PSEUDO_TYPES:
        return False
    is_in_memory = kind in _MEMORY_TYPES or usage.device in _MEMORY_TYPES or usage.device == "none"
    if usage.mount_point == "/":
        return True
    if kind == "overlay":
        return False
    if mount is not None and is_in_memory and "ro" in mount.options:
        return False
    return not (is_in_memory and _RUNTIME_PLACES.match(usage.mount_point + "/"))


def _identity(usage: DiskUsage, mount: Mount | None) -> str:
    """Two lines with the same identity show the same storage."""
    is_named = usage.device.startswith("/") or ":" in usage.device
    return f"{usage.device} {mount.type if mount else ''}" if is_named else usage.mount_point


def _used_ratio(usage: DiskUsage) -> float:
    usable = usage.used_bytes + usage.available_bytes
    return round(usage.used_bytes / usable, 4) if usable > 0 else 1.0
