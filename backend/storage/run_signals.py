"""Wakes the followers of a run when its log grows, inside one process; other processes poll."""

import asyncio
from collections import defaultdict


class RunSignals:
    """A wake-up per run. Waiting never misses a write that happens after `after` was read."""

    def __init__(self) -> None:
        self._waiters: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def notify(self, run_id: str) -> None:
        for waiter in self._waiters.pop(run_id, set()):
            if not waiter.done():
                waiter.set_result(None)

    def subscribe(self, run_id: str) -> asyncio.Future[None]:
        """A future that is done at the next write. Subscribe before reading the log, then nothing is missed."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[run_id].add(waiter)
        return waiter

    def unsubscribe(self, run_id: str, waiter: asyncio.Future[None]) -> None:
        waiters = self._waiters.get(run_id)
        if waiters is not None:
            waiters.discard(waiter)
            if not waiters:
                del self._waiters[run_id]
