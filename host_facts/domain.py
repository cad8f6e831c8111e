"""The facts of one host at one moment. A part that could not be read is None and named in `unknown`, never zero."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address

from pydantic import BaseModel, ConfigDict


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FilesystemFacts(_Facts):
    """One mounted filesystem that holds data; pseudo filesystems are left out."""

    mount_point: str
    device: str
    type: str
    size_bytes: int
    used_bytes: int
    used_ratio: float
    """0 to 1, as df computes it: used / (used + available to users)."""
    inodes_used_ratio: float | None = None
    """None where the filesystem has no fixed number of inodes."""
    is_read_only: bool = False
    was_remounted_read_only: bool = False
    """fstab says rw, or the kernel remounted it after an error."""


class MemoryFacts(_Facts):
    total_bytes: int
    available_bytes: int
    swap_total_bytes: int = 0
    swap_used_bytes: int = 0
    swapped_in_bytes_per_second: float | None = None
    """Over the time between two looks; steady traffic in both directions is thrashing. None at the first look."""
    swapped_out_bytes_per_second: float | None = None


class CpuFacts(_Facts):
    cores: int
    used_ratio: float | None = None
    """0 to 1 over the time between two looks; None at the first look."""
    load_1m: float
    load_5m: float
    load_15m: float


class ProcessFacts(_Facts):
    pid: int
    parent_pid: int
    user: str
    state: str
    """The letter of ps: R, S, D, Z, T …"""
    cpu_percent: float
    """Of one core, over the time between two looks; over its whole life where there was only one."""
    memory_bytes: int
    age_seconds: float | None = None
    command: str
    """At most 200 characters, credentials hidden."""


class ZombieFacts(_Facts):
    pid: int
    command: str
    parent_pid: int
    parent_command: str
    parent_user: str
    age_seconds: float | None = None
    """Since it was started, which is before it ended."""


class OomKillFacts(_Facts):
    at: datetime | None
    process: str
    pid: int | None
    memory_bytes: int | None
    """Resident size when it was killed."""
    cgroup: str = ""
    """Empty when the whole host was out of memory."""
    line: str
    """The kernel's line, at most 300 characters."""


class FailedUnitFacts(_Facts):
    name: str
    description: str
    since: datetime | None = None
    last_lines: tuple[str, ...] = ()
    """The end of its log without times, oldest first, credentials hidden; empty where it may not be read."""


class ListenerFacts(_Facts):
    protocol: str
    """tcp or udp."""
    address: str
    port: int
    pid: int | None = None
    process: str = ""
    """Its short name, as the kernel keeps it."""
    user: str = ""
    command: str = ""
    """The command line where it could be read, at most 200 characters, credentials hidden."""
    age_seconds: float | None = None
    """Since the process was started."""

    @property
    def is_loopback(self) -> bool:
        """Whether only the host itself can reach it."""
        try:
            address = ip_address(self.address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback


class CertificateFacts(_Facts):
    path: str
    """File, or host:port of a listener."""
    subject: str
    expires_at: datetime


class ClockFacts(_Facts):
    is_synchronised: bool | None
    offset_seconds: float | None
    """Host clock minus reference clock; positive means the host is ahead."""
    source: str
    """Who told the offset: chronyc, ntpq or timedatectl; `caller`: compared with the asking server's clock."""


class HostFacts(_Facts):
    """Everything patrol, dashboard and chat look at."""

    host: str
    """Asset id."""
    hostname: str
    taken_at: datetime
    boot_at: datetime | None = None
    kernel: str = ""
    os: str = ""
    cpu: CpuFacts | None = None
    memory: MemoryFacts | None = None
    filesystems: tuple[FilesystemFacts, ...] | None = None
    top_processes: tuple[ProcessFacts, ...] | None = None
    """Those that use most CPU or memory, at most 20."""
    zombies: tuple[ZombieFacts, ...] | None = None
    oom_kills: tuple[OomKillFacts, ...] | None = None
    """From the kernel log of the last 24 hours, newest first, at most 20."""
    failed_units: tuple[FailedUnitFacts, ...] | None = None
    listeners: tuple[ListenerFacts, ...] | None = None
    certificates: tuple[CertificateFacts, ...] | None = None
    clock: ClockFacts | None = None
    open_files_ratio: float | None = None
    """Open file handles of the whole host over their limit."""
    nic_errors: dict[str, int] | None = None
    """Receive and transmit errors per network interface since boot; virtual interfaces left out."""
    unknown: dict[str, str] = {}
    """Part → why it could not be read, such as `oom_kills: dmesg: permission denied`. A part that is known and
    yet named here is incomplete: a file system that did not answer, output that was cut."""
