"""Whether a running program gets anywhere, going by its log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_LEADING_TIME = re.compile(r"^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d\S*\]?\s*|^\[?\d\d:\d\d:\d\d\S*\]?\s*")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?P<zone>Z|[+-]\d\d:?\d\d)?")
_HEAD = 60
_FARTHEST_ZONE = timedelta(hours=14)
_NUMBER = re.compile(r"\d+")
_WAITS = re.compile(
    r"(?i)\bwait(?:ing|s|ed)?\b|\block(?:ed)?\b|\bheld by\b|\bretry(?:ing)?\b|\bnot ready\b|\bstill\b|\btrying again\b|"
    r"\bsleeping\b|\bblocked\b|等待|重试|锁"
)
_REPEATS = 5


def find_age(line: str, *, now: datetime) -> float | None:
    """Seconds since the time that the line begins with, at the least where it names no zone; None when it has none."""
    found = _TIME.search(line[:_HEAD])
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found.group(0).replace(",", "."))
    except ValueError:
        return None
    age = now - moment if found["zone"] else now - moment.replace(tzinfo=UTC) - _FARTHEST_ZONE
    return max(0.0, age.total_seconds())


def find_endless_wait(lines: Sequence[str]) -> str:
    """The line that a program repeats while it waits; empty when its log moves on."""
    tail = list(lines[-_REPEATS:])
    if len(tail) < _REPEATS:
        return ""
    shapes = {_NUMBER.sub("#", _LEADING_TIME.sub("", line)) for line in tail}
    return tail[-1] if len(shapes) == 1 and _WAITS.search(tail[-1]) else ""
