"""What was read on a host, before any rule has chosen from it: the same whether a command or a library was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from host_facts.domain import (
    CertificateFacts,
    ClockFacts,
    FailedUnitFacts,
    ListenerFacts,
    MemoryFacts,
    OomKillFacts,
)


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """One line of df."""

    device: str
    mount_point: str
    size_bytes: int
    used_bytes: int
    available_bytes: int
    """To users; root may have a reserve beyond that."""


@dataclass(frozen=True, slots=True)
class InodeUsage:
    mount_point: str
    total: int
    used: int


@dataclass(frozen=True, slots=True)
class Mount:
    device: str
    mount_point: str
    type: str
    options: frozenset[str]


@dataclass(frozen=True, slots=True)
class ProcessorTimes:
    """Since boot, in ticks of the kernel, all cores together."""

    busy: float
    idle: float
    """Waiting for a disk is idle too."""
    cores: int


@dataclass(frozen=True, slots=True)
class Look:
    """Counters at one moment; two looks give rates."""

    processors: ProcessorTimes
    uptime_seconds: float | None = None
    swapped_in_bytes: int | None = None
    swapped_out_bytes: int | None = None
    process_ticks: Mapping[int, float] = field(default_factory=dict)
    """Process id → processor time since it began, in the unit of `processors`."""


@dataclass(frozen=True, slots=True)
class LoadAverages:
    last_1m: float
    last_5m: float
    last_15m: float


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent_pid: int
    user: str
    state: str
    """The first letter that ps shows."""
    cpu_percent: float
    """Of one core."""
    memory_bytes: int
    age_seconds: float | None
    command: str


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything that was read on one host; None where nothing could be read."""

    hostname: str = ""
    kernel: str = ""
    os: str = ""
    boot_at: datetime | None = None
    first_look: Look | None = None
    last_look: Look | None = None
    load: LoadAverages | None = None
    memory: MemoryFacts | None = None
    disk_usages: Sequence[DiskUsage] | None = None
    inode_usages: Sequence[InodeUsage] = ()
    mounts: Sequence[Mount] = ()
    intended_mounts: Sequence[Mount] = ()
    """From fstab."""
    processes: Sequence[Process] | None = None
    oom_kills: Sequence[OomKillFacts] | None = None
    remounted_devices: frozenset[str] = frozenset()
    """Device names such as `sda1` that the kernel has made read-only after an error."""
    failed_units: Sequence[FailedUnitFacts] | None = None
    listeners: Sequence[ListenerFacts] | None = None
    certificates: Sequence[CertificateFacts] | None = None
    clock: ClockFacts | None = None
    open_files_ratio: float | None = None
    nic_errors: Mapping[str, int] | None = None
    failures: Mapping[str, str] = field(default_factory=dict)
    """Part of HostFacts → why it could not be read, if it could not."""
    incomplete: Mapping[str, str] = field(default_factory=dict)
    """Part of HostFacts → why something is missing in it."""
