"""`df -kP` and `df -kPi`, by GNU coreutils and busybox."""

from __future__ import annotations

import re

from host_facts.readings import DiskUsage, InodeUsage

_KIBIBYTE = 1024
# A device may contain blanks, so the four numbers are what a line is recognised by.
_LINE = re.compile(
    r"(?P<device>\S.*?)\s+(?P<total>\d+|-)\s+(?P<used>\d+|-)\s+(?P<free>-?\d+|-)\s+(?:\d+%|-)\s+(?P<at>/.*)"
)


def parse_disk_usage(text: str) -> list[DiskUsage]:
    """Every line with numbers, sizes in 1024-byte blocks; headers and complaints are passed over."""
    return [
        DiskUsage(
            device=found["device"],
            mount_point=found["at"],
            size_bytes=int(found["total"]) * _KIBIBYTE,
            used_bytes=int(found["used"]) * _KIBIBYTE,
            available_bytes=max(0, int(found["free"])) * _KIBIBYTE,
        )
        for found in _lines(text)
    ]


def parse_inode_usage(text: str) -> list[InodeUsage]:
    """Filesystems without a fixed number of inodes show 0 or a dash and are left out."""
    usages = [
        InodeUsage(mount_point=found["at"], total=int(found["total"]), used=int(found["used"]))
        for found in _lines(text)
    ]
    return [usage for usage in usages if usage.total > 0]


def _lines(text: str) -> list[re.Match[str]]:
    matches = (_LINE.fullmatch(line.rstrip()) for line in text.splitlines())
    return [found for found in matches if found and "-" not in (found["total"], found["used"], found["free"])]
