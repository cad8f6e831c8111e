"""The patrol's log: what people follow while it looks. Entries are stored before anybody sees them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.features.hosts.domain import LookState, Target
from backend.features.patrol.domain import Finding, FindingEvent, FindingEventKind, PatrolRun, RunState
from backend.features.patrol.lifecycle import Change
from backend.vocabulary.language import Text

_TOLD = frozenset(FindingEventKind) - {FindingEventKind.ANNOUNCED, FindingEventKind.EXPLAINED}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `data` is JSON as clients get it."""

    run_id: str | None
    at: datetime
    data: str


def run_started(run: PatrolRun) -> Entry:
    return _entry(
        run.started_at,
        "run-started",
        Text(en=f"Patrol begins (by {run.started_by})", zh=f"巡检开始（发起者：{run.started_by}）"),
        run_id=run.id,
        trigger=run.trigger.value,
        started_by=run.started_by,
    )


def run_planned(run: PatrolRun, *, count: int, at: datetime) -> Entry:
    return _entry(
        at,
        "run-planned",
        Text(en=f"{count} hosts and clusters to look at", zh=f"共 {count} 个主机和集群"),
        run_id=run.id,
        targets=count,
    )


def looked(run: PatrolRun, target: Target, *, state: LookState, reason: str, open_count: int, at: datetime) -> Entry:
    """`run` with this look counted already."""
    progress = f"{run.looked}/{run.targets}"
    words = {
        LookState.READ: Text(
            en=f"[{progress}] {target}: " + _count_findings(open_count),
            zh=f"[{progress}] {target}:" + (f"{open_count} 个问题" if open_count else "正常"),
        ),
        LookState.UNREACHABLE: Text(en=f"[{progress}] {target} does not answer", zh=f"[{progress}] {target} 没有应答"),
        LookState.UNKNOWN: Text(en=f"[{progress}] {target}: unknown", zh=f"[{progress}] {target}：未知"),
    }
    return _entry(
        at,
        "looked",
        words[state],
        run_id=run.id,
        target={"kind": target.kind.value, "id": target.id, "name": str(target)},
        state=state.value,
        reason=reason,
        findings=open_count,
        looked=run.looked,
        targets=run.targets,
    )


def _count_findings(count: int) -> str:
    if not count:
        return "well"
    return "1 finding" if count == 1 else f"{count} findings"


def changed(changes: Sequence[Change], *, run_id: str | None) -> list[Entry]:
    """One entry per event that people want to see."""
    return [
        finding_event(change.finding, event, run_id=run_id)
        for change in changes
        if change.finding is not None
        for event in change.events
        if event.kind in _TOLD
    ]


def finding_event(finding: Finding, event: FindingEvent, *, run_id: str | None = None) -> Entry:
    heading = _EVENT_WORDS[event.kind]
    by_en, by_zh = (f" by {event.actor}", f"({event.actor})") if event.actor != "patrol" else ("", "")
    return _entry(
        event.at,
        "finding",
        Text(
            en=f"{heading.en}{by_en}: {finding.target}: {finding.title.en}",
            zh=f"{heading.zh}{by_zh}:{finding.target}:{finding.title.zh}",
        ),
        run_id=run_id,
        event=event.kind.value,
        finding_id=finding.id,
        severity=finding.severity.value,
        check=finding.check,
        target={"kind": finding.target.kind.value, "id": finding.target.id, "name": str(finding.target)},
    )


def run_finished(run: PatrolRun) -> Entry:
    outcome = _OUTCOMES[run.state]
    known = run.looked - run.unknown - run.unreachable
    return _entry(
        run.finished_at or run.started_at,
        "run-finished",
        Text(
            en=f"{outcome.en}: {known} looked at, {run.unreachable} silent, {run.unknown} unknown; "
            f"{run.opened} new, {run.worsened} worse, {run.closed} gone",
            zh=f"{outcome.zh}：已检查 {known}，无应答 {run.unreachable}，未知 {run.unknown}；"
            f"新增 {run.opened}，加重 {run.worsened}，恢复 {run.closed}",
        ),
        run_id=run.id,
        state=run.state.value,
        problem=run.problem,
        looked=run.looked,
        targets=run.targets,
        opened=run.opened,
        worsened=run.worsened,
        closed=run.closed,
    )


def problem_met(run: PatrolRun, *, reason: str, at: datetime) -> Entry:
    return _entry(
        at,
        "problem",
        Text(en=f"Could not look: {reason}", zh=f"无法检查：{reason}"),
        run_id=run.id,
        reason=reason,
    )


def _entry(at: datetime, kind: str, message: Text, *, run_id: str | None, **fields: Any) -> Entry:  # Any: JSON
    data = {
        "type": kind,
        "at": at.isoformat(),
        "run_id": run_id,
        "message": {"en": message.en, "zh": message.zh},
        **fields,
    }
    return Entry(run_id=run_id, at=at, data=json.dumps(data, ensure_ascii=False))


_EVENT_WORDS = {
    FindingEventKind.OPENED: Text(en="New", zh="新问题"),
    FindingEventKind.WORSENED: Text(en="Worse", zh="加重"),
    FindingEventKind.EASED: Text(en="Eased", zh="减轻"),
    FindingEventKind.CLOSED: Text(en="Gone", zh="恢复"),
    FindingEventKind.ANNOUNCED: Text(en="Announced", zh="已通知"),
    FindingEventKind.EXPLAINED: Text(en="Explained", zh="已分析"),
    FindingEventKind.ACKNOWLEDGED: Text(en="Acknowledged", zh="已确认"),
    FindingEventKind.SILENCED: Text(en="Silenced", zh="已静默"),
    FindingEventKind.UNSILENCED: Text(en="No longer silenced", zh="取消静默"),
}
_OUTCOMES = {
    RunState.RUNNING: Text(en="Patrol goes on", zh="巡检进行中"),
    RunState.FINISHED: Text(en="Patrol finished", zh="巡检完成"),
    RunState.CANCELLED: Text(en="Patrol cancelled", zh="巡检已取消"),
    RunState.FAILED: Text(en="Patrol failed", zh="巡检失败"),
}
