"""Small files under /proc: memory, processor times, load, open files, uptime, network devices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from host_facts.domain import MemoryFacts
from host_facts.readings import LoadAverages, Look, ProcessorTimes

_MEMORY_LINE = re.compile(r"(\w+):\s+(\d{1,18}) kB")
_SWAPPED = re.compile(r"^(pswpin|pswpout) (\d{1,18})$", re.MULTILINE)
_KIBIBYTE = 1024
_PAGE_BYTES = 4096
"""Of nearly every machine; others tell by getconf."""
_LATEST_BOOT = 32_503_680_000
"""The year 3000: anything above is no boot time."""


def parse_memory(text: str) -> MemoryFacts | None:
    """`/proc/meminfo`; None when the total is missing."""
    amounts = {name: int(kibibytes) * _KIBIBYTE for name, kibibytes in _MEMORY_LINE.findall(text)}
    total = amounts.get("MemTotal")
    if not total:
        return None
    available = amounts.get("MemAvailable")
    if available is None:
        # Kernels before 3.14 leave the estimate to the reader.
        available = sum(amounts.get(name, 0) for name in ("MemFree", "Buffers", "Cached"))
    swap_total = amounts.get("SwapTotal", 0)
    return MemoryFacts(
        total_bytes=total,
        available_bytes=min(available, total),
        swap_total_bytes=swap_total,
        swap_used_bytes=max(0, swap_total - amounts.get("SwapFree", swap_total)),
    )


def parse_processor_times(text: str) -> ProcessorTimes | None:
    """The `cpu` lines of `/proc/stat`."""
    cores = len(re.findall(r"^cpu\d+ ", text, re.MULTILINE))
    total = re.search(r"^cpu +([\d ]{7,400})$", text, re.MULTILINE)
    ticks = [int(word) for word in total[1].split()] if total else []
    if len(ticks) < 4 or cores == 0:
        return None
    # Guest time is part of user time, so only the first eight count.
    used = ticks[:8]
    idle = sum(used[3:5])
    return ProcessorTimes(busy=sum(used) - idle, idle=idle, cores=cores)


def parse_look(text: str, *, process_ticks: Mapping[int, float]) -> Look | None:
    """Lines of `/proc/stat`, `/proc/vmstat`, `/proc/uptime` and `getconf PAGESIZE`."""
    processors = parse_processor_times(text)
    if processors is None:
        return None
    uptime = re.search(r"^(\d{1,10}\.\d\d) \d", text, re.MULTILINE)
    page = re.search(r"^(4096|8192|16384|32768|65536)$", text, re.MULTILINE)
    page_bytes = int(page[1]) if page else _PAGE_BYTES
    swapped = {name: int(pages) * page_bytes for name, pages in _SWAPPED.findall(text)}
    return Look(
        processors=processors,
        uptime_seconds=float(uptime[1]) if uptime else None,
        swapped_in_bytes=swapped.get("pswpin"),
        swapped_out_bytes=swapped.get("pswpout"),
        process_ticks=process_ticks,
    )


def parse_boot_time(text: str) -> datetime | None:
    """The `btime` line of `/proc/stat`."""
    found = re.search(r"^btime (\d{1,11})$", text, re.MULTILINE)
    seconds = int(found[1]) if found else 0
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST_BOOT else None


def parse_load(text: str) -> LoadAverages | None:
    """`/proc/loadavg`."""
    found = re.match(r"\s*(\d{1,9}\.\d\d) (\d{1,9}\.\d\d) (\d{1,9}\.\d\d)\b", text)
    return LoadAverages(float(found[1]), float(found[2]), float(found[3])) if found else None


def parse_open_files_ratio(text: str) -> float | None:
    """`/proc/sys/fs/file-nr`: handles in use over their limit."""
    words = text.split()
    if len(words) < 3 or not all(re.fullmatch(r"\d{1,19}", word) for word in words[:3]):
        return None
    allocated, free, most = (int(word) for word in words[:3])
    return round(max(0, allocated - free) / most, 6) if most > 0 else None
