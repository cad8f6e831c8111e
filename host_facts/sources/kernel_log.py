"""The kernel's log by dmesg (`-T`, raw, ISO) or `journalctl -k`: out-of-memory kills, remounts after errors.

Wordings: mm/oom_kill.c of Linux 3.10 to 6.x; fs/ext4/super.c, fs/btrfs/messages.c, fs/xfs/xfs_fsops.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from host_facts.domain import OomKillFacts

LONGEST_LINE = 300
_KIBIBYTE = 1024
_SAME_KILL_SECONDS = 120.0
"""One kill is read from two logs whose clocks differ; `dmesg -T` drifts by seconds."""

_STAMPS = (
    # [Fri Nov 27 23:35:43 2026] by dmesg -T, which writes local time
    re.compile(r"\[(?P<human>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] ?"),
    # [12345.678901] since boot
    re.compile(r"\[ *(?P<since_boot>\d{1,12}\.\d{1,9})\] ?"),
    # 2026-11-27T23:35:43,123456+00:00 by dmesg --time-format iso, 2026-11-27T23:35:43+0000 by journalctl
    re.compile(r"(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d))(?: \S{1,253} kernel:)? ?"),
    # 1764286543.123456 host kernel: by journalctl -o short-unix
    re.compile(r"(?P<unix>\d{9,11}\.\d{1,9})(?: \S{1,253} kernel:)? ?"),
)
_KILLED = re.compile(
    r"(?:(?P<scope>Memory cgroup out of memory|Out of memory)[^:]{0,60}: )?Killed process (?P<pid>\d{1,10}),?"
    r"(?: UID \d+,?)? \((?P<name>.{1,64}?)\),? (?:UID \d+,? )?total-vm:\d+kB, anon-rss:(?P<anon>\d{1,15})kB,"
    r" file-rss:(?P<file>\d{1,15})kB(?:, shmem-rss:(?P<shmem>\d{1,15})kB)?"
)
_OLD_SCOPE = re.compile(r"(?P<scope>Memory cgroup out of memory|Out of memory): Kill process (?P<pid>\d{1,10}) ")
_CONSTRAINT = re.compile(
    r"oom-kill:constraint=(?P<constraint>\w{1,40}),.{0,400}?task_memcg=(?P<cgroup>[^,\s]{1,300}),task=.{0,64},pid=(?P<pid>\d{1,10}),"
)
_OLD_CGROUP = re.compile(r"Task in (?P<cgroup>\S{1,300}) killed as a result of limit of ")
_REMOUNTED = re.compile(
    r"EXT[234]-fs \((?P<ext>[\w.!-]{1,64})\): Remounting filesystem read-only"
    r"|BTRFS(?:: | \w+ \(device (?P<btrfs>[\w.!-]{1,64})[^)]*\).{0,40})forced readonly"
    r"|XFS \((?P<xfs>[\w.!-]{1,64})\): .{0,120}[Ss]hutting down filesystem"
)


def parse_oom_kills(text: str, *, boot_at: datetime | None) -> list[OomKillFacts]:
    """Every kill the text tells of, in its order; a stamp since boot needs the boot time."""
    kills: list[OomKillFacts] = []
    cgroups: dict[int, str] = {}
    cgroup_before = ""
    for at, message in _messages(text, boot_at=boot_at):
        if found := _CONSTRAINT.search(message):
            is_limited = found["constraint"] == "CONSTRAINT_MEMCG"
            cgroups[int(found["pid"])] = found["cgroup"] if is_limited else ""
        elif found := _OLD_CGROUP.search(message):
            cgroup_before = found["cgroup"]
        elif found := _OLD_SCOPE.search(message):
            cgroups[int(found["pid"])] = cgroup_before if found["scope"].startswith("Memory") else ""
            cgroup_before = ""
        elif found := _KILLED.search(message):
            kills.append(_describe_kill(found, at=at, message=message, cgroups=cgroups))
    return kills


def find_remounted_devices(text: str) -> frozenset[str]:
    """Names such as `sda1` of devices the kernel has made read-only, or shut down, after an error."""
    found = (match for line in text.splitlines() for match in _REMOUNTED.finditer(line))
    return frozenset(device for match in found for device in match.groups() if device)


def merge_oom_kills(*logs: Iterable[OomKillFacts]) -> list[OomKillFacts]:
    """The kills of several logs, each once, newest first; those without a time last."""
    ordered = sorted(
        (kill for log in logs for kill in log),
        key=lambda kill: (kill.pid or 0, kill.process, kill.at or datetime.min.replace(tzinfo=UTC)),
    )
    repeats = {index for index, (one, other) in enumerate(pairwise(ordered), start=1) if _is_same(one, other)}
    kept = [kill for index, kill in enumerate(ordered) if index not in repeats]
    return sorted(kept, key=lambda kill: kill.at or datetime.min.replace(tzinfo=UTC), reverse=True)


def _is_same(one: OomKillFacts, other: OomKillFacts) -> bool:
    if (one.pid, one.process) != (other.pid, other.process):
        return False
    if one.at is None or other.at is None:
        return True
    return abs((one.at - other.at).total_seconds()) <= _SAME_KILL_SECONDS


def _describe_kill(found: re.Match[str], *, at: datetime | None, message: str, cgroups: dict[int, str]) -> OomKillFacts:
    pid = int(found["pid"])
    return OomKillFacts(
        at=at,
        process=found["name"],
        pid=pid,
        memory_bytes=sum(int(found[kind] or 0) for kind in ("anon", "file", "shmem")) * _KIBIBYTE,
        cgroup=cgroups.get(pid, ""),
        line=message[:LONGEST_LINE],
    )


def _messages(text: str, *, boot_at: datetime | None) -> Iterator[tuple[datetime | None, str]]:
    for line in text.splitlines():
        at, rest = _split_stamp(line.strip(), boot_at=boot_at)
        yield at, rest.strip()


def _split_stamp(line: str, *, boot_at: datetime | None) -> tuple[datetime | None, str]:
    for stamp in _STAMPS:
        found = stamp.match(line)
        if found:
            rest = line[found.end() :].removeprefix("kernel: ")
            return _read_stamp(found, boot_at=boot_at), rest
    return None, line


def _read_stamp(found: re.Match[str], *, boot_at: datetime | None) -> datetime | None:
    (kind, value), *_ = ((kind, value) for kind, value in found.groupdict().items())
    try:
        if kind == "human":
            return datetime.strptime(value, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        if kind == "iso":
            return datetime.fromisoformat(value.replace(",", ".")).astimezone(UTC)
        if kind == "unix":
            return datetime.fromtimestamp(float(value), UTC)
        return boot_at + timedelta(seconds=float(value)) if boot_at else None
    except (ValueError, OverflowError, OSError):
        return None
