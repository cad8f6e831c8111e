"""Which processes are worth showing, and which are zombies that their parent has not collected."""

from __future__ import annotations

from collections.abc import Iterable

from host_facts.command_lines import tidy_command
from host_facts.domain import ProcessFacts, ZombieFacts
from host_facts.readings import Process

MOST_SHOWN = 20
MOST_ZOMBIES = 100


def choose_top_processes(processes: Iterable[Process]) -> tuple[ProcessFacts, ...]:
    """The ten that use most CPU and the ten that use most memory, busiest first; kernel threads at rest left out."""
    seen = [process for process in processes if process.cpu_percent > 0 or process.memory_bytes > 0]
    half = MOST_SHOWN // 2
    busiest = sorted(seen, key=lambda process: (-process.cpu_percent, process.pid))[:half]
    largest = sorted(seen, key=lambda process: (-process.memory_bytes, process.pid))[:half]
    chosen = {process.pid: process for process in (*busiest, *largest)}
    ordered = sorted(chosen.values(), key=lambda p: (-p.cpu_percent, -p.memory_bytes, p.pid))
    return tuple(
        ProcessFacts(
            pid=process.pid,
            parent_pid=process.parent_pid,
            user=process.user,
            state=process.state,
            cpu_percent=round(process.cpu_percent, 1),
            memory_bytes=process.memory_bytes,
            age_seconds=process.age_seconds,
            command=tidy_command(process.command),
        )
        for process in ordered
    )


def find_zombies(processes: Iterable[Process]) -> tuple[ZombieFacts, ...]:
    """Ended processes that their parent has not collected yet, oldest first; one seen twice is a fault."""
    by_pid = {process.pid: process for process in processes}
    zombies = [
        ZombieFacts(
            pid=process.pid,
            command=tidy_command(process.command),
            parent_pid=process.parent_pid,
            parent_command=tidy_command(parent.command) if (parent := by_pid.get(process.parent_pid)) else "",
            parent_user=parent.user if parent else "",
            age_seconds=process.age_seconds,
        )
        for process in by_pid.values()
        if process.state == "Z"
    ]
    zombies.sort(key=lambda zombie: (-(zombie.age_seconds or 0.0), zombie.pid))
    return tuple(zombies[:MOST_ZOMBIES])
