"""Shows how hosts stand, and looks at them often while somebody watches."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.features.hosts.domain import (
    HostLook,
    LookState,
    Point,
    SeriesKey,
    Target,
    TargetKind,
    WatchedTarget,
    chunk,
    downsample,
    read_figures,
)
from backend.features.hosts.interfaces import FigureStore, HostFactsSource
from backend.features.hosts.settings import HostSettings
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import NotFound, OpsError
from backend.vocabulary.language import Text

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class History:
    """One series of a host, cut down to what a picture needs."""

    metric: str
    subject: str
    points: Sequence[Point]


class HostService:
    """Between patrols hosts are looked at only while somebody asks for them."""

    def __init__(self, *, source: HostFactsSource, figures: FigureStore, clock: Clock, settings: HostSettings) -> None:
        self._source = source
        self._figures = figures
        self._clock = clock
        self._settings = settings
        self._watched_until: datetime | None = None
        self._is_watched = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def sample_seconds(self) -> int:
        return self._settings.sample_seconds

    @property
    def now(self) -> datetime:
        """By which the age of figures is told: the clocks of browsers differ."""
        return self._clock.now()

    async def list_targets(self) -> Sequence[WatchedTarget]:
        """Hosts first, then clusters, as they were last seen."""
        return await self._figures.list_targets()

    async def find_targets(self, targets: Sequence[Target]) -> Mapping[Target, WatchedTarget]:
        """Those that were ever looked at."""
        return await self._figures.find_targets(targets)

    async def find_host(self, host: str) -> WatchedTarget:
        """Raise NotFound."""
        target = Target(TargetKind.HOST, host)
        found = (await self._figures.find_targets([target])).get(target)
        if found is None:
            raise NotFound(
                Text(en=f"No host {host!r} was ever looked at.", zh=f"没有检查过主机 {host!r}。"),
                hint=Text(en="GET /api/v2/hosts lists the hosts.", zh="GET /api/v2/hosts 列出所有主机。"),
            )
        return found

    async def read_history(
        self, host: str, *, metrics: frozenset[str] | None, since: datetime | None, limit: int
    ) -> list[History]:
        """The series of a host, all or those of some metrics; of the last 24 hours unless `since` says otherwise."""
        target = (await self.find_host(host)).target
        now = self._clock.now()
        begin = since or now - timedelta(hours=24)
        keys = await self._figures.list_series(target)
        return [
            await self._read_one(key, since=begin, until=now, limit=limit)
            for key in keys
            if metrics is None or key.metric in metrics
        ]

    async def _read_one(self, key: SeriesKey, *, since: datetime, until: datetime, limit: int) -> History:
        points = await self._figures.read_series(key, since=since, until=until)
        return History(key.metric, key.subject, downsample(points, since=since, until=until, limit=limit))

    def note_viewer(self) -> None:
        """Somebody looks at the hosts now."""
        self._watched_until = self._clock.now() + timedelta(seconds=self._settings.viewer_seconds)
        self._is_watched.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_sampling(), name="host-sampler")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sample(self) -> int:
        """Look at every host once and keep its figures; returns how many were read."""
        targets = {target.id: target for target in (await self._source.list_hosts()).targets}
        places = asyncio.Semaphore(self._settings.parallel_calls)

        async def look(batch: list[str]) -> int:
            async with places:
                looks = await self._source.read(batch)
                for one in looks:
                    if one.host in targets:
                        await self._note(targets[one.host], one)
                return sum(one.state is LookState.READ for one in looks)

        batches = chunk(targets, size=self._settings.hosts_per_call)
        return sum(await asyncio.gather(*map(look, batches)))

    async def _note(self, target: Target, look: HostLook) -> None:
        figures = () if look.facts is None else read_figures(look.facts, host=target.id)
        await self._figures.note_look(target, look, at=self._clock.now(), figures=figures)

    async def _keep_sampling(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._is_watched.wait()
            if self._watched_until is None or self._clock.now() >= self._watched_until:
                self._is_watched.clear()
                continue
            began = loop.time()
            try:
                await self.sample()
            except OpsError as error:
                _log.warning("the hosts could not be sampled: %s", error)
            except Exception:  # noqa: BLE001  # the outermost edge of a task: the next sample tries again
                _log.exception("the hosts could not be sampled")
            await asyncio.sleep(max(1.0, self._settings.sample_seconds - (loop.time() - began)))
