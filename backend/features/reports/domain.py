"""What a health report says. Plain functions from what is known to rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.features.hosts.domain import (
    Figure,
    LookState,
    Metric,
    SeriesKey,
    TargetKind,
    WatchedTarget,
    read_figures,
)
from backend.features.patrol.domain import Finding, PatrolRun
from backend.vocabulary.severity import Severity

_STEADY = 0.02
"""A smaller change of a share is no trend."""


class Trend(StrEnum):
    UP = "up"
    DOWN = "down"
    STEADY = "steady"
    UNKNOWN = "unknown"
    """Nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure with where it went since the earlier moment; a load is per core, everything else a share."""

    value: float | None
    trend: Trend = Trend.UNKNOWN
    subject: str = ""


@dataclass(frozen=True, slots=True)
class HostRow:
    """One host. `disk` is its fullest filesystem."""

    id: str
    name: str
    state: LookState
    reason: str
    read_at: datetime | None
    cpu: Cell
    memory: Cell
    load: Cell
    disk: Cell
    critical: int
    warnings: int
    unknown_parts: tuple[str, ...]
    """Parts that could not be read."""


@dataclass(frozen=True, slots=True)
class ClusterRow:
    name: str
    state: LookState
    reason: str
    critical: int
    warnings: int
    trend: Trend
    """Where the number of problems went."""


@dataclass(frozen=True, slots=True)
class Report:
    """How everything stands at one moment. Rows and risks stand worst first."""

    at: datetime
    trend_hours: int
    hosts: tuple[HostRow, ...]
    clusters: tuple[ClusterRow, ...]
    risks: tuple[Finding, ...]
    counts: Mapping[Severity, int]
    """Open findings."""
    last_run: PatrolRun | None

    @property
    def severity(self) -> Severity:
        """The worst that is open."""
        return next(
            (severity for severity in (Severity.CRITICAL, Severity.WARNING) if self.counts.get(severity)), Severity.INFO
        )

    @property
    def unknown(self) -> int:
        """Hosts and clusters of which nothing is known now."""
        rows: list[HostRow | ClusterRow] = [*self.hosts, *self.clusters]
        return sum(row.state is not LookState.READ for row in rows)


@dataclass(frozen=True, slots=True)
class Known:
    """What a report is made from. `earlier` are the figures of the earlier moment."""

    targets: Sequence[WatchedTarget]
    findings: Sequence[Finding]
    earlier: Mapping[SeriesKey, float]
    last_run: PatrolRun | None


def build_report(known: Known, *, at: datetime, trend_hours: int, top_risks: int) -> Report:
    counts = Counter((finding.target.kind, finding.target.id, finding.severity) for finding in known.findings)

    def count(target: WatchedTarget, severity: Severity) -> int:
        return counts[target.target.kind, target.target.id, severity]

    hosts = [
        _host_row(
            target,
            earlier=known.earlier,
            critical=count(target, Severity.CRITICAL),
            warnings=count(target, Severity.WARNING),
        )
        for target in known.targets
        if target.target.kind is TargetKind.HOST
    ]
    clusters = [
        ClusterRow(
            name=str(target.target),
            state=target.state,
            reason=target.reason,
            critical=count(target, Severity.CRITICAL),
            warnings=count(target, Severity.WARNING),
            trend=_compare_problems(
                target,
                earlier=known.earlier,
                now=count(target, Severity.CRITICAL) + count(target, Severity.WARNING),
            ),
        )
        for target in known.targets
        if target.target.kind is TargetKind.CLUSTER
    ]
    return Report(
        at=at,
        trend_hours=trend_hours,
        hosts=tuple(sorted(hosts, key=_rank_host)),
        clusters=tuple(sorted(clusters, key=lambda row: (-row.critical, -row.warnings, row.name))),
        risks=tuple(choose_risks(known.findings, count=top_risks)),
        counts=Counter(finding.severity for finding in known.findings),
        last_run=known.last_run,
    )


def choose_risks(findings: Sequence[Finding], *, count: int) -> list[Finding]:
    """The worst first; among equally bad ones each target has its turn, so that one cannot hide the others."""
    turns: Counter[tuple[TargetKind, str, Severity]] = Counter()
    ranked: list[tuple[int, int, Finding]] = []
    for finding in findings:
        key = (finding.target.kind, finding.target.id, finding.severity)
        ranked.append((-finding.severity.rank, turns[key], finding))
        turns[key] += 1
    return [finding for _rank, _turn, finding in sorted(ranked, key=lambda item: item[:2])[:count]]


def _host_row(target: WatchedTarget, *, earlier: Mapping[SeriesKey, float], critical: int, warnings: int) -> HostRow:
    # What an unreachable host was like earlier says nothing about now.
    facts = target.facts if target.state is LookState.READ else None
    figures = [] if facts is None else read_figures(facts, host=target.target.id)

    def cell(metric: Metric) -> Cell:
        found = [figure for figure in figures if figure.key.metric == metric]
        return _cell(max(found, key=lambda figure: figure.value), earlier=earlier) if found else Cell(None)

    return HostRow(
        id=target.target.id,
        name=str(target.target),
        state=target.state,
        reason=target.reason,
        read_at=target.read_at,
        cpu=cell(Metric.CPU),
        memory=cell(Metric.MEMORY),
        load=cell(Metric.LOAD),
        disk=cell(Metric.DISK),
        critical=critical,
        warnings=warnings,
        unknown_parts=() if facts is None else tuple(sorted(facts.unknown)),
    )


def _cell(figure: Figure, *, earlier: Mapping[SeriesKey, float]) -> Cell:
    before = earlier.get(figure.key)
    if before is None:
        return Cell(figure.value, subject=figure.key.subject)
    moved = figure.value - before
    trend = Trend.STEADY if abs(moved) < _STEADY else Trend.UP if moved > 0 else Trend.DOWN
    return Cell(figure.value, trend, figure.key.subject)


def _compare_problems(target: WatchedTarget, *, earlier: Mapping[SeriesKey, float], now: int) -> Trend:
    before = earlier.get(SeriesKey(target.target.kind, target.target.id, Metric.PROBLEMS.value))
    if before is None:
        return Trend.UNKNOWN
    return Trend.STEADY if round(before) == now else Trend.UP if now > before else Trend.DOWN


def _rank_host(row: HostRow) -> tuple[int, int, bool, float, str]:
    return (-row.critical, -row.warnings, row.state is LookState.READ, -(row.disk.value or 0.0), row.name)
