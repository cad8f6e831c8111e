"""`ps -eo pid,ppid,user,stat,pcpu,rss,etime,args` of procps, and what the builds of busybox have of it."""

from __future__ import annotations

import re

from host_facts.readings import Process

# procps: 12-03:04:05, 03:04:05, 04:05 · busybox: 4:05, 3h04, 12d03, 120d
_AGE = re.compile(r"(?:(?:(?P<days>\d{1,6})-)?(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,9}):(?P<seconds>\d\d)")
_SHORT_AGE = re.compile(r"(?P<count>\d{1,9})(?P<unit>[dh])(?P<rest>\d\d)?")
_AMOUNT = re.compile(r"(\d{1,15})([mg]?)")
_UNITS = {"": 1024, "m": 1024**2, "g": 1024**3}
_NEEDED = {"PID", "PPID", "STAT", "COMMAND"}


def parse_processes(text: str) -> list[Process]:
    """Lines that do not look like a process are passed over; a share of CPU that ps does not show counts as 0."""
    columns: list[str] = []
    processes: list[Process] = []
    for line in text.splitlines():
        words = line.split(None, max(0, len(columns) - 1))
        if set(line.split()) >= _NEEDED:
            columns = line.split()
        elif columns and len(words) >= len(columns) - 1:
            process = _read_process(dict(zip(columns, words, strict=False)))
            if process is not None:
                processes.append(process)
    return processes


def _read_process(cells: dict[str, str]) -> Process | None:
    pid, parent, state = cells["PID"], cells["PPID"], cells["STAT"]
    if not (re.fullmatch(r"\d{1,10}", pid) and re.fullmatch(r"\d{1,10}", parent) and state[0].isalpha()):
        return None
    return Process(
        pid=int(pid),
        parent_pid=int(parent),
        user=cells.get("USER", ""),
        state=state[0],
        cpu_percent=_to_percent(cells.get("%CPU", "")),
        memory_bytes=_to_bytes(cells.get("RSS", "")),
        age_seconds=_to_seconds(cells.get("ELAPSED", "")),
        command=cells.get("COMMAND", "").strip(),
    )


def _to_percent(word: str) -> float:
    return float(word) if re.fullmatch(r"\d{1,9}(?:\.\d{1,3})?", word) else 0.0


def _to_bytes(word: str) -> int:
    found = _AMOUNT.fullmatch(word)
    return int(found[1]) * _UNITS[found[2]] if found else 0


def _to_seconds(word: str) -> float | None:
    if found := _AGE.fullmatch(word):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    if found := _SHORT_AGE.fullmatch(word):
        count, rest = int(found["count"]), int(found["rest"] or 0)
        return float((count * 24 + rest) * 3600 if found["unit"] == "d" else (count * 60 + rest) * 60)
    return None
