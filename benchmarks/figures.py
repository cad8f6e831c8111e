"""Turns measured values into the lines that are quoted."""

import os
from collections.abc import Sequence


def percentile(values: Sequence[float], *, percent: float) -> float:
    """The smallest value that at least so many percent do not exceed."""
    ordered = sorted(values)
    position = max(0, min(len(ordered) - 1, -(-int(len(ordered) * percent) // 100) - 1))
    return ordered[position]


def describe_ms(name: str, seconds: Sequence[float]) -> str:
    """One line: median, 99th percentile and maximum in milliseconds."""
    p50, p99 = (percentile(seconds, percent=percent) * 1000 for percent in (50, 99))
    return f"{name:<44} n={len(seconds):<6} p50 {p50:9.2f} ms   p99 {p99:9.2f} ms   max {max(seconds) * 1000:9.2f} ms"


def describe_machine() -> str:
    """What the figures were measured on, with the load of the others that share it."""
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores, load {load}"
