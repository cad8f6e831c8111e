"""Carrying out the steps of a scenario on hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import singledispatchmethod
from typing import TypeVar

from pydantic import BaseModel

from simulator.hosts import steps
from simulator.hosts.commands.catalogue import COMMANDS
from simulator.hosts.commands.certificates import make_certificate
from simulator.hosts.estate.fleet import Fleet
from simulator.hosts.machine.disks import Mount
from simulator.hosts.machine.file_tree import Directory, File
from simulator.hosts.machine.host import MIB, Host
from simulator.hosts.machine.processes import Process
from simulator.hosts.machine.service_control import ServiceControl
from simulator.hosts.machine.units import Unit
from simulator.hosts.shell.interpreter import Shell, Streams
from simulator.hosts.shell.state import login_state
from simulator.hosts.shell.streams import Buffer, TextInput

Result = TypeVar("Result")


class StepFailed(ValueError):
    """A command of a scenario did not work; the message has its complaint."""


class HostSteps:
    """The hands of a person, or of bad luck, on the hosts of a fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def carry_out(self, step: steps.HostStep) -> None:
        """Do one step; raise UnknownHost or StepFailed."""
        host = self._fleet.get(step.at)
        if step.run:
            run_as_root(host, step.run)
        for name, value in step:
            if name not in {"at", "run"} and value is not None:
                self._do(value, host)
        host.changed()

    @singledispatchmethod
    def _do(self, wanted: BaseModel, host: Host) -> None:
        raise TypeError(f"no hands for {type(wanted).__name__} on {host.name}")

    @_do.register
    def _write_file(self, wanted: steps.HostFile, host: Host) -> None:
        now = host.now()
        size = int(wanted.size_mib * MIB)
        if wanted.fills_to is not None:
            size = _missing_bytes(host, wanted.path, fills_to=wanted.fills_to)
        entry = File(wanted.text, hidden_bytes=size, owner=wanted.owner, group=wanted.owner)
        entry.modified_at = now - wanted.minutes_old * 60
        host.files.put(wanted.path, entry)
        if wanted.written_by:
            process = host.processes.find(_unit(host, wanted.written_by).main_pid)
            if process is not None:
                process.writes_to = (*process.writes_to, wanted.path)

    @_do.register
    def _crowd_directory(self, wanted: steps.HostCrowd, host: Host) -> None:
        mount = host.disks.mount_of(wanted.path)
        used = host.disks.usage(mount, at=host.now()).used_inodes
        count = max(0, int(mount.inodes * wanted.fills_to) - used)
        host.files.put(
            wanted.path,
            Directory(
                owner=wanted.owner,
                group=wanted.owner,
                modified_at=host.now(),
                crowd=count,
                crowd_file_bytes=wanted.file_bytes,
                crowd_name=wanted.name,
            ),
        )

    @_do.register
    def _start_process(self, wanted: steps.HostProcess, host: Host) -> None:
        unit = host.units.get(wanted.unit)
        if unit is not None:
            self._swell(wanted, host, unit)
            return
        name = wanted.name or wanted.command.split(" ", 1)[0].rsplit("/", 1)[-1]
        process = host.start_process(
            Process(
                pid=host.processes.next_pid(),
                parent_pid=1,
                name=name[:15],
                command=wanted.command,
                user=wanted.user,
                cores=wanted.cores,
                memory_bytes=int(wanted.memory_mib * MIB),
                started_at=host.now(),
                threads=wanted.threads,
                open_files=wanted.open_files,
            )
        )
        for port in wanted.ports:
            host.processes.listen(pid=process.pid, port=port)
        self._add_zombies(wanted, host, parent=process)

    def _swell(self, wanted: steps.HostProcess, host: Host, unit: Unit) -> None:
        """The process of a unit takes more than it should; a restart gives it back its usual size."""
        process = host.processes.find(unit.main_pid)
        if process is None:
            raise StepFailed(f"{unit.name} does not run on {host.name}")
        process.cores = max(process.cores, wanted.cores)
        process.memory_bytes = max(process.memory_bytes, int(wanted.memory_mib * MIB))
        process.open_files = max(process.open_files, wanted.open_files)
        process.threads = max(process.threads, wanted.threads)
        self._add_zombies(wanted, host, parent=process)

    def _add_zombies(self, wanted: steps.HostProcess, host: Host, *, parent: Process) -> None:
        for _ in range(wanted.zombies):
            host.start_process(
                Process(
                    pid=host.processes.next_pid(),
                    parent_pid=parent.pid,
                    name=(wanted.zombie_name or parent.name)[:15],
                    command=wanted.zombie_name or parent.command,
                    user=parent.user,
                    state="Z",
                    started_at=host.now(),
                    open_files=0,
                )
            )

    @_do.register
    def _fail_unit(self, wanted: steps.HostUnitFailure, host: Host) -> None:
        ServiceControl(host).fail(_unit(host, wanted.unit), code=wanted.code, at=host.now(), said=wanted.said)

    @_do.register
    def _stop_unit(self, wanted: steps.HostUnitStop, host: Host) -> None:
        ServiceControl(host).stop(_unit(host, wanted.unit))

    @_do.register
    def _remount(self, wanted: steps.HostReadOnly, host: Host) -> None:
        mount = host.disks.mount_of(wanted.at)
        mount.set_read_only(True)
        device = mount.device.rsplit("/", 1)[-1]
        disk = device.rstrip("0123456789")
        for line in (
            f"blk_update_request: I/O error, dev {disk}, sector 41943912 op 0x1:(WRITE) flags 0x800",
            f"Aborting journal on device {device}-8.",
            f"EXT4-fs error (device {device}): ext4_journal_check_start:83: Detected aborted journal",
            f"EXT4-fs ({device}): Remounting filesystem read-only",
        ):
            host.say("kernel", line, priority=3)

    @_do.register
    def _shift_clock(self, wanted: steps.HostClock, host: Host) -> None:
        host.drift.offset_seconds = wanted.offset_seconds

    @_do.register
    def _replace_certificate(self, wanted: steps.HostCertificate, host: Host) -> None:
        text = make_certificate(wanted.name, at=host.now(), days_left=wanted.days_left)
        host.files.put(wanted.path, File(text, modified_at=host.booted_at))

    @_do.register
    def _write_log(self, wanted: steps.HostLog, host: Host) -> None:
        for line in wanted.lines:
            host.say(wanted.identifier, line, unit=wanted.unit, priority=wanted.priority)

    @_do.register
    def _count_errors(self, wanted: steps.HostNetwork, host: Host) -> None:
        host.nic_errors = wanted.errors


