"""Filesystems that run out of inodes: no new file, though there is room."""

import shlex

from backend.features.patrol.checks.view import HostView, conclude, could_not_look, grade_high
from backend.features.patrol.domain import CheckResult, Fix, Reading, percent
from backend.vocabulary.language import Text

INODE_USAGE = "inode-usage"
_STEP = 0.05


def find_scarce_inodes(view: HostView) -> CheckResult:
    """One reading per filesystem with a fixed number of inodes."""
    filesystems = view.facts.filesystems
    if filesystems is None:
        return could_not_look(INODE_USAGE, view.facts, part="filesystems")
    readings = (
        _judge(disk.mount_point, used=disk.inodes_used_ratio, view=view)
        for disk in filesystems
        if disk.inodes_used_ratio is not None
    )
    return conclude(INODE_USAGE, view.facts, part="filesystems", readings=readings)


def _judge(mount: str, *, used: float, view: HostView) -> Reading:
    settings = view.settings
    place = shlex.quote(mount)
    return Reading(
        check=INODE_USAGE,
        subject=mount,
        grade=grade_high(
            used, warning=settings.inodes_warning, critical=settings.inodes_critical, slack=settings.slack
        ),
        title=Text(en=f"{mount} has used {percent(used)} of its inodes", zh=f"{mount} 的 inode 已使用 {percent(used)}"),
        cause=Text(
            en="Very many small files: sessions, caches, mail queues or unpacked archives.",
            zh="存在大量小文件：会话、缓存、邮件队列或解压后的归档。",
        ),
        fixes=(
            Fix(
                Text(en="Find the directories with most files.", zh="找出文件数最多的目录。"),
                f"du -x --inodes --max-depth=3 {place} 2>/dev/null | sort -rn | head -20",
            ),
        ),
        value=used,
        step=_STEP,
    )
