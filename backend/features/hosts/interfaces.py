"""What watching hosts needs from outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from backend.features.hosts.domain import Figure, HostLook, Listing, Point, SeriesKey, Target, WatchedTarget


class HostFactsSource(Protocol):
    """Reads hosts, over whatever reaches them."""

    async def list_hosts(self) -> Listing:
        """Every host that can be looked at; raise Unavailable when the list cannot be had."""
        ...

    async def read(self, hosts: Sequence[str]) -> Sequence[HostLook]:
        """One look at each of these asset ids, in any order. Failures are looks too; nothing is raised."""
        ...


class FigureStore(Protocol):
    """Targets as they were last seen, and the series of their figures."""

    async def list_targets(self) -> Sequence[WatchedTarget]:
        """Those that are still listed at their source, hosts first, by name."""
        ...

    async def find_targets(self, targets: Sequence[Target]) -> Mapping[Target, WatchedTarget]:
        """Those that were ever looked at, listed or not; the names of the keys are as asked for."""
        ...

    async def note_look(self, target: Target, look: HostLook, *, at: datetime, figures: Sequence[Figure]) -> None:
        """Remember the newest look and add its figures to their series, in one transaction."""
        ...

    async def read_series(self, key: SeriesKey, *, since: datetime, until: datetime) -> Sequence[Point]:
        """Oldest first; single values where they are kept, else one per hour."""
        ...

    async def read_metric(
        self, target: Target, *, metric: str, since: datetime, until: datetime
    ) -> Mapping[SeriesKey, Sequence[Point]]:
        """The single values of all series of one metric, oldest first."""
        ...

    async def read_means(self, *, since: datetime, until: datetime) -> Mapping[SeriesKey, float]:
        """The mean of every series over a while; series without values are left out."""
        ...

    async def list_series(self, target: Target) -> Sequence[SeriesKey]: ...

    async def roll_up(self, *, before: datetime, hourly_before: datetime) -> None:
        """Make hours of values older than `before`, and forget hours older than `hourly_before`."""
        ...
