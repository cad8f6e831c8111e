"""The journal of a host: messages of the kernel and of services, oldest first."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass

MOST_ENTRIES = 5000
PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")


@dataclass(frozen=True, slots=True)
class JournalEntry:
    at: float
    identifier: str
    """`kernel`, or the name of the program."""
    message: str
    pid: int = 0
    unit: str = ""
    priority: int = 6
    """As in syslog: 0 emerg … 7 debug."""

    @property
    def is_kernel(self) -> bool:
        return self.identifier == "kernel"


class Journal:
    """Bounded; adding is cheap also when messages come in late."""

    def __init__(self) -> None:
        self._entries: list[JournalEntry] = []

    @property
    def entries(self) -> list[JournalEntry]:
        return self._entries

    def add(self, *entries: JournalEntry) -> None:
        for entry in entries:
            bisect.insort(self._entries, entry, key=lambda known: known.at)
        if len(self._entries) > MOST_ENTRIES:
            del self._entries[: len(self._entries) - MOST_ENTRIES]

    def kernel(self) -> Iterable[JournalEntry]:
        return (entry for entry in self._entries if entry.is_kernel)
