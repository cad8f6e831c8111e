"""Memory and processor time of a process and everything it started."""

import threading
from collections.abc import Collection
from types import TracebackType

import psutil

_INTERVAL_SECONDS = 0.03
_MEBIBYTE = 1024 * 1024


class TreeMemory:
    """Samples, in a thread, the resident memory of all children of this process but the excluded ones.

    Pages that processes share are counted for each of them, as `ps` does.
    """

    def __init__(self, *, excluded: Collection[int] = ()) -> None:
        self._excluded = frozenset(excluded)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak_bytes = 0

    @property
    def peak_mebibytes(self) -> int:
        return round(self.peak_bytes / _MEBIBYTE)

    def __enter__(self) -> "TreeMemory":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join(timeout=5)

    def processor_seconds(self) -> float:
        """What the same processes, and those they waited for, have used so far."""
        total = 0.0
        for child in psutil.Process().children():
            if child.pid in self._excluded:
                continue
            try:
                total += sum(sum(each.cpu_times()[:4]) for each in (child, *child.children(recursive=True)))
            except psutil.NoSuchProcess:
                continue
        return total

    def _sample(self) -> None:
        own = psutil.Process()
        while not self._is_over.wait(_INTERVAL_SECONDS):
            self.peak_bytes = max(self.peak_bytes, self._measure(own))

    def _measure(self, own: psutil.Process) -> int:
        total = 0
        for child in own.children():
            if child.pid in self._excluded:
                continue
            try:
                total += sum(each.memory_info().rss for each in (child, *child.children(recursive=True)))
            except psutil.NoSuchProcess:
                # It ended between the two looks.
                continue
        return total
