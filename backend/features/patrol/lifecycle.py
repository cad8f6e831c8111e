"""What a look changes about a finding: it begins, worsens, eases, ends. Plain functions; people are told elsewhere.

A finding begins when enough looks in a row say so and ends when enough looks in a row say it is gone. What a check
could not see changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from backend.features.hosts.domain import Target
from backend.features.patrol.domain import (
    PATROL,
    CheckResult,
    Finding,
    FindingEvent,
    FindingEventKind,
    FindingState,
    Grade,
    Reading,
)
from backend.vocabulary.severity import Severity

FindingKey = tuple[str, str]
"""Check and subject, within one target."""


@dataclass(frozen=True, slots=True)
class Change:
    """A finding as it is now, with what happened to it. Without `finding` it is dropped: it was only suspected."""

    key: FindingKey
    finding: Finding | None
    events: tuple[FindingEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class LookContext:
    """What all findings of one look have in common."""

    target: Target
    now: datetime
    close_after: int


def judge_look(
    results: Iterable[CheckResult], *, known: Mapping[FindingKey, Finding], context: LookContext
) -> list[Change]:
    """Everything that changes about the findings of one target. `known` holds those that are not closed.

    New findings have an empty id. Findings of checks that are not among the results stay as they are.
    """
    changes: list[Change] = []
    for result in results:
        mine = {key: finding for key, finding in known.items() if key[0] == result.check}
        read = {(reading.check, reading.subject): reading for reading in result.readings}
        for key, reading in read.items():
            change = _judge(key, reading, finding=mine.get(key), context=context)
            if change is not None:
                changes.append(change)
        end = _clear if result.unknown is None else _note_unknown
        changes += [end(key, finding, context=context) for key, finding in mine.items() if key not in read]
    return changes


def close_gone_target(finding: Finding, *, now: datetime) -> Change:
    """The end of a finding whose target is no longer listed anywhere."""
    key = (finding.check, finding.subject)
    if finding.state is FindingState.SUSPECTED:
        return Change(key, None)
    closed = replace(finding, state=FindingState.CLOSED, closed_at=now, closed_by=PATROL, is_recovery_announced=True)
    return Change(key, closed, (_event(FindingEventKind.CLOSED, now, "the target is no longer listed"),))


def _judge(key: FindingKey, reading: Reading, *, finding: Finding | None, context: LookContext) -> Change | None:
    severity = reading.grade.severity
    if finding is None:
        return None if severity is None else _begin(key, reading, severity=severity, context=context)
    if reading.grade is Grade.CLEAR:
        return _clear(key, finding, context=context, reading=reading)
    if severity is None:
        return _hold(key, finding, reading=reading)
    if finding.state is FindingState.SUSPECTED:
        return _confirm(key, finding, reading=reading, severity=severity, context=context)
    return _go_on(key, finding, reading=reading, severity=severity, context=context)


def _begin(key: FindingKey, reading: Reading, *, severity: Severity, context: LookContext) -> Change:
    is_open = reading.needs_looks <= 1
    finding = Finding(
        id="",
        target=context.target,
        check=reading.check,
        subject=reading.subject,
        severity=severity,
        state=FindingState.OPEN if is_open else FindingState.SUSPECTED,
        title=reading.title,
        cause=reading.cause,
        fixes=reading.fixes,
        evidence=reading.evidence,
        value=reading.value,
        step=reading.step,
        first_seen_at=context.now,
        last_seen_at=context.now,
        opened_at=context.now if is_open else None,
    )
    return Change(key, finding, (_opened(finding, context.now),) if is_open else ())


def _confirm(
    key: FindingKey, finding: Finding, *, reading: Reading, severity: Severity, context: LookContext
) -> Change:
    """Another look in a row says so."""
    seen = finding.seen + 1
    updated = replace(_refresh(finding, reading, now=context.now), severity=severity, seen=seen)
    if seen < reading.needs_looks:
        return Change(key, updated)
    opened = replace(updated, state=FindingState.OPEN, opened_at=context.now)
    return Change(key, opened, (_opened(opened, context.now),))


def _go_on(key: FindingKey, finding: Finding, *, reading: Reading, severity: Severity, context: LookContext) -> Change:
    """It is still there. It worsens at once; it eases only when several looks agree, since figures swing at a mark."""
    updated = replace(_refresh(finding, reading, now=context.now), cleared=0)
    if severity.rank > finding.severity.rank:
        event = _event(FindingEventKind.WORSENED, context.now, f"{finding.severity} → {severity}")
        return Change(key, replace(updated, severity=severity, eased=0), (event,))
    if severity.rank == finding.severity.rank:
        return Change(key, replace(updated, eased=0))
    eased = finding.eased + 1
    if eased < context.close_after:
        return Change(key, replace(updated, eased=eased))
    event = _event(FindingEventKind.EASED, context.now, f"{finding.severity} → {severity}")
    return Change(key, replace(updated, severity=severity, eased=0), (event,))


def _hold(key: FindingKey, finding: Finding, *, reading: Reading) -> Change:
    """Neither bad nor good: a suspicion is not confirmed, an open finding stays."""
    if finding.state is FindingState.SUSPECTED:
        return Change(key, None)
    return Change(key, replace(finding, cleared=0, unknown_since=None, value=reading.value))


def _clear(key: FindingKey, finding: Finding, *, context: LookContext, reading: Reading | None = None) -> Change:
    if finding.state is FindingState.SUSPECTED:
        return Change(key, None)
    cleared = finding.cleared + 1
    value = finding.value if reading is None else reading.value
    updated = replace(finding, cleared=cleared, unknown_since=None, value=value)
    if cleared < context.close_after:
        return Change(key, updated)
    closed = replace(updated, state=FindingState.CLOSED, closed_at=context.now, closed_by=PATROL)
    return Change(key, closed, (_event(FindingEventKind.CLOSED, context.now),))


def _note_unknown(key: FindingKey, finding: Finding, *, context: LookContext) -> Change:
    return Change(key, replace(finding, unknown_since=finding.unknown_since or context.now))


def _refresh(finding: Finding, reading: Reading, *, now: datetime) -> Finding:
    """The finding in the words and figures of the newest look."""
    return replace(
        finding,
        title=reading.title,
        cause=reading.cause,
        fixes=reading.fixes,
        evidence=reading.evidence or finding.evidence,
        value=reading.value,
        step=reading.step,
        last_seen_at=now,
        unknown_since=None,
    )


def _opened(finding: Finding, now: datetime) -> FindingEvent:
    return _event(FindingEventKind.OPENED, now, f"{finding.severity}: {finding.title.en}")


def _event(kind: FindingEventKind, at: datetime, detail: str = "") -> FindingEvent:
    return FindingEvent(at=at, kind=kind, actor=PATROL, detail=detail)
