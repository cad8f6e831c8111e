"""Sizes, ages and columns as system tools print them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

KIBI = 1024


def human_size(size: float, *, base: int = KIBI) -> str:
    """As `df -h` and `ls -h`: rounded up, one decimal below ten."""
    value = float(size)
    for unit in ("", "K", "M", "G", "T", "P"):
        if value < base or unit == "P":
            if unit and value < 10:
                return f"{math.ceil(value * 10) / 10:.1f}{unit}"
            return f"{math.ceil(value)}{unit}"
        value /= base
    return str(size)


def binary_size(size: float) -> str:
    """As `free -h`: `7.6Gi`, `512Mi`."""
    value = float(size)
    for unit in ("B", "Ki", "Mi", "Gi", "Ti"):
        if value < KIBI or unit == "Ti":
            return f"{value:.1f}{unit}" if unit != "B" and value < 10 else f"{value:.0f}{unit}"
        value /= KIBI
    return str(size)


def percent(part: float, whole: float) -> str:
    """Rounded up, as df does."""
    return f"{math.ceil(part * 100 / whole)}%" if whole > 0 else "-"


def elapsed(seconds: float) -> str:
    """`[[dd-]hh:]mm:ss`, as ps prints ELAPSED."""
    minutes, second = divmod(int(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}-{hour:02d}:{minute:02d}:{second:02d}"
    return f"{hour:02d}:{minute:02d}:{second:02d}" if hours else f"{minute:02d}:{second:02d}"


def span(seconds: float) -> str:
    """`2h 5min ago` without the `ago`, as systemctl prints ages."""
    total = int(max(0.0, seconds))
    units = (("day", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for name, length in units:
        count, total = divmod(total, length)
        if count:
            parts.append(f"{count} day{'s' if count > 1 else ''}" if name == "day" else f"{count}{name}")
    return " ".join(parts[:2]) or "0s"


def moment(instant: float) -> datetime:
    return datetime.fromtimestamp(instant, UTC)


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), gap: str = " ") -> list[str]:
    """Rows with aligned columns; `right` are the columns that are aligned to the right. The last column is free."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(widths[column]) if column in right else cell.ljust(widths[column])
            for column, cell in enumerate(row[:-1])
        ]
        last = row[-1].rjust(widths[-1]) if len(row) - 1 in right else row[-1]
        lines.append(gap.join([*cells, last]).rstrip() if last else gap.join(cells).rstrip())
    return lines
