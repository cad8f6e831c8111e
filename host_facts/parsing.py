"""From the output of the collection script to the facts of a host."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from host_facts.assembling import assemble_facts
from host_facts.domain import CertificateFacts, ClockFacts, FailedUnitFacts, HostFacts, OomKillFacts
from host_facts.readings import Look, Readings
from host_facts.sections import Section, read_sections
from host_facts.sources.certificates import find_unreadable_files, parse_certificates
from host_facts.sources.clock import compare_with_caller, parse_clock
from host_facts.sources.disk_usage import parse_disk_usage, parse_inode_usage
from host_facts.sources.failed_units import parse_failed_units, parse_unit_logs, parse_unit_times
from host_facts.sources.kernel_counters import (
    parse_boot_time,
    parse_load,
    parse_look,
    parse_memory,
    parse_open_files_ratio,
)
from host_facts.sources.kernel_log import find_remounted_devices, merge_oom_kills, parse_oom_kills
from host_facts.sources.listeners import parse_listeners
from host_facts.sources.mounts import parse_mounts
from host_facts.sources.network_devices import parse_nic_errors
from host_facts.sources.os_release import parse_os_name
from host_facts.sources.process_ticks import parse_process_ticks
from host_facts.sources.processes import parse_processes

_NOTHING = Section(text="", exit_status=None)
_SOURCE_OF_PARTS = {
    # section → tool in the words of a person, parts of HostFacts that come from it
    "first-look": ("/proc/stat", ("boot_at",)),
    "files": ("/proc", ("cpu", "memory", "open_files_ratio", "nic_errors")),
    "disks": ("df", ("filesystems",)),
    "processes": ("ps", ("top_processes", "zombies")),
    "failed-units": ("systemctl", ("failed_units",)),
    "listeners": ("ss", ("listeners",)),
    "certificates": ("certificates", ("certificates",)),
}
_KERNEL_SECTIONS = {"kernel-ring": "dmesg", "kernel-journal": "journalctl"}
_KERNEL_REFUSAL = re.compile(
    r"denied|not permitted|No journal files|insufficient permissions|not seeing messages", re.IGNORECASE
)
_KERNEL_STATUS = re.compile(r"status (\d{1,3})")


def parse_facts(output: str, *, host: str, tag: str, taken_at: datetime, asked_at: datetime | None = None) -> HostFacts:
    """The facts in what `build_script(tag=tag)` printed. Any text is accepted; what it does not show is unknown.

    `asked_at` and `taken_at` are the caller's times before and after the script ran; with both, a host without a time
    service is compared with the caller's clock.
    """
    readings = parse_readings(output, tag=tag, asked_at=asked_at, taken_at=taken_at)
    return assemble_facts(readings, host=host, taken_at=taken_at)


def parse_readings(output: str, *, tag: str, taken_at: datetime, asked_at: datetime | None = None) -> Readings:
    """What the output says, before any choice."""
    sections = read_sections(output, tag=tag)
    texts = {name: section.text for name, section in sections.items()}
    files = _split_files(texts.get("files", ""))
    boot_at = parse_boot_time(texts.get("first-look", ""))
    clock = _read_clock(texts, asked_at=asked_at, taken_at=taken_at)
    return Readings(
        hostname=files.get("/proc/sys/kernel/hostname", "").strip()[:253],
        kernel=files.get("/proc/sys/kernel/osrelease", "").strip()[:100],
        os=parse_os_name(files.get("/etc/os-release", "")),
        boot_at=boot_at,
        first_look=_read_look(texts, "first"),
        last_look=_read_look(texts, "last"),
        load=parse_load(files.get("/proc/loadavg", "")),
        memory=parse_memory(files.get("/proc/meminfo", "")),
        disk_usages=parse_disk_usage(texts.get("disks", "")) or None,
        inode_usages=parse_inode_usage(texts.get("inodes", "")),
        mounts=parse_mounts(texts.get("mounts", "")),
        intended_mounts=parse_mounts(files.get("/etc/fstab", "")),
        processes=parse_processes(texts.get("processes", "")) or None,
        oom_kills=_read_oom_kills(sections, boot_at=boot_at),
        remounted_devices=find_remounted_devices("\n".join(texts.get(name, "") for name in _KERNEL_SECTIONS)),
        failed_units=_read_failed_units(sections),
        listeners=parse_listeners(texts.get("listeners", "")) or None,
        certificates=_read_certificates(sections.get("certificates", _NOTHING)),
        clock=clock,
        open_files_ratio=parse_open_files_ratio(files.get("/proc/sys/fs/file-nr", "")),
        nic_errors=parse_nic_errors(files.get("/proc/net/dev", "")),
        failures=_find_failures(sections),
        incomplete=_find_gaps(sections),
    )


def _read_look(texts: dict[str, str], which: str) -> Look | None:
    ticks = parse_process_ticks(texts.get(f"{which}-ticks", ""))
    return parse_look(texts.get(f"{which}-look", ""), process_ticks=ticks)


def _read_oom_kills(sections: dict[str, Section], *, boot_at: datetime | None) -> Sequence[OomKillFacts] | None:
    """None unless at least one of the two kernel logs could be read."""
    readable = [sections[name].text for name in _KERNEL_SECTIONS if name in sections and _is_readable(sections[name])]
    if not readable:
        return None
    return merge_oom_kills(*(parse_oom_kills(text, boot_at=boot_at) for text in readable))


def _is_readable(section: Section) -> bool:
    lines = section.text.splitlines()
    status = _KERNEL_STATUS.fullmatch(lines[-1]) if lines else None
    return status is not None and status[1] == "0" and not any(_is_refusal(line) for line in lines)


def _is_refusal(line: str) -> bool:
    """A complaint of the tool; a message of the kernel that speaks of refusals has a time before it."""
    return line[:1] not in "[0123456789" and _KERNEL_REFUSAL.search(line) is not None


def _read_failed_units(sections: dict[str, Section]) -> Sequence[FailedUnitFacts] | None:
    section = sections.get("failed-units", _NOTHING)
    if section.exit_status != 0:
        return None
    since = parse_unit_times(sections.get("unit-times", _NOTHING).text)
    logs = parse_unit_logs(sections.get("unit-logs", _NOTHING).text)
    return [
        unit.model_copy(update={"since": since.get(unit.name), "last_lines": logs.get(unit.name, ())})
        for unit in parse_failed_units(section.text)
    ]


def _read_certificates(section: Section) -> Sequence[CertificateFacts] | None:
    found = parse_certificates(section.text)
    is_complete = section.exit_status is not None and not find_unreadable_files(section.text)
    return found if found or is_complete else None


def _read_clock(texts: dict[str, str], *, asked_at: datetime | None, taken_at: datetime) -> ClockFacts | None:
    told = parse_clock(texts.get("clock", ""))
    if told is not None and told.offset_seconds is not None:
        return told
    if asked_at is None:
        return told
    offset = compare_with_caller(texts.get("first-look", ""), asked_at=asked_at, taken_at=taken_at)
    if offset is None:
        return told
    is_synchronised = told.is_synchronised if told else None
    return ClockFacts(is_synchronised=is_synchronised, offset_seconds=offset, source="caller")


def _find_failures(sections: dict[str, Section]) -> dict[str, str]:
    """A reason for every part whose section is missing, failed or was cut."""
    failures: dict[str, str] = {}
    for name, (tool, parts) in _SOURCE_OF_PARTS.items():
        failures.update(dict.fromkeys(parts, _explain(sections.get(name), tool=tool)))
    failures["oom_kills"] = "; ".join(
        _explain_kernel(sections.get(name), tool=tool) for name, tool in _KERNEL_SECTIONS.items()
    )
    if denied := _name_unreadable(sections):
        failures["certificates"] = denied
    failures["clock"] = "no time service answered, and no other clock to compare with"
    return failures


def _find_gaps(sections: dict[str, Section]) -> dict[str, str]:
    """Parts that are known and lack something."""
    gaps = {
        part: f"{tool}: the output was cut"
        for name, (tool, parts) in _SOURCE_OF_PARTS.items()
        for part in parts
        if name in sections and sections[name].is_cut
    }
    disks = sections.get("disks", _NOTHING)
    complaint = next((line for line in disks.text.splitlines() if line.startswith("df: ")), "")
    if complaint or disks.has_timed_out:
        gaps["filesystems"] = complaint[:160] or "df: no answer in time"
    if denied := _name_unreadable(sections):
        gaps["certificates"] = denied
    return gaps


def _name_unreadable(sections: dict[str, Section]) -> str:
    unreadable = find_unreadable_files(sections.get("certificates", _NOTHING).text)
    return f"permission denied: {', '.join(unreadable[:3])}" if unreadable else ""


def _explain(section: Section | None, *, tool: str) -> str:
    if section is None:
        return f"{tool}: the host did not get that far"
    if section.is_cut:
        return f"{tool}: the output was cut"
    return section.explain_failure(tool)


def _explain_kernel(section: Section | None, *, tool: str) -> str:
    if section is None:
        return f"{tool}: the host did not get that far"
    complaint = next((line.strip() for line in section.text.splitlines() if _is_refusal(line)), "not available")
    return f"{tool}: {complaint.removeprefix(f'{tool}: ')}"[:160]


def _split_files(text: str) -> dict[str, str]:
    """`grep -H ''` writes the name of its file before every line."""
    files: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, colon, content = line.partition(":")
        if colon and name.startswith("/"):
            files.setdefault(name, []).append(content)
    return {name: "\n".join(lines) for name, lines in files.items()}
