"""Overviews of clusters: one reading for everybody, and nobody waits for a slow cluster."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from backend.features.clusters.domain import ClusterOverview, Tally
from backend.features.clusters.service import KEEP_SECONDS, ClusterService
from backend.features.hosts.domain import Listing, Target, TargetKind
from tests.fakes.clock import SettableClock

PROD = Target(TargetKind.CLUSTER, "prod", "prod")
SLOW = Target(TargetKind.CLUSTER, "slow", "slow")


@dataclass
class FixtureOverviews:
    """Implements ClusterOverviewSource; the cluster `slow` answers when it is let go."""

    clock: SettableClock
    clusters: tuple[Target, ...] = (PROD,)
    pods: int = 3
    reads: list[str] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None

    async def list_clusters(self) -> Listing:
        return Listing(self.clusters)

    async def read(self, cluster: Target) -> ClusterOverview:
        self.reads.append(cluster.id)
        if self.fault is not None:
            raise self.fault
        if cluster == SLOW:
            await self.let_go.wait()
        tally = Tally(total=self.pods, by_state={"Running": self.pods}, abnormal=0)
        return ClusterOverview(cluster=cluster, read_at=self.clock.now(), pods=tally)


@pytest.fixture
def source() -> FixtureOverviews:
    return FixtureOverviews(SettableClock())


@pytest.fixture
async def service(source: FixtureOverviews) -> AsyncIterator[ClusterService]:
    service = ClusterService(source=source, clock=source.clock, wait_seconds=0.05)
    yield service
    await service.stop()


def count_pods(seen: ClusterOverview | None) -> int | None:
    return None if seen is None or seen.pods is None else seen.pods.total


async def test_many_viewers_cost_one_reading(service: ClusterService, source: FixtureOverviews) -> None:
    answers = await asyncio.gather(*(service.list_overviews() for _ in range(5)))
    await service.list_overviews()

    assert source.reads == ["prod"]
    assert [count_pods(answer[0][1]) for answer in answers] == [3] * 5


async def test_overview_is_read_anew_when_it_is_old(service: ClusterService, source: FixtureOverviews) -> None:
    await service.list_overviews()
    source.pods = 5
    source.clock.advance(KEEP_SECONDS)

    [(_cluster, seen)] = await service.list_overviews()

    assert count_pods(seen) == 5


async def test_slow_cluster_keeps_nobody_waiting_and_is_there_later(
    service: ClusterService, source: FixtureOverviews
) -> None:
    source.clusters = (SLOW, PROD)

    before = dict(await service.list_overviews())
    source.let_go.set()
    after = dict(await service.list_overviews())

    assert (before[SLOW], count_pods(before[PROD])) == (None, 3)
    assert count_pods(after[SLOW]) == 3
    assert source.reads.count("slow") == 1


async def test_cluster_that_is_not_listed_any_more_is_forgotten(
    service: ClusterService, source: FixtureOverviews
) -> None:
    await service.list_overviews()
    source.clusters = ()

    assert await service.list_overviews() == []


async def test_reading_that_fails_is_tried_again(service: ClusterService, source: FixtureOverviews) -> None:
    source.fault = RuntimeError("a bug")
    [(_cluster, first)] = await service.list_overviews()
    source.fault = None

    [(_cluster, second)] = await service.list_overviews()

    assert (first, count_pods(second)) == (None, 3)
