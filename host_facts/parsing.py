"""From the output of the collection script to the facts of a host."""

from __future__ import annotations

from datetime import datetime

from host_facts.assembling import assemble_facts
from host_facts.domain import HostFacts
from host_facts.readings import Readings
from host_facts.sections import Section, read_sections
from host_facts.sources.disk_usage import parse_disk_usage, parse_inode_usage
from host_facts.sources.kernel_counters import (
    parse_boot_time,
    parse_load,
    parse_memory,
    parse_open_files_ratio,
    parse_processor_times,
)
from host_facts.sources.mounts import parse_mounts
from host_facts.sources.os_release import parse_os_name
from host_facts.sources.processes import parse_processes

_NOTHING = Section(text="", exit_status=None)


def parse_facts(output: str, *, host: str, tag: str, taken_at: datetime) -> HostFacts:
    """The facts in what `build_script(tag=tag)` printed. Any text is accepted; what it does not show is unknown."""
    return assemble_facts(parse_readings(output, tag=tag), host=host, taken_at=taken_at)


def parse_readings(output: str, *, tag: str) -> Readings:
    """What the output says, before any choice."""
    sections = read_sections(output, tag=tag)
    files = _split_files(sections.get("files", _NOTHING).text)

    def text_of(section: str) -> str:
        return sections.get(section, _NOTHING).text

    return Readings(
        hostname=files.get("/proc/sys/kernel/hostname", "").strip()[:253],
        kernel=files.get("/proc/sys/kernel/osrelease", "").strip()[:100],
        os=parse_os_name(files.get("/etc/os-release", "")),
        boot_at=parse_boot_time(text_of("first-look")),
        first_look=parse_processor_times(text_of("first-look")),
        last_look=parse_processor_times(text_of("last-look")),
        load=parse_load(files.get("/proc/loadavg", "")),
        memory=parse_memory(files.get("/proc/meminfo", "")),
        disk_usages=parse_disk_usage(text_of("disks")) or None,
        inode_usages=parse_inode_usage(text_of("inodes")),
        mounts=parse_mounts(text_of("mounts")),
        intended_mounts=parse_mounts(files.get("/etc/fstab", "")),
        processes=parse_processes(text_of("processes")) or None,
        open_files_ratio=parse_open_files_ratio(files.get("/proc/sys/fs/file-nr", "")),
        failures=_find_failures(sections),
    )


_TOOLS = {
    "disks": ("df", ("filesystems",)),
    "processes": ("ps", ("top_processes", "zombies")),
    "files": ("/proc", ("cpu", "memory", "open_files_ratio")),
}


def _find_failures(sections: dict[str, Section]) -> dict[str, str]:
    """A reason for every part that would come from a section that failed or was cut."""
    failures: dict[str, str] = {}
    for name, (tool, parts) in _TOOLS.items():
        section = sections.get(name)
        if section is None:
            reason = f"{tool}: the host did not get that far"
        elif section.is_cut:
            reason = f"{tool}: output was cut"
        elif section.exit_status:
            reason = section.explain_failure(tool)
        else:
            continue
        failures.update(dict.fromkeys(parts, reason))
    return failures


def _split_files(text: str) -> dict[str, str]:
    """`grep -H ''` writes the name of its file before every line."""
    files: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, colon, content = line.partition(":")
        if colon and name.startswith("/"):
            files.setdefault(name, []).append(content)
    return {name: "\n".join(lines) for name, lines in files.items()}
