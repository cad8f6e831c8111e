"""Filesystems that the kernel made read-only."""

import shlex

from backend.features.patrol.checks.view import HostView, conclude, could_not_look
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading
from backend.vocabulary.language import Text
from host_facts.domain import FilesystemFacts

READ_ONLY_MOUNTS = "read-only-mounts"


def find_read_only_mounts(view: HostView) -> CheckResult:
    """One reading per mount point that should be writable and is not; what is meant to be read-only is clear."""
    filesystems = view.facts.filesystems
    if filesystems is None:
        return could_not_look(READ_ONLY_MOUNTS, view.facts, part="filesystems")
    broken = (disk for disk in filesystems if disk.is_read_only and disk.was_remounted_read_only)
    return conclude(READ_ONLY_MOUNTS, view.facts, part="filesystems", readings=map(_judge, broken))


def _judge(disk: FilesystemFacts) -> Reading:
    mount = disk.mount_point
    return Reading(
        check=READ_ONLY_MOUNTS,
        subject=mount,
        grade=Grade.CRITICAL,
        title=Text(en=f"{mount} has become read-only", zh=f"{mount} 变为只读"),
        cause=Text(
            en="The kernel stops writing after errors of the disk or the filesystem, so that nothing more is damaged.",
            zh="磁盘或文件系统出错后，内核为避免进一步损坏而停止写入。",
        ),
        fixes=(
            Fix(
                Text(en="Read what the kernel met.", zh="查看内核报告的错误。"),
                "dmesg -T | grep -iE 'i/o error|ext4|xfs|btrfs|remount|nvme|sd[a-z]' | tail -30",
            ),
            Fix(
                Text(
                    en="Check disk and filesystem first; make it writable again only after that.",
                    zh="先检查磁盘和文件系统，确认后再恢复可写。",
                ),
                f"mount -o remount,rw {shlex.quote(mount)}",
                is_change=True,
            ),
        ),
        evidence=(f"{disk.device} ({disk.type})",),
    )
