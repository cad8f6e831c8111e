"""Ticks of processor time per process, cut from `/proc/PID/stat` on the host: `pid user system`."""

from __future__ import annotations

import re

_LINE = re.compile(r"(\d{1,10}) (\d{1,19}) (\d{1,19})")


def parse_process_ticks(text: str) -> dict[int, int]:
    """Process id → ticks used since it began."""
    found = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {int(line[1]): int(line[2]) + int(line[3]) for line in found if line}