def run_as_root(host: Host, script: str) -> str:
    """What the script prints; raise StepFailed when it fails. It must not wait for time to pass."""
    process = host.start_process(
        Process(host.processes.next_pid(), 1, "bash", f"bash -c {script}", started_at=host.now())
    )
    stdout, stderr = Buffer(), Buffer()
    shell = Shell(login_state(host, user="root", pid=process.pid), commands=COMMANDS)
    streams = Streams(TextInput(), stdout, stderr)
    try:
        status = _finish(lambda: shell.run_script(script, streams=streams))
    finally:
        host.processes.end(process)
    if status != 0:
        raise StepFailed(f"{host.name}: {script!r} ended with {status}: {stderr.text.strip()}")
    return stdout.text


def _finish(begin: Callable[[], Awaitable[Result]]) -> Result:
    """The result of something that never really waits, without an event loop."""
    running = begin().__await__()
    while True:
        try:
            waiting_for = next(running)
        except StopIteration as done:
            result: Result = done.value
            return result
        if isinstance(waiting_for, asyncio.Future):
            raise StepFailed("a step of a scenario cannot wait")


def _missing_bytes(host: Host, path: str, *, fills_to: float) -> int:
    """How much has to be written so that df shows that share."""
    mount: Mount = host.disks.mount_of(path)
    usage = host.disks.usage(mount, at=host.now())
    return max(0, int((usage.used_bytes + usage.available_bytes) * fills_to) - usage.used_bytes)


def _unit(host: Host, name: str) -> Unit:
    unit = ServiceControl(host).find(name)
    if unit is None:
        raise StepFailed(f"{host.name} has no unit {name!r}")
    return unit
