"""From what was read to the facts: the rules that choose, in one place for every way of reading."""

from __future__ import annotations

from datetime import datetime

from host_facts.domain import CpuFacts, FilesystemFacts, HostFacts
from host_facts.filesystems import choose_filesystems
from host_facts.process_rules import choose_top_processes, find_zombies
from host_facts.readings import ProcessorTimes, Readings

NOT_READ = "not read"


def assemble_facts(readings: Readings, *, host: str, taken_at: datetime) -> HostFacts:
    """The facts of `host` (an asset id) at `taken_at`; whatever is None is explained in `unknown`."""
    processes = readings.processes
    facts = HostFacts(
        host=host,
        hostname=readings.hostname,
        taken_at=taken_at,
        boot_at=readings.boot_at,
        kernel=readings.kernel,
        os=readings.os,
        cpu=_describe_processors(readings),
        memory=readings.memory,
        filesystems=_choose_filesystems(readings),
        top_processes=None if processes is None else choose_top_processes(processes),
        zombies=None if processes is None else find_zombies(processes),
        open_files_ratio=readings.open_files_ratio,
    )
    return facts.model_copy(update={"unknown": _explain_gaps(facts, readings)})


def _describe_processors(readings: Readings) -> CpuFacts | None:
    load, last = readings.load, readings.last_look or readings.first_look
    if load is None or last is None:
        return None
    return CpuFacts(
        cores=last.cores,
        used_ratio=_used_ratio(readings.first_look, readings.last_look),
        load_1m=load.last_1m,
        load_5m=load.last_5m,
        load_15m=load.last_15m,
    )


def _used_ratio(first: ProcessorTimes | None, last: ProcessorTimes | None) -> float | None:
    if first is None or last is None:
        return None
    busy, idle = last.busy - first.busy, last.idle - first.idle
    # The kernel's idle counters may step back a little when a processor wakes.
    total = busy + idle
    return round(min(1.0, max(0.0, busy / total)), 4) if total > 0 else None


def _choose_filesystems(readings: Readings) -> tuple[FilesystemFacts, ...] | None:
    if readings.disk_usages is None:
        return None
    return choose_filesystems(
        readings.disk_usages,
        mounts=readings.mounts,
        inodes=readings.inode_usages,
        intended=readings.intended_mounts,
    )


def _explain_gaps(facts: HostFacts, readings: Readings) -> dict[str, str]:
    parts = ("cpu", "memory", "filesystems", "top_processes", "zombies", "open_files_ratio")
    gaps = {part: readings.failures.get(part, NOT_READ) for part in parts if getattr(facts, part) is None}
    # A part may be known and yet incomplete.
    return {**readings.failures, **gaps}
