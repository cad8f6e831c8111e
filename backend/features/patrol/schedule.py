"""When the next patrol begins: at whole multiples of the interval, so that replicas agree on the moment."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from backend.features.patrol.domain import PATROL, Trigger
from backend.features.patrol.service import PatrolService
from backend.vocabulary.clock import Clock

_log = logging.getLogger(__name__)


def find_next_tick(now: datetime, *, interval_seconds: int) -> datetime:
    """The first multiple of the interval after `now`. Moments that were missed are missed."""
    seconds = int(now.timestamp()) // interval_seconds * interval_seconds + interval_seconds
    return datetime.fromtimestamp(seconds, UTC)


class PatrolSchedule:
    """Starts a patrol at every tick. While one is at work, the tick is left out."""

    def __init__(self, patrol: PatrolService, *, clock: Clock, interval_seconds: int) -> None:
        self._patrol = patrol
        self._clock = clock
        self.interval_seconds = interval_seconds
        self._task: asyncio.Task[None] | None = None
        self.next_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name="patrol-schedule")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            self.next_at = find_next_tick(self._clock.now(), interval_seconds=self.interval_seconds)
            await self._sleep_until(self.next_at)
            try:
                run, is_new = await self._patrol.start(trigger=Trigger.SCHEDULE, by=PATROL, tick=self.next_at)
            except Exception:  # noqa: BLE001  # the outermost edge of a task: the next tick tries again
                _log.exception("the patrol could not be started")
                continue
            if not is_new:
                _log.info("patrol %s is still at work; this one is left out", run.id)

    async def _sleep_until(self, moment: datetime) -> None:
        """In short steps: after a machine slept, its clock has jumped."""
        while (left := moment - self._clock.now()) > timedelta(0):
            await asyncio.sleep(min(left.total_seconds(), 30.0))
