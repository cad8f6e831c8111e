"""What follows from two looks at counters: shares of processor time and swap traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from host_facts.domain import MemoryFacts
from host_facts.readings import Look, Process


def used_ratio(first: Look | None, last: Look | None) -> float | None:
    """Share of all processors in use between the looks, 0 to 1."""
    if first is None or last is None:
        return None
    busy = last.processors.busy - first.processors.busy
    total = busy + last.processors.idle - first.processors.idle
    # The kernel's idle counters may step back a little when a processor wakes.
    return round(min(1.0, max(0.0, busy / total)), 4) if total > 0 else None


def measure_processes(processes: Sequence[Process], *, first: Look | None, last: Look | None) -> list[Process]:
    """The processes with what they used between the looks, instead of the average over their life that ps shows."""
    if first is None or last is None or not first.process_ticks or not last.process_ticks:
        return list(processes)
    total = sum(last_part - first_part for last_part, first_part in _parts(first, last))
    if total <= 0:
        return list(processes)
    percent_per_tick = 100.0 * last.processors.cores / total
    return [
        replace(process, cpu_percent=round(_ticks_between(process.pid, first, last) * percent_per_tick, 1))
        for process in processes
    ]


def add_swap_traffic(memory: MemoryFacts | None, *, first: Look | None, last: Look | None) -> MemoryFacts | None:
    """The memory facts with swap traffic, where both looks show it."""
    if memory is None or first is None or last is None:
        return memory
    seconds = (last.uptime_seconds or 0.0) - (first.uptime_seconds or 0.0)
    if seconds <= 0:
        return memory
    return memory.model_copy(
        update={
            "swapped_in_bytes_per_second": _rate(first.swapped_in_bytes, last.swapped_in_bytes, seconds=seconds),
            "swapped_out_bytes_per_second": _rate(first.swapped_out_bytes, last.swapped_out_bytes, seconds=seconds),
        }
    )


def _parts(first: Look, last: Look) -> tuple[tuple[float, float], ...]:
    return (last.processors.busy, first.processors.busy), (last.processors.idle, first.processors.idle)


def _ticks_between(pid: int, first: Look, last: Look) -> float:
    """A process that was not there at both looks counts as 0: it is most likely one of our own commands."""
    if pid not in first.process_ticks or pid not in last.process_ticks:
        return 0.0
    return max(0.0, last.process_ticks[pid] - first.process_ticks[pid])


def _rate(before: int | None, after: int | None, *, seconds: float) -> float | None:
    return None if before is None or after is None else round(max(0, after - before) / seconds, 1)
