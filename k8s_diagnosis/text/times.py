"""Times of the Kubernetes API and the short durations kubectl prints."""

from __future__ import annotations

from datetime import datetime

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY


def parse_time(text: object) -> datetime | None:
    """An API time stamp, or None for a missing or broken one."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds from start to end, never below zero; None when one of them is unknown."""
    if start is None or end is None:
        return None
    return max(0.0, (end - start).total_seconds())


# From which age on, and shown as: whole large units, then (for the shorter ages of a unit) the rest.
_SHAPES: tuple[tuple[int, int, str, int, str], ...] = (
    (8 * _YEAR, _YEAR, "y", 0, ""),
    (2 * _YEAR, _YEAR, "y", _DAY, "d"),
    (8 * _DAY, _DAY, "d", 0, ""),
    (2 * _DAY, _DAY, "d", _HOUR, "h"),
    (8 * _HOUR, _HOUR, "h", 0, ""),
    (3 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (10 * _MINUTE, _MINUTE, "m", 0, ""),
    (2 * _MINUTE, _MINUTE, "m", 1, "s"),
)


def shorten_duration(seconds: float | None) -> str:
    """As kubectl shows ages: 45s, 3m20s, 12m, 5h3m, 30h, 3d4h, 45d, 2y30d."""
    if seconds is None:
        return "<unknown>"
    whole = int(seconds)
    for at_least, large, large_unit, small, small_unit in _SHAPES:
        if whole >= at_least:
            rest = whole % large // small if small else 0
            return f"{whole // large}{large_unit}" + (f"{rest}{small_unit}" if rest else "")
    return f"{whole}s"
