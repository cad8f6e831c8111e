"""Shows how clusters stand. However many people watch, each cluster is read once in a while."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.features.clusters.domain import ClusterOverview
from backend.features.clusters.interfaces import ClusterOverviewSource
from backend.features.hosts.domain import Target
from backend.vocabulary.clock import Clock

KEEP_SECONDS = 10
"""An overview younger than this is shown again instead of being read anew."""
WAIT_SECONDS = 4.0
"""How long people wait for a cluster; one that is slower is shown as it was, and its answer is there the next time."""
_PARALLEL_CLUSTERS = 4
_log = logging.getLogger(__name__)


class ClusterService:
    """Keeps the newest overview of each cluster."""

    def __init__(self, *, source: ClusterOverviewSource, clock: Clock, wait_seconds: float = WAIT_SECONDS) -> None:
        self._source = source
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._newest: dict[Target, ClusterOverview] = {}
        self._readings: dict[Target, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(_PARALLEL_CLUSTERS)

    @property
    def now(self) -> datetime:
        """By which the age of overviews is told."""
        return self._clock.now()

    async def list_overviews(self) -> Sequence[tuple[Target, ClusterOverview | None]]:
        """Every watched cluster with its newest overview, None before the first answer; raise Unavailable."""
        clusters = (await self._source.list_clusters()).targets
        self._newest = {cluster: seen for cluster, seen in self._newest.items() if cluster in clusters}
        readings = [self._begin_reading(cluster) for cluster in clusters if self._is_old(cluster)]
        if readings:
            await asyncio.wait(readings, timeout=self._wait_seconds)
        return [(cluster, self._newest.get(cluster)) for cluster in clusters]

    async def stop(self) -> None:
        readings = list(self._readings.values())
        for reading in readings:
            reading.cancel()
        await asyncio.gather(*readings, return_exceptions=True)

    def _is_old(self, cluster: Target) -> bool:
        seen = self._newest.get(cluster)
        return seen is None or self._clock.now() - seen.read_at >= timedelta(seconds=KEEP_SECONDS)

    def _begin_reading(self, cluster: Target) -> asyncio.Task[None]:
        """The reading that is under way, or a new one."""
        reading = self._readings.get(cluster)
        if reading is None:
            reading = asyncio.create_task(self._read(cluster), name=f"cluster-overview-{cluster.id}")
            self._readings[cluster] = reading
        return reading

    async def _read(self, cluster: Target) -> None:
        try:
            async with self._places:
                self._newest[cluster] = await self._source.read(cluster)
        except Exception:  # noqa: BLE001  # the outermost edge of a task: the next viewer tries again
            _log.exception("cluster %s could not be looked at", cluster)
        finally:
            del self._readings[cluster]
