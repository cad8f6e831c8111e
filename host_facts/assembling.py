"""From what was read to the facts: the rules that choose, in one place for every way of reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from host_facts.domain import CpuFacts, FilesystemFacts, HostFacts, OomKillFacts
from host_facts.filesystems import choose_filesystems
from host_facts.listener_rules import choose_listeners
from host_facts.process_rules import choose_top_processes, find_zombies
from host_facts.rates import add_swap_traffic, measure_processes, used_ratio
from host_facts.readings import Readings

NOT_READ = "not read"
OOM_WINDOW = timedelta(hours=24)
MOST_OOM_KILLS = 20
MOST_UNITS = 100
MOST_CERTIFICATES = 100
_PARTS = (
    *("boot_at", "cpu", "memory", "filesystems", "top_processes", "zombies", "oom_kills", "failed_units", "listeners"),
    *("certificates", "clock", "open_files_ratio", "nic_errors"),
)


def assemble_facts(readings: Readings, *, host: str, taken_at: datetime) -> HostFacts:
    """The facts of `host` (an asset id) at `taken_at`; whatever is None is explained in `unknown`."""
    first, last = readings.first_look, readings.last_look
    processes = readings.processes
    measured = None if processes is None else measure_processes(processes, first=first, last=last)
    facts = HostFacts(
        host=host,
        hostname=readings.hostname,
        taken_at=taken_at,
        boot_at=readings.boot_at,
        kernel=readings.kernel,
        os=readings.os,
        cpu=_describe_processors(readings),
        memory=add_swap_traffic(readings.memory, first=first, last=last),
        filesystems=_choose_filesystems(readings),
        top_processes=None if measured is None else choose_top_processes(measured),
        zombies=None if processes is None else find_zombies(processes),
        oom_kills=_choose_oom_kills(readings.oom_kills, now=taken_at),
        failed_units=None if readings.failed_units is None else tuple(readings.failed_units[:MOST_UNITS]),
        listeners=None if readings.listeners is None else choose_listeners(readings.listeners, processes=processes),
        certificates=None if readings.certificates is None else tuple(readings.certificates[:MOST_CERTIFICATES]),
        clock=readings.clock,
        open_files_ratio=readings.open_files_ratio,
        nic_errors=None if readings.nic_errors is None else dict(readings.nic_errors),
    )
    return facts.model_copy(update={"unknown": _explain_gaps(facts, readings)})


def _describe_processors(readings: Readings) -> CpuFacts | None:
    load, look = readings.load, readings.last_look or readings.first_look
    if load is None or look is None:
        return None
    return CpuFacts(
        cores=look.processors.cores,
        used_ratio=used_ratio(readings.first_look, readings.last_look),
        load_1m=load.last_1m,
        load_5m=load.last_5m,
        load_15m=load.last_15m,
    )


def _choose_filesystems(readings: Readings) -> tuple[FilesystemFacts, ...] | None:
    if readings.disk_usages is None:
        return None
    return choose_filesystems(
        readings.disk_usages,
        mounts=readings.mounts,
        inodes=readings.inode_usages,
        intended=readings.intended_mounts,
        remounted=readings.remounted_devices,
    )


def _choose_oom_kills(kills: Sequence[OomKillFacts] | None, *, now: datetime) -> tuple[OomKillFacts, ...] | None:
    """Those of the last day, and those whose time is unknown, rather one too many than one too few."""
    if kills is None:
        return None
    recent = [kill for kill in kills if kill.at is None or kill.at >= now - OOM_WINDOW]
    return tuple(recent[:MOST_OOM_KILLS])


def _explain_gaps(facts: HostFacts, readings: Readings) -> dict[str, str]:
    gaps = {part: readings.failures.get(part, NOT_READ) for part in _PARTS if getattr(facts, part) is None}
    return {**readings.incomplete, **gaps}
