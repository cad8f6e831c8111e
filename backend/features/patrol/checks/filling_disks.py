"""Filesystems that will be full soon at the pace of the last hours."""

import shlex
from collections.abc import Sequence

from backend.features.hosts.domain import Point
from backend.features.patrol.checks.disks import count_free
from backend.features.patrol.checks.view import HostView, conclude, could_not_look
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading, percent
from backend.vocabulary.language import Text
from host_facts.domain import FilesystemFacts

DISK_FILLING = "disk-filling"
HISTORY_HOURS = 6.0
_FEWEST_POINTS = 12
_SHORTEST_HOURS = 1.0
_LEAST_GROWTH = 0.02
"""Less than this share in all that time is no pace to count on."""
_STRAIGHT = 0.9
"""How well a straight line must fit: a file that came at once says nothing about the next hours."""
_HOLD = 1.5


def find_filling_disks(view: HostView) -> CheckResult:
    """One reading per filesystem that grows evenly, by the hours until it is full."""
    filesystems = view.facts.filesystems
    if filesystems is None:
        return could_not_look(DISK_FILLING, view.facts, part="filesystems")
    judged = (_judge(disk, view=view) for disk in filesystems)
    readings = (reading for reading in judged if reading is not None)
    return conclude(DISK_FILLING, view.facts, part="filesystems", readings=readings)


def predict_hours(points: Sequence[Point], *, used: float) -> float | None:
    """Hours until the share reaches 1, by a line through the points; None when they do not rise evenly."""
    if len(points) < _FEWEST_POINTS:
        return None
    hours = [(point.at - points[0].at).total_seconds() / 3600 for point in points]
    shares = [point.value for point in points]
    if hours[-1] < _SHORTEST_HOURS or used - shares[0] < _LEAST_GROWTH:
        return None
    slope, fit = _draw_line(hours, shares)
    return (1.0 - used) / slope if slope > 0 and fit >= _STRAIGHT else None


def _judge(disk: FilesystemFacts, *, view: HostView) -> Reading | None:
    hours = predict_hours(view.disk_history.get(disk.mount_point, ()), used=disk.used_ratio)
    if hours is None:
        return None
    mount, settings = disk.mount_point, view.settings
    return Reading(
        check=DISK_FILLING,
        subject=mount,
        grade=_grade(hours, warning=settings.filling_warning_hours, critical=settings.filling_critical_hours),
        title=Text(
            en=f"{mount} will be full in {_round(hours)} hours at this pace (now {percent(disk.used_ratio)})",
            zh=f"按当前速度 {mount} 将在 {_round(hours)} 小时后写满（现已使用 {percent(disk.used_ratio)}）",
        ),
        cause=Text(
            en="It grows evenly: a log without rotation, a backup, or a program that writes more than it removes.",
            zh="占用持续均匀增长：日志未轮转、备份任务，或程序写入多于清理。",
        ),
        fixes=(
            Fix(
                Text(en="Find the files that grew last.", zh="找出最近增长的文件。"),
                f"find {shlex.quote(mount)} -xdev -type f -mmin -60 -size +10M -ls 2>/dev/null | head -20",
            ),
        ),
        evidence=(f"{count_free(disk) / 1024**3:.1f} GiB left",),
        value=hours,
        needs_looks=view.repeat,
    )


def _grade(hours: float, *, warning: float, critical: float) -> Grade:
    if hours <= critical:
        return Grade.CRITICAL
    if hours <= warning:
        return Grade.WARNING
    return Grade.HOLD if hours <= warning * _HOLD else Grade.CLEAR


def _draw_line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Slope of the least-squares line, and the share of the movement that it explains."""
    count = len(xs)
    mean_x, mean_y = sum(xs) / count, sum(ys) / count
    spread_x = sum((x - mean_x) ** 2 for x in xs)
    spread_y = sum((y - mean_y) ** 2 for y in ys)
    together = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    if spread_x == 0 or spread_y == 0:
        return 0.0, 0.0
    return together / spread_x, together**2 / (spread_x * spread_y)


def _round(hours: float) -> str:
    return f"{hours:.1f}" if hours < 10 else f"{hours:.0f}"
