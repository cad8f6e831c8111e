"""What people do with findings: read, acknowledge, silence, close."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.agent.interfaces import AuditTrail
from backend.features.hosts.domain import Point, SeriesKey, Target, downsample
from backend.features.hosts.interfaces import FigureStore
from backend.features.patrol.domain import (
    Acknowledgement,
    Finding,
    FindingEvent,
    FindingEventKind,
    FindingState,
    Silence,
)
from backend.features.patrol.interfaces import FindingFilter, FindingStore
from backend.features.patrol.judging import TREND_METRICS
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import AlreadyDecided, InvalidInput, Unavailable
from backend.vocabulary.language import Text
from backend.vocabulary.severity import Severity

MAX_SILENCE = timedelta(days=30)
MAX_NOTE_CHARACTERS = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FindingDetail:
    """One finding with its history, oldest first."""

    finding: Finding
    history: Sequence[FindingEvent]


class FindingService:
    """Every change names who made it, in the history and in the audit."""

    def __init__(self, *, findings: FindingStore, figures: FigureStore, audit: AuditTrail, clock: Clock) -> None:
        self._findings = findings
        self._figures = figures
        self._audit = audit
        self._clock = clock

    async def list_page(self, wanted: FindingFilter, *, before: str | None, limit: int) -> Sequence[Finding]:
        return await self._findings.list_page(wanted, before=before, limit=limit)

    async def list_open(self) -> Sequence[Finding]:
        return await self._findings.list_open()

    async def count_open(self) -> Mapping[Severity, int]:
        return await self._findings.count_open()

    async def read(self, finding_id: str) -> FindingDetail:
        """Raise NotFound."""
        finding = await self._findings.get(finding_id)
        return FindingDetail(finding, await self._findings.read_history(finding_id))

    async def acknowledge(self, finding_id: str, *, by: str, note: str) -> Finding:
        """Say that somebody is at work on it; from then on only a higher severity is told. Raise AlreadyDecided."""
        now = self._clock.now()

        def change(finding: Finding) -> tuple[Finding, FindingEvent]:
            _refuse_closed(finding)
            acknowledged = Acknowledgement(by=by, at=now, note=_check_note(note))
            return replace(finding, acknowledged=acknowledged), _event(FindingEventKind.ACKNOWLEDGED, now, by, note)

        return await self._change("finding.acknowledged", finding_id, by=by, change=change)

    async def silence(self, finding_id: str, *, by: str, duration: timedelta, reason: str) -> Finding:
        """Tell nobody for so long, even if it ends and begins again. Raise InvalidInput."""
        now = self._clock.now()
        if not timedelta(0) < duration <= MAX_SILENCE:
            raise InvalidInput(
                Text(
                    en=f"A silence ends in the future, at most {MAX_SILENCE.days} days from now.",
                    zh=f"静默的结束时间必须在将来，且最多 {MAX_SILENCE.days} 天。",
                )
            )

        until = now + duration

        def change(finding: Finding) -> tuple[Finding, FindingEvent]:
            silence = Silence(by=by, at=now, until=until, reason=_check_note(reason))
            detail = f"until {until.isoformat()} {reason}".strip()
            return replace(finding, silence=silence), _event(FindingEventKind.SILENCED, now, by, detail)

        return await self._change("finding.silenced", finding_id, by=by, change=change, until=until.isoformat())

    async def unsilence(self, finding_id: str, *, by: str) -> Finding:
        now = self._clock.now()

        def change(finding: Finding) -> tuple[Finding, FindingEvent]:
            return replace(finding, silence=None), _event(FindingEventKind.UNSILENCED, now, by)

        return await self._change("finding.unsilenced", finding_id, by=by, change=change)

    async def close(self, finding_id: str, *, by: str, note: str) -> Finding:
        """Take it for done; what is still wrong at the next looks is a new finding. Raise AlreadyDecided."""
        now = self._clock.now()

        def change(finding: Finding) -> tuple[Finding, FindingEvent]:
            _refuse_closed(finding)
            closed = replace(finding, state=FindingState.CLOSED, closed_at=now, closed_by=by)
            return closed, _event(FindingEventKind.CLOSED, now, by, _check_note(note))

        return await self._change("finding.closed", finding_id, by=by, change=change)

    async def read_trend(
        self, target: Target, *, check: str, subject: str, since: datetime | None, limit: int
    ) -> Sequence[Point]:
        """The figures of a check, oldest first, of the last 24 hours by default; empty for a check that has none."""
        now = self._clock.now()
        begin = since or now - timedelta(hours=24)
        key = SeriesKey(target.kind, target.id, TREND_METRICS.get(check, check), subject)
        points = await self._figures.read_series(key, since=begin, until=now)
        return downsample(points, since=begin, until=now, limit=limit)

    async def _change(
        self,
        action: str,
        finding_id: str,
        *,
        by: str,
        change: Callable[[Finding], tuple[Finding, FindingEvent]],
        **details: object,
    ) -> Finding:
        finding = await self._findings.change(finding_id, change)
        about = {"check": finding.check, "target": finding.target.id, "subject": finding.subject, **details}
        try:
            await self._audit.record(action, actor=by, subject=finding_id, details=about)
        except Unavailable:
            _log.exception("%s of %s by %s is not in the audit", action, finding_id, by)
        return finding


def _refuse_closed(finding: Finding) -> None:
    if finding.state is FindingState.CLOSED:
        raise AlreadyDecided(Text(en="This finding is closed already.", zh="该问题已经关闭。"))


def _check_note(note: str) -> str:
    cleaned = " ".join(note.split())
    if len(cleaned) > MAX_NOTE_CHARACTERS:
        raise InvalidInput(
            Text(
                en=f"A note has at most {MAX_NOTE_CHARACTERS} characters.",
                zh=f"备注最多 {MAX_NOTE_CHARACTERS} 个字符。",
            )
        )
    return cleaned


def _event(kind: FindingEventKind, at: datetime, by: str, detail: str = "") -> FindingEvent:
    return FindingEvent(at=at, kind=kind, actor=by, detail=detail)
