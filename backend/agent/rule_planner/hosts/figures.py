"""Figures of hosts as table rows and short words."""

from collections.abc import Sequence
from datetime import datetime

from backend.agent.rule_planner.hosts.reading import HostLook
from host_facts.domain import FilesystemFacts, HostFacts, ListenerFacts, ProcessFacts

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
MAX_PROCESSES = 10


def size(count: float) -> str:
    """Bytes with one decimal in the largest unit that leaves at least 1."""
    for unit in _UNITS:
        if abs(count) < 1024 or unit == _UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")


def percent(ratio: float) -> str:
    """Rounded down, as patrol does: the same disk has the same figure everywhere, and only a full one has 100%."""
    return f"{int(ratio * 100 + 1e-9)}%"


def moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def listeners_on(look: HostLook, *, port: int) -> list[ListenerFacts]:
    if look.facts is None:
        return []
    return [listener for listener in look.facts.listeners or () if listener.port == port]


def disk_rows(facts: HostFacts) -> list[list[str]]:
    """Fullest first."""
    ordered = sorted(facts.filesystems or (), key=lambda disk: disk.used_ratio, reverse=True)
    return [_disk_row(disk) for disk in ordered]


def _disk_row(disk: FilesystemFacts) -> list[str]:
    inodes = "" if disk.inodes_used_ratio is None else percent(disk.inodes_used_ratio)
    mode = "ro" if disk.is_read_only else "rw"
    return [disk.mount_point, percent(disk.used_ratio), size(disk.used_bytes), size(disk.size_bytes), inodes, mode]


def process_rows(processes: Sequence[ProcessFacts], *, by_memory: bool) -> list[list[str]]:
    def weight(process: ProcessFacts) -> float:
        return process.memory_bytes if by_memory else process.cpu_percent

    ordered = sorted(processes, key=weight, reverse=True)
    return [
        [str(process.pid), process.user, f"{process.cpu_percent:.1f}%", size(process.memory_bytes), process.command]
        for process in ordered[:MAX_PROCESSES]
    ]
