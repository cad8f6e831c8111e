"""Looks at the run queue often while somebody is there, and seldom while nobody is."""

import asyncio
import logging

from dbos import Queue

_log = logging.getLogger(__name__)


class PollRate:
    """Sets how often the engine looks at its queue. For a queue of this process alone: the rate is stored with it."""

    def __init__(self, queue: Queue, *, busy_seconds: float, idle_seconds: float, idle_after_seconds: float) -> None:
        self._queue = queue
        self._busy_seconds = busy_seconds
        self._idle_seconds = idle_seconds
        self._idle_after_seconds = idle_after_seconds
        self._is_wanted = asyncio.Event()
        self._wanted_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.want()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def want(self) -> None:
        """Somebody is there, and may ask soon."""
        self._wanted_at = asyncio.get_running_loop().time()
        self._is_wanted.set()

    async def _keep(self) -> None:
        while True:
            await self._sleep_while_wanted()
            self._is_wanted.clear()
            await self._set(self._idle_seconds)
            await self._is_wanted.wait()
            await self._set(self._busy_seconds)

    async def _sleep_while_wanted(self) -> None:
        loop = asyncio.get_running_loop()
        while (left := self._wanted_at + self._idle_after_seconds - loop.time()) > 0:
            await asyncio.sleep(left)

    async def _set(self, seconds: float) -> None:
        try:
            await self._queue.set_polling_interval_sec_async(seconds)
        except Exception:  # noqa: BLE001  # the outermost edge of a task: a rate that could not be stored costs time, not work
            _log.exception("the queue is still looked at as often as before")
