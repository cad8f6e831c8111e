"""The processes of a host, and what becomes of them when a signal arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

FIRST_PID = 400
LAST_PID = 4_194_304
KERNEL_THREADS = (
    "kthreadd",
    "rcu_preempt",
    "migration/0",
    "ksoftirqd/0",
    "kworker/0:1-events",
    "kswapd0",
    "jbd2/sda1-8",
)


@dataclass(slots=True)
class Process:
    pid: int
    parent_pid: int
    name: str
    """Short, as in /proc/PID/comm."""
    command: str
    """The whole command line; empty for kernel threads."""
    user: str = "root"
    state: str = "S"
    cores: float = 0.0
    """Processor time it uses per second."""
    memory_bytes: int = 0
    started_at: float = 0.0
    threads: int = 1
    open_files: int = 12
    unit: str = ""
    """The systemd unit it belongs to."""
    terminal: str = "?"
    group: int = 0
    """Process group; 0 means its own pid."""
    ignores_term: bool = False
    writes_to: tuple[str, ...] = ()
    """Paths of files it has open for writing."""
    on_end: Callable[[int], None] | None = field(default=None, repr=False)
    """Called with the number of the signal that ended it."""

    @property
    def is_kernel_thread(self) -> bool:
        return not self.command

    @property
    def process_group(self) -> int:
        return self.group or self.pid


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket in state LISTEN (or bound, for UDP)."""

    protocol: str
    address: str
    port: int
    pid: int


class ProcessTable:
    """Processes by pid. A zombie stays until its parent goes; then init takes and removes it."""

    def __init__(self) -> None:
        self._processes: dict[int, Process] = {}
        self._last_pid = FIRST_PID
        self.listeners: list[Listener] = []

    def __iter__(self) -> Iterator[Process]:
        return iter(sorted(self._processes.values(), key=lambda process: process.pid))

    def find(self, pid: int) -> Process | None:
        return self._processes.get(pid)

    def next_pid(self) -> int:
        self._last_pid += 1
        while self._last_pid in self._processes:
            self._last_pid += 1
        if self._last_pid >= LAST_PID:
            self._last_pid = FIRST_PID
        return self._last_pid

    def add(self, process: Process) -> Process:
        self._processes[process.pid] = process
        return process

    def children(self, pid: int) -> list[Process]:
        return [process for process in self if process.parent_pid == pid]

    def listen(self, *, pid: int, port: int, protocol: str = "tcp", address: str = "0.0.0.0") -> None:
        self.listeners.append(Listener(protocol, address, port, pid))

    def holder_of(self, port: int, *, protocol: str = "tcp") -> Process | None:
        """The process that holds a port."""
        for listener in self.listeners:
            if (listener.port, listener.protocol) == (port, protocol):
                return self._processes.get(listener.pid)
        return None

    def signal(self, process: Process, number: int) -> None:
        """Deliver a signal as the kernel would; zombies feel nothing."""
        if process.state == "Z" or number in {0, 17, 18, 28}:
            return
        if number == 19:
            process.state = "T"
            return
        if number in {1, 15, 2, 3, 10, 12} and process.ignores_term:
            return
        self.end(process, number=number)

    def end(self, process: Process, *, number: int = 15) -> None:
        """The process is gone, with its sockets; its children go to init, which collects zombies."""
        self._processes.pop(process.pid, None)
        self.listeners = [item for item in self.listeners if item.pid != process.pid]
        for child in self.children(process.pid):
            if child.state == "Z":
                self._processes.pop(child.pid, None)
            else:
                child.parent_pid = 1
        if process.on_end is not None:
            process.on_end(number)
