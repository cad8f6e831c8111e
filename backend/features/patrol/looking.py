"""Looks at everything that a run has still to look at, side by side, and records each look as it comes."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.features.hosts.domain import HostLook, LookState, Metric, Point, Target, TargetKind, chunk
from backend.features.hosts.interfaces import FigureStore, HostFactsSource
from backend.features.hosts.settings import HostSettings
from backend.features.patrol import log
from backend.features.patrol.checks.filling_disks import HISTORY_HOURS
from backend.features.patrol.domain import PatrolRun
from backend.features.patrol.interfaces import ClusterSource, Lease, PatrolStore, RecordedLook
from backend.features.patrol.judging import check_host, count_problems, judge_cluster, judge_host, read_trends
from backend.features.patrol.lifecycle import Change, LookContext
from backend.features.patrol.log import Entry
from backend.features.patrol.settings import CheckSettings, PatrolSettings
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import Unavailable

_ABSENT = "the tool server said nothing about it"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where looks come from."""

    hosts: HostFactsSource
    clusters: ClusterSource


@dataclass(frozen=True, slots=True)
class LookSettings:
    """What decides how looks are made and judged."""

    patrol: PatrolSettings
    checks: CheckSettings
    hosts: HostSettings


@dataclass(frozen=True, slots=True)
class Listed:
    """What there is to look at. `kinds` are those whose list is complete."""

    targets: tuple[Target, ...]
    kinds: frozenset[TargetKind]
    problems: tuple[str, ...]


class Looker:
    """Lists and looks; what a look means is decided by plain functions."""

    def __init__(
        self,
        *,
        sources: Sources,
        store: PatrolStore,
        figures: FigureStore,
        clock: Clock,
        settings: LookSettings,
    ) -> None:
        self._sources = sources
        self._store = store
        self._figures = figures
        self._clock = clock
        self._settings = settings

    async def list_targets(self) -> Listed:
        """Every host and cluster; a list that cannot be had is a problem of the run, not of the targets."""
        targets: list[Target] = []
        kinds: set[TargetKind] = set()
        problems: list[str] = []
        for kind, listing in (
            (TargetKind.HOST, self._sources.hosts.list_hosts),
            (TargetKind.CLUSTER, self._sources.clusters.list_clusters),
        ):
            try:
                listed = await listing()
                targets += listed.targets
                problems += listed.problems
                if not listed.problems:
                    kinds.add(kind)
            except Unavailable as error:
                problems.append(error.message.en)
        return Listed(tuple(targets), frozenset(kinds), tuple(problems))

    async def look_at_pending(self, run: PatrolRun, *, renew: Callable[[], Lease]) -> bool:
        """Look at everything that is left; False when somebody cancelled. Raise LeaseLost."""
        pending = await self._store.list_pending(run.id)
        hosts = {target.id: target for target in pending if target.kind is TargetKind.HOST}
        clusters = [target for target in pending if target.kind is TargetKind.CLUSTER]
        gate = _Gate(self._settings.hosts.parallel_calls)
        batches = chunk(hosts, size=self._settings.hosts.hosts_per_call)
        jobs = [
            *(self._look_at_cluster(cluster, run=run, renew=renew) for cluster in clusters),
            *(self._look_at_hosts([hosts[id_] for id_ in batch], run=run, renew=renew) for batch in batches),
        ]
        await _run_side_by_side(jobs, gate=gate)
        return not gate.is_closed

    async def _look_at_hosts(self, targets: Sequence[Target], *, run: PatrolRun, renew: Callable[[], Lease]) -> bool:
        """False when somebody cancelled meanwhile."""
        looks = {look.host: look for look in await self._sources.hosts.read([target.id for target in targets])}
        known = await self._figures.find_targets(targets)
        is_wanted = True
        for target in targets:
            look = looks.get(target.id) or HostLook(target.id, LookState.UNKNOWN, reason=_ABSENT)
            now = self._clock.now()
            results = check_host(
                look,
                before=known.get(target),
                disk_history=await self._read_disk_history(target, until=now),
                now=now,
                checks=self._settings.checks,
                patrol=self._settings.patrol,
            )
            recorded = RecordedLook(
                target=target,
                state=look.state,
                reason=look.reason,
                at=now,
                figures=read_trends(look, results, target=target),
                look=look,
            )
            after = await self._store.record(
                renew(),
                recorded,
                judge=judge_host(results, context=self._context(target, now)),
                write=_writer(recorded),
            )
            is_wanted = not after.is_cancel_requested
        return is_wanted

    async def _read_disk_history(self, target: Target, *, until: datetime) -> dict[str, Sequence[Point]]:
        since = until - timedelta(hours=HISTORY_HOURS)
        found = await self._figures.read_metric(target, metric=Metric.DISK.value, since=since, until=until)
        return {key.subject: points for key, points in found.items()}

    async def _look_at_cluster(self, target: Target, *, run: PatrolRun, renew: Callable[[], Lease]) -> bool:
        look = await self._sources.clusters.read(target)
        now = self._clock.now()
        before = (await self._figures.find_targets([target])).get(target)
        reason = look.reason if look.state is not LookState.READ else "; ".join(look.unknown)
        figures = (count_problems(look.readings, target=target),) if look.state is LookState.READ else ()
        recorded = RecordedLook(target=target, state=look.state, reason=reason, at=now, figures=figures)
        after = await self._store.record(
            renew(),
            recorded,
            judge=judge_cluster(look, before=before, context=self._context(target, now)),
            write=_writer(recorded),
        )
        return not after.is_cancel_requested

    def _context(self, target: Target, now: datetime) -> LookContext:
        return LookContext(target=target, now=now, close_after=self._settings.patrol.close_after)


class _Gate:
    """Lets so many jobs through at once, and none any more once it is closed."""

    def __init__(self, width: int) -> None:
        self.places = asyncio.Semaphore(width)
        self.is_closed = False


async def _run_side_by_side(
    jobs: Sequence[Coroutine[Any, Any, bool]],  # Any: the send and yield types of a coroutine
    *,
    gate: _Gate,
) -> None:
    async def run(job: Coroutine[Any, Any, bool]) -> None:  # Any: see above
        async with gate.places:
            if gate.is_closed:
                job.close()
            elif not await job:
                gate.is_closed = True

    tasks = [asyncio.ensure_future(run(job)) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for job in jobs:
            job.close()


def _writer(recorded: RecordedLook) -> Callable[[PatrolRun, Sequence[Change], int], list[Entry]]:
    def write(run: PatrolRun, changes: Sequence[Change], open_count: int) -> list[Entry]:
        line = log.looked(
            run,
            recorded.target,
            state=recorded.state,
            reason=recorded.reason,
            open_count=open_count,
            at=recorded.at,
        )
        return [line, *log.changed(changes, run_id=run.id)]

    return write
