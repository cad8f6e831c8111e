"""Starting, stopping and failing services, with the lines that systemd writes to the journal."""

from __future__ import annotations

from simulator.hosts.machine.file_tree import File
from simulator.hosts.machine.host import Host
from simulator.hosts.machine.processes import Process
from simulator.hosts.machine.units import Unit

TIME_SERVICES = ("chrony.service", "chronyd.service", "systemd-timesyncd.service", "ntp.service")
SIGNAL_NAMES = {1: "HUP", 2: "INT", 3: "QUIT", 6: "ABRT", 9: "KILL", 11: "SEGV", 15: "TERM"}


class ServiceControl:
    """What `systemctl` does to the units of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def find(self, name: str) -> Unit | None:
        return self._host.units.get(name) or self._host.units.get(f"{name}.service")

    def start(self, unit: Unit, *, at: float | None = None) -> bool:
        """Start it; answers whether it runs. What it needs and cannot have stands in the journal."""
        if unit.state == "active" and unit.main_pid:
            return True
        moment = self._host.now() if at is None else at
        self._tell(unit, f"Starting {unit.name} - {unit.description}...", at=moment)
        complaint = self._find_obstacle(unit)
        if complaint:
            self._fail_start(unit, complaint, at=moment)
            return False
        if unit.kind == "oneshot":
            unit.state, unit.sub_state, unit.exit_code, unit.since = "inactive", "dead", 0, moment
            self._tell(unit, f"{unit.name}: Deactivated successfully.", at=moment)
            self._tell(unit, f"Finished {unit.name} - {unit.description}.", at=moment)
            return True
        self._run(unit, at=moment)
        return True

    def stop(self, unit: Unit) -> None:
        process = self._host.processes.find(unit.main_pid)
        self._tell(unit, f"Stopping {unit.name} - {unit.description}...")
        unit.main_pid = 0
        if process is not None:
            process.on_end = None
            self._host.processes.end(process)
        unit.state, unit.sub_state, unit.since, unit.exit_code = "inactive", "dead", self._host.now(), 0
        self._tell(unit, f"{unit.name}: Deactivated successfully.")
        self._tell(unit, f"Stopped {unit.name} - {unit.description}.")

    def restart(self, unit: Unit) -> bool:
        if unit.state == "active":
            self.stop(unit)
        return self.start(unit)

    def reset_failed(self, unit: Unit) -> None:
        if unit.state == "failed":
            unit.state, unit.sub_state, unit.since = "inactive", "dead", self._host.now()

    def fail(self, unit: Unit, *, code: int, at: float, said: str = "") -> None:
        """The unit has ended with an error at some moment."""
        process = self._host.processes.find(unit.main_pid)
        if process is not None:
            process.on_end = None
            self._host.processes.end(process)
        pid = unit.main_pid or self._host.processes.next_pid()
        if said:
            self._host.say(unit.program, said, pid=pid, unit=unit.name, priority=3, at=at)
        self._tell(unit, f"{unit.name}: Main process exited, code=exited, status={code}/FAILURE", at=at, priority=5)
        self._tell(unit, f"{unit.name}: Failed with result 'exit-code'.", at=at, priority=4)
        unit.state, unit.sub_state, unit.since, unit.exit_code, unit.main_pid = "failed", "failed", at, code, 0

    def _run(self, unit: Unit, *, at: float) -> None:
        host = self._host
        process = Process(
            pid=host.processes.next_pid(),
            parent_pid=1,
            name=unit.program[:15],
            command=unit.command,
            user=unit.user,
            cores=unit.cores,
            memory_bytes=unit.memory_bytes,
            started_at=at,
            open_files=unit.open_files,
            unit=unit.name,
        )
        process.on_end = lambda number: self._ended(unit, number)
        host.start_process(process)
        for port in unit.ports:
            host.processes.listen(pid=process.pid, port=port, protocol=unit.protocol)
        unit.state, unit.sub_state, unit.since, unit.main_pid = "active", "running", at, process.pid
        if unit.name in TIME_SERVICES:
            host.drift.offset_seconds = 0.0
        self._tell(unit, f"Started {unit.name} - {unit.description}.", at=at)

    def _ended(self, unit: Unit, number: int) -> None:
        """Its process was killed from outside."""
        name = SIGNAL_NAMES.get(number, str(number))
        is_clean = number in {1, 2, 13, 15}
        code = f"status={number}/{name}"
        self._tell(unit, f"{unit.name}: Main process exited, code=killed, {code}", priority=5)
        unit.main_pid = 0
        if unit.restart == "always" or (unit.restart == "on-failure" and not is_clean):
            self._tell(unit, f"{unit.name}: Scheduled restart job, restart counter is at 1.")
            unit.state = "inactive"
            self.start(unit)
        elif is_clean:
            unit.state, unit.sub_state, unit.since = "inactive", "dead", self._host.now()
            self._tell(unit, f"{unit.name}: Deactivated successfully.")
        else:
            unit.state, unit.sub_state, unit.since = "failed", "failed", self._host.now()
            self._tell(unit, f"{unit.name}: Failed with result 'signal'.", priority=4)

    def _find_obstacle(self, unit: Unit) -> str:
        for path, text in unit.needs_text.items():
            entry = self._host.files.find(path)
            if not isinstance(entry, File) or text not in entry.read():
                return unit.complaint or f"cannot read {path}"
        for port in unit.ports:
            if self._host.processes.holder_of(port, protocol=unit.protocol) is not None:
                return f"bind() to 0.0.0.0:{port} failed (98: Address already in use)"
        return ""

    def _fail_start(self, unit: Unit, complaint: str, *, at: float) -> None:
        self.fail(unit, code=1, at=at, said=complaint)
        self._tell(unit, f"Failed to start {unit.name} - {unit.description}.", at=at, priority=3)

    def _tell(self, unit: Unit, message: str, *, at: float | None = None, priority: int = 6) -> None:
        self._host.say("systemd", message, pid=1, unit=unit.name, at=at, priority=priority)
