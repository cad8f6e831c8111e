"""From looks to check results, and from those to what changes. No IO."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from backend.features.hosts.domain import (
    Figure,
    HostLook,
    LookState,
    Metric,
    Point,
    SeriesKey,
    Target,
    WatchedTarget,
    read_figures,
)
from backend.features.patrol.checks.catalogue import HOST_CHECKS, look_at_host
from backend.features.patrol.checks.reachability import find_unreachable
from backend.features.patrol.checks.view import HostView
from backend.features.patrol.domain import CheckResult, Finding, Reading
from backend.features.patrol.interfaces import ClusterLook
from backend.features.patrol.lifecycle import Change, FindingKey, LookContext, judge_look
from backend.features.patrol.settings import CheckSettings, PatrolSettings

TREND_METRICS: Mapping[str, str] = {
    "disk-usage": "disk",
    "memory": "memory",
    "swap": "swap",
    "open-files": "open_files",
    "load": "load",
}
"""Checks whose figure is kept as a host's metric already."""
_KEPT_AS_CHECK = frozenset({"inode-usage", "clock", "certificate-expiry", "network-errors"})
"""Checks with a figure of their own; the others have none, or subjects that never come again."""


def check_host(
    look: HostLook,
    *,
    before: WatchedTarget | None,
    disk_history: Mapping[str, Sequence[Point]],
    now: datetime,
    checks: CheckSettings,
    patrol: PatrolSettings,
) -> list[CheckResult]:
    """What every check says. Of a host that was not read, all but its silence is unknown."""
    silence = find_unreachable(look, repeat=patrol.open_after)
    if look.facts is None:
        reason = look.reason or "not read"
        return [silence, *(CheckResult(check.id, unknown=reason) for check in HOST_CHECKS)]
    view = HostView(
        facts=look.facts,
        now=now,
        settings=checks,
        repeat=patrol.open_after,
        previous=None if before is None else before.facts,
        first_seen_at=None if before is None else before.first_seen_at,
        disk_history=disk_history,
    )
    return [silence, *look_at_host(view)]


def judge_host(
    results: Sequence[CheckResult], *, context: LookContext
) -> Callable[[Mapping[FindingKey, Finding]], list[Change]]:
    return lambda known: judge_look(results, known=known, context=context)


def judge_cluster(
    look: ClusterLook, *, before: WatchedTarget | None, context: LookContext
) -> Callable[[Mapping[FindingKey, Finding]], list[Change]]:
    """A condition that is not reported any more is gone, unless something that could be read before cannot be now."""
    parts_before = set() if before is None or before.state is not LookState.READ else set(before.reason.split("; "))
    has_lost_sight = before is not None and bool(set(look.unknown) - parts_before)

    def judge(known: Mapping[FindingKey, Finding]) -> list[Change]:
        if look.state is not LookState.READ:
            lost = [CheckResult(check, unknown=look.reason) for check in {key[0] for key in known}]
            return judge_look(lost, known=known, context=context)
        reported = {reading.check for reading in look.readings}
        results = [
            CheckResult(check, tuple(reading for reading in look.readings if reading.check == check))
            for check in sorted(reported)
        ]
        for check in sorted({key[0] for key in known} - reported):
            mine = [finding for key, finding in known.items() if key[0] == check]
            is_still_hidden = bool(look.unknown) and any(finding.unknown_since is not None for finding in mine)
            unknown = "; ".join(look.unknown) if has_lost_sight or is_still_hidden else None
            results.append(CheckResult(check, unknown=unknown))
        return judge_look(results, known=known, context=context)

    return judge


def read_trends(look: HostLook, results: Sequence[CheckResult], *, target: Target) -> tuple[Figure, ...]:
    """Everything of a look at a host that is kept as series."""
    if look.facts is None:
        return ()
    own = [
        Figure(SeriesKey(target.kind, target.id, reading.check, reading.subject), reading.value)
        for result in results
        for reading in result.readings
        if reading.check in _KEPT_AS_CHECK and reading.value is not None
    ]
    problems = count_problems([reading for result in results for reading in result.readings], target=target)
    return (*read_figures(look.facts, host=target.id), *own, problems)


def count_problems(readings: Sequence[Reading], *, target: Target) -> Figure:
    """How many readings of one look are bad enough for a finding."""
    count = sum(reading.grade.severity is not None for reading in readings)
    return Figure(SeriesKey(target.kind, target.id, Metric.PROBLEMS.value), float(count))
