"""Host facts as a few lines for people and models; the whole stands in the structured form."""

from __future__ import annotations

from collections.abc import Iterator

from host_facts.domain import FilesystemFacts, HostFacts

_SHOWN = 8
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def write_facts(asset: str, facts: HostFacts) -> str:
    """What matters first; a part that could not be read is said to be unknown."""
    lines = [f"{asset} ({facts.hostname}) {facts.os} {facts.kernel}".rstrip(), *_write_load(facts)]
    lines += [_write_filesystem(each) for each in _fullest(facts)]
    lines += _write_processes(facts)
    lines += [
        f"zombie: {each.pid} {each.command}, parent {each.parent_pid} {each.parent_command}"
        for each in (facts.zombies or ())[:_SHOWN]
    ]
    lines += [f"oom kill: {each.line}" for each in (facts.oom_kills or ())[:_SHOWN]]
    lines += [f"failed unit: {each.name}" for each in (facts.failed_units or ())[:_SHOWN]]
    lines += [
        f"listens: {each.protocol} {each.address}:{each.port} {each.process} {each.pid or ''}".rstrip()
        for each in (facts.listeners or ())[: 2 * _SHOWN]
    ]
    lines += [
        f"certificate: {each.path} until {each.expires_at:%Y-%m-%d}" for each in (facts.certificates or ())[:_SHOWN]
    ]
    lines += [f"unknown: {part}: {why}" for part, why in facts.unknown.items()]
    return "\n".join(lines)


def _write_load(facts: HostFacts) -> Iterator[str]:
    cpu, memory = facts.cpu, facts.memory
    if cpu is not None:
        used = "" if cpu.used_ratio is None else f", {show_share(cpu.used_ratio)} used"
        yield f"cpu: {cpu.cores} cores{used}, load {cpu.load_1m:g} {cpu.load_5m:g} {cpu.load_15m:g}"
    if memory is not None:
        swap = f", swap {show_bytes(memory.swap_used_bytes)} of {show_bytes(memory.swap_total_bytes)} used"
        yield (
            f"memory: {show_bytes(memory.available_bytes)} of {show_bytes(memory.total_bytes)} available"
            f"{swap if memory.swap_total_bytes else ''}"
        )
    if facts.clock is not None and facts.clock.offset_seconds is not None:
        yield f"clock: {facts.clock.offset_seconds:+.1f} s against {facts.clock.source}"


def _fullest(facts: HostFacts) -> list[FilesystemFacts]:
    return sorted(facts.filesystems or (), key=lambda each: each.used_ratio, reverse=True)[:_SHOWN]


def _write_filesystem(each: FilesystemFacts) -> str:
    inodes = "" if each.inodes_used_ratio is None else f", inodes {show_share(each.inodes_used_ratio)}"
    read_only = ", read-only" if each.is_read_only else ""
    used = f"{show_share(each.used_ratio)} of {show_bytes(each.size_bytes)} used"
    return f"disk {each.mount_point}: {used}{inodes}{read_only}"


def _write_processes(facts: HostFacts) -> Iterator[str]:
    for each in (facts.top_processes or ())[:_SHOWN]:
        used = f"{each.cpu_percent:g}% cpu, {show_bytes(each.memory_bytes)}"
        yield f"process {each.pid} {each.user}: {used}, {each.command}"


def show_share(ratio: float) -> str:
    """Rounded down, as patrol and chat show it: only what is full reads as 100%."""
    return f"{int(ratio * 100 + 1e-9)}%"


def show_bytes(number: int) -> str:
    """With a unit that leaves one to four digits."""
    size = float(number)
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return ""
