"""The queue is looked at seldom only while nobody is there."""

import asyncio
from typing import Any, cast

from backend.integrations.durable_execution.poll_rate import PollRate


class RecordingQueue:
    """Stands for the engine's queue: keeps the rates it was set to."""

    def __init__(self, *, fails_once: bool = False) -> None:
        self.rates: asyncio.Queue[float] = asyncio.Queue()
        self._fails = fails_once

    async def set_polling_interval_sec_async(self, value: float) -> None:
        self.rates.put_nowait(value)
        if self._fails:
            self._fails = False
            raise OSError("database is locked")

    async def next_rate(self) -> float:
        return await asyncio.wait_for(self.rates.get(), timeout=5)


def make_rate(queue: RecordingQueue, *, idle_after_seconds: float) -> PollRate:
    stand_in = cast("Any", queue)  # Any: stands for a class of the engine
    return PollRate(stand_in, busy_seconds=0.1, idle_seconds=0.5, idle_after_seconds=idle_after_seconds)


async def test_rate_falls_when_nobody_comes_and_rises_when_somebody_does() -> None:
    queue = RecordingQueue()
    rate = make_rate(queue, idle_after_seconds=0.01)
    rate.start()

    idle = await queue.next_rate()
    rate.want()
    busy = await queue.next_rate()
    idle_again = await queue.next_rate()
    await rate.stop()

    assert (idle, busy, idle_again) == (0.5, 0.1, 0.5)


async def test_rate_that_cannot_be_stored_is_tried_again_with_the_next_change() -> None:
    queue = RecordingQueue(fails_once=True)
    rate = make_rate(queue, idle_after_seconds=0.01)
    rate.start()

    await queue.next_rate()
    rate.want()
    busy = await queue.next_rate()
    await rate.stop()

    assert busy == 0.1


async def test_rate_stays_while_somebody_is_there() -> None:
    queue = RecordingQueue()
    rate = make_rate(queue, idle_after_seconds=3600)
    rate.start()

    rate.want()
    await rate.stop()

    assert queue.rates.empty()
