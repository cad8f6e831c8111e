"""`ps -eo pid,ppid,user,stat,pcpu,rss,etime,args` of procps, and what busybox has of it."""

from __future__ import annotations

import re

from host_facts.readings import Process

# procps: 12-03:04:05, 03:04:05, 04:05 · busybox: 4:05, 3h04, 12d03, 120d
_AGE = re.compile(r"(?:(?:(?P<days>\d{1,6})-)?(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,9}):(?P<seconds>\d\d)")
_SHORT_AGE = re.compile(r"(?P<count>\d{1,9})(?P<unit>[dh])(?P<rest>\d\d)?")
_AMOUNT = re.compile(r"(\d{1,15})([mg]?)")
_UNITS = {"": 1024, "m": 1024**2, "g": 1024**3}
_COLUMNS = 7


def parse_processes(text: str) -> list[Process]:
    """Lines that do not look like a process are passed over; a share of CPU that ps does not show counts as 0."""
    found = (_parse_line(line) for line in text.splitlines())
    return [process for process in found if process is not None]


def _parse_line(line: str) -> Process | None:
    columns = line.split(None, _COLUMNS)
    if len(columns) < _COLUMNS or not (columns[0].isdecimal() and columns[1].isdecimal()):
        return None
    pid, parent, user, state, cpu, memory, age = columns[:_COLUMNS]
    if not state[0].isalpha():
        return None
    return Process(
        pid=int(pid),
        parent_pid=int(parent),
        user=user,
        state=state[0],
        cpu_percent=_to_percent(cpu),
        memory_bytes=_to_bytes(memory),
        age_seconds=_to_seconds(age),
        command=columns[_COLUMNS].strip() if len(columns) > _COLUMNS else "",
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
