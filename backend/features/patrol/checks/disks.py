"""Filesystems that run full."""

import shlex

from backend.features.patrol.checks.view import HostView, conclude, could_not_look, grade_high
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading, percent, size
from backend.features.patrol.settings import CheckSettings
from backend.vocabulary.language import Text
from host_facts.domain import FilesystemFacts

DISK_USAGE = "disk-usage"
_IMAGES = frozenset({"squashfs", "iso9660", "erofs", "cramfs", "udf"})
"""Written once and full by nature."""
_GIB = 1024.0**3
_STEP = 0.05


def find_full_disks(view: HostView) -> CheckResult:
    """One reading per filesystem that holds data, by used share; a large one with enough left is clear."""
    filesystems = view.facts.filesystems
    if filesystems is None:
        return could_not_look(DISK_USAGE, view.facts, part="filesystems")
    readings = (_judge(disk, settings=view.settings) for disk in filesystems if disk.type not in _IMAGES)
    return conclude(DISK_USAGE, view.facts, part="filesystems", readings=readings)


def _judge(disk: FilesystemFacts, *, settings: CheckSettings) -> Reading:
    free = count_free(disk)
    mount = disk.mount_point
    return Reading(
        check=DISK_USAGE,
        subject=mount,
        grade=_grade(disk.used_ratio, free=free, settings=settings),
        title=Text(
            en=f"{mount} is {percent(disk.used_ratio)} full, {size(free)} left",
            zh=f"{mount} 已使用 {percent(disk.used_ratio)}，剩余 {size(free)}",
        ),
        cause=_explain(disk),
        fixes=_advise(disk),
        evidence=(f"{disk.device} ({disk.type}) {size(disk.used_bytes)} / {size(disk.size_bytes)}",),
        value=disk.used_ratio,
        step=_STEP,
    )


def count_free(disk: FilesystemFacts) -> float:
    """Bytes available to users, from the share that df computes with them."""
    if disk.used_ratio <= 0:
        return float(disk.size_bytes)
    return max(0.0, disk.used_bytes * (1 - disk.used_ratio) / disk.used_ratio)


def _grade(ratio: float, *, free: float, settings: CheckSettings) -> Grade:
    grade = grade_high(ratio, warning=settings.disk_warning, critical=settings.disk_critical, slack=settings.slack)
    enough = settings.disk_enough_free_gib * _GIB
    if free >= enough:
        return Grade.CLEAR
    return Grade.WARNING if grade is Grade.CRITICAL and free >= enough / 4 else grade


def _explain(disk: FilesystemFacts) -> Text:
    if disk.type == "tmpfs":
        return Text(
            en="Files in a tmpfs live in memory: a full one also takes memory from every program.",
            zh="tmpfs 中的文件占用内存：写满后还会挤占所有程序的内存。",
        )
    return Text(
        en="Usually logs, core dumps, container images or files that are deleted but still open.",
        zh="常见原因：日志、core dump、容器镜像，或已删除但仍被进程打开的文件。",
    )


def _advise(disk: FilesystemFacts) -> tuple[Fix, ...]:
    place = shlex.quote(disk.mount_point)
    fixes = [
        Fix(
            Text(en="Find the largest directories.", zh="找出占用最大的目录。"),
            f"du -xh --max-depth=2 {place} 2>/dev/null | sort -rh | head -20",
        ),
        Fix(
            Text(en="Find deleted files that are still open.", zh="查找已删除但仍被打开的文件。"),
            f"lsof +L1 {place} 2>/dev/null | head -20",
        ),
    ]
    if disk.mount_point in {"/", "/var", "/var/log"}:
        fixes.append(
            Fix(
                Text(en="Shrink the journal to 500 MB.", zh="将系统日志压缩到 500 MB。"),
                "journalctl --vacuum-size=500M",
                is_change=True,
            )
        )
    return tuple(fixes)
