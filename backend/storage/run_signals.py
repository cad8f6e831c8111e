"""Hands the newest events of the runs at work to their followers, inside one process; other processes poll."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

StoredEvent: TypeAlias = tuple[int, str]
"""The sequence number of an event, and the event as JSON text."""

_KEPT_EVENTS = 1000
"""Per run. A follower that is further behind reads the database."""
_KEPT_RUNS = 256


@dataclass(slots=True)
class Tail:
    """The newest events of one run, without gaps."""

    events: list[StoredEvent] = field(default_factory=list)
    is_over: bool = False

    @property
    def last_seq(self) -> int:
        return self.events[-1][0]

    def read(self, *, after: int, limit: int) -> list[StoredEvent] | None:
        """Events after a number; None when some of them are no longer, or not yet, here."""
        skipped = after + 1 - self.events[0][0]
        if skipped < 0 or after > self.last_seq:
            return None
        return list(islice(self.events, skipped, skipped + limit))


class RunSignals:
    """What was just committed, kept for a while, and a wake-up per run."""

    def __init__(self) -> None:
        self._waiters: defaultdict[str, dict[asyncio.Future[None], float]] = defaultdict(dict)
        """Who waits for a run, and since when."""
        self._tails: OrderedDict[str, Tail] = OrderedDict()
        self._sweep: asyncio.TimerHandle | None = None

    def publish(self, run_id: str, events: Sequence[StoredEvent], *, is_over: bool = False) -> None:
        """Tell the followers what was committed: in order, and only after the commit."""
        tail = self._tails.get(run_id)
        if tail is None or not events or events[0][0] != tail.last_seq + 1:
            tail = Tail()
        tail.events.extend(events)
        tail.is_over = is_over
        if tail.events:
            del tail.events[:-_KEPT_EVENTS]
            self._tails[run_id] = tail
            self._tails.move_to_end(run_id)
        while len(self._tails) > _KEPT_RUNS:
            self._tails.popitem(last=False)
        self._wake(run_id)

    def find_tail(self, run_id: str) -> Tail | None:
        return self._tails.get(run_id)

    async def wait(self, run_id: str, *, after: int, timeout_seconds: float) -> None:
        """Return when something after this number was published, and at the latest after twice the timeout."""
        tail = self._tails.get(run_id)
        if tail is not None and (tail.is_over or tail.last_seq > after):
            return
        loop = asyncio.get_running_loop()
        if self._sweep is None:
            # One timer for all: with hundreds of followers, one for each wait would cost more than the waking.
            self._sweep = loop.call_later(timeout_seconds, self._wake_patient, timeout_seconds)
        waiter = loop.create_future()
        self._waiters[run_id][waiter] = loop.time()
        try:
            await waiter
        finally:
            self._forget(run_id, waiter)

    def _wake_patient(self, timeout_seconds: float) -> None:
        """Wake who has waited this long, and come back for the others."""
        loop = asyncio.get_running_loop()
        since = loop.time() - timeout_seconds
        for waiters in self._waiters.values():
            for waiter, waiting_since in waiters.items():
                if waiting_since <= since and not waiter.done():
                    waiter.set_result(None)
        self._sweep = None
        if self._waiters:
            self._sweep = loop.call_later(timeout_seconds, self._wake_patient, timeout_seconds)

    def _wake(self, run_id: str) -> None:
        for waiter in self._waiters.pop(run_id, {}):
            if not waiter.done():
                waiter.set_result(None)

    def _forget(self, run_id: str, waiter: asyncio.Future[None]) -> None:
        waiters = self._waiters.get(run_id)
        if waiters is not None:
            waiters.pop(waiter, None)
            if not waiters:
                del self._waiters[run_id]
