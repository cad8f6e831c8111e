"""Makes the health report and sends it, at its times and on demand."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from cronsim import CronSim

from backend.features.hosts.interfaces import FigureStore
from backend.features.notifications.domain import Audience
from backend.features.notifications.service import NotificationService
from backend.features.patrol.interfaces import FindingStore, PatrolStore
from backend.features.reports.domain import Known, Report, build_report
from backend.features.reports.rendering import write_message
from backend.features.reports.settings import OFF, ReportSettings
from backend.vocabulary.clock import Clock

_CATCH_UP = timedelta(hours=1)
"""A report that was due while nothing ran is still sent when it is not older."""
_TREND_WINDOW = timedelta(minutes=30)
_log = logging.getLogger(__name__)


class ReportService:
    """Reads what patrols left; it looks at nothing itself."""

    def __init__(
        self,
        *,
        figures: FigureStore,
        findings: FindingStore,
        runs: PatrolStore,
        notifications: NotificationService,
        clock: Clock,
        settings: ReportSettings,
        audience: Audience,
    ) -> None:
        self._figures = figures
        self._findings = findings
        self._runs = runs
        self._notifications = notifications
        self._clock = clock
        self._settings = settings
        self._audience = audience
        self._task: asyncio.Task[None] | None = None

    @property
    def audience(self) -> Audience:
        """Whom sent reports are written for."""
        return self._audience

    async def build(self) -> Report:
        now = self._clock.now()
        earlier = now - timedelta(hours=self._settings.trend_hours)
        runs = await self._runs.list_runs(before=None, limit=10)
        known = Known(
            targets=await self._figures.list_targets(),
            findings=await self._findings.list_open(),
            earlier=await self._figures.read_means(since=earlier - _TREND_WINDOW, until=earlier + _TREND_WINDOW),
            last_run=next((run for run in runs if run.finished_at is not None), None),
        )
        return build_report(known, at=now, trend_hours=self._settings.trend_hours, top_risks=self._settings.top_risks)

    async def send(self, *, key: str, channels: Sequence[str] | None = None, by: str | None = None) -> int:
        """Put a report into the outbox; returns to how many channels it is new. Raise NotFound for a channel."""
        message = write_message(await self.build(), key=key, audience=self._audience)
        return await self._notifications.send(message, channels=channels, by=by)

    async def send_now(self, *, by: str, channels: Sequence[str] | None = None) -> int:
        """The same at a person's wish: each wish is a report of its own."""
        key = f"report:{by}:{self._clock.now().isoformat()}"
        return await self.send(key=key, channels=channels, by=by)

    def start(self) -> None:
        """Send reports at their times from now on."""
        if self._settings.schedule != OFF and self._notifications.channel_names:
            self._task = asyncio.create_task(self._keep(), name="report-schedule")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        """The key holds the moment, so that replicas and restarts send each report once."""
        moment = find_due(self._settings.schedule, now=self._clock.now(), zone=self._audience.zone)
        while True:
            await self._sleep_until(moment)
            try:
                if await self._runs.list_runs(before=None, limit=1):
                    await self.send(key=f"report:{moment.isoformat()}")
            except Exception:  # noqa: BLE001  # the outermost edge of a task: the next report is tried all the same
                _log.exception("the report of %s could not be sent", moment)
            moment = find_next(self._settings.schedule, after=self._clock.now(), zone=self._audience.zone)

    async def _sleep_until(self, moment: datetime) -> None:
        while (left := moment - self._clock.now()) > timedelta(0):
            await asyncio.sleep(min(left.total_seconds(), 30.0))


def find_next(schedule: str, *, after: datetime, zone: tzinfo | None) -> datetime:
    """The next moment of a cron expression, in UTC."""
    return next(CronSim(schedule, after.astimezone(zone))).astimezone(UTC)


def find_due(schedule: str, *, now: datetime, zone: tzinfo | None) -> datetime:
    """The next moment at a start: one that has just been missed counts as due."""
    first = find_next(schedule, after=now - _CATCH_UP, zone=zone)
    while (following := find_next(schedule, after=first, zone=zone)) <= now:
        first = following
    return first
