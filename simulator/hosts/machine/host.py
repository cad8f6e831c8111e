"""One simulated host: the parts together, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.hosts.machine.disks import Disks
from simulator.hosts.machine.file_tree import FileTree
from simulator.hosts.machine.journal import Journal, JournalEntry
from simulator.hosts.machine.processes import Process, ProcessTable
from simulator.hosts.machine.units import Unit

MIB = 1024 * 1024
KERNEL_MEMORY_BYTES = 320 * MIB
SWAPPINESS_SHARE = 0.93
"""Above that share of memory, pages go to swap."""


@dataclass(frozen=True, slots=True)
class Hardware:
    cores: int = 2
    memory_bytes: int = 4096 * MIB
    swap_bytes: int = 2048 * MIB
    most_open_files: int = 1_048_576


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    pretty_name: str = "Debian GNU/Linux 12 (bookworm)"
    id: str = "debian"
    version: str = "12"
    kernel: str = "6.1.0-28-amd64"
    kernel_build: str = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)"


@dataclass(slots=True)
class Drift:
    """A clock that no time service holds any more."""

    offset_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class MemoryUse:
    total: int
    used: int
    cached: int
    free: int
    swap_total: int
    swap_used: int
    swap_pages_per_second: float

    @property
    def available(self) -> int:
        return self.free + int(self.cached * 0.9)


@dataclass(frozen=True, slots=True)
class Container:
    """One container as `crictl ps` shows it."""

    id: str
    name: str
    image: str
    pod: str
    namespace: str
    state: str
    """Running or Exited."""
    started_at: float
    attempt: int
    read_log: Callable[[], str]


@dataclass(slots=True)
class Host:
    """Everything about one machine; `now` answers the true time, the host's own clock may be wrong."""

    name: str
    address: str
    now: Callable[[], float]
    booted_at: float
    hardware: Hardware = Hardware()
    os: OperatingSystem = OperatingSystem()
    files: FileTree = field(default_factory=FileTree)
    processes: ProcessTable = field(default_factory=ProcessTable)
    units: dict[str, Unit] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    disks: Disks = field(init=False)
    drift: Drift = field(default_factory=Drift)
    nic_errors: int = 0
    users: dict[str, int] = field(default_factory=lambda: {"root": 0, "ops": 1000})
    labels: dict[str, str] = field(default_factory=dict)
    on_change: list[Callable[[], None]] = field(default_factory=list)
    """Called after a command may have changed something."""
    on_look: list[Callable[[], None]] = field(default_factory=list)
    """Called before anybody looks: what happens by itself is brought up to date."""
    find_neighbour: Callable[[str], Host | None] = lambda _name: None
    """Another host of the network, by name or address."""
    containers: Callable[[], list[Container]] = list
    """What its container runtime knows, oldest first."""

    def __post_init__(self) -> None:
        self.disks = Disks(self.files)

    @property
    def clock(self) -> float:
        """What `date` shows."""
        return self.now() + self.drift.offset_seconds

    @property
    def uptime_seconds(self) -> float:
        return max(1.0, self.now() - self.booted_at)

    def busy_cores(self) -> float:
        """Processor time in use per second, at most what there is."""
        wanted = sum(process.cores for process in self.processes)
        return min(float(self.hardware.cores), wanted)

    def load(self) -> tuple[float, float, float]:
        """Averages over 1, 5 and 15 minutes: each process that wants a core counts since it began."""
        now = self.now()
        waiting = [(p.cores, now - p.started_at) for p in self.processes if p.cores > 0]
        stuck = sum(1 for process in self.processes if process.state == "D")
        averages = [
            sum(cores * min(1.0, max(0.0, age) / seconds) for cores, age in waiting) + stuck + 0.02
            for seconds in (60.0, 300.0, 900.0)
        ]
        return averages[0], averages[1], averages[2]

    def memory(self) -> MemoryUse:
        """What free shows: what does not fit goes to swap, and comes back all the time when it is needed."""
        total, swap_total = self.hardware.memory_bytes, self.hardware.swap_bytes
        wanted = KERNEL_MEMORY_BYTES + sum(process.memory_bytes for process in self.processes)
        fits = int(total * SWAPPINESS_SHARE)
        swap_used = min(swap_total, max(0, wanted - fits))
        used = min(wanted - swap_used, total - 16 * MIB)
        cached = max(24 * MIB, int((total - used) * 0.55))
        free = max(8 * MIB, total - used - cached)
        is_thrashing = swap_total > 0 and swap_used > swap_total * 0.5
        return MemoryUse(total, used, cached, free, swap_total, swap_used, 2600.0 if is_thrashing else 0.0)

    def open_files(self) -> int:
        return min(self.hardware.most_open_files, 1200 + sum(process.open_files for process in self.processes))

    def say(
        self, identifier: str, message: str, *, pid: int = 0, unit: str = "", priority: int = 6, at: float | None = None
    ) -> None:
        """Write to the journal, now or at a moment."""
        moment = self.now() if at is None else at
        self.journal.add(JournalEntry(moment, identifier, message, pid=pid, unit=unit, priority=priority))

    def start_process(self, process: Process) -> Process:
        return self.processes.add(process)

    def look(self) -> None:
        """Bring everything up to date, and forget deleted files that nobody holds any more."""
        for listener in tuple(self.on_look):
            listener()
        self.disks.held = [item for item in self.disks.held if self.processes.find(item.pid) is not None]

    def changed(self) -> None:
        for listener in tuple(self.on_change):
            listener()
