"""Tells people what a patrol found: first the model may say something, then the messages go into the outbox."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from backend.features.notifications.domain import Audience, Message
from backend.features.notifications.service import NotificationService
from backend.features.patrol import blindness
from backend.features.patrol.announcing import Occasion, find_occasion, mark_announced, write_message
from backend.features.patrol.blindness import judge_sight
from backend.features.patrol.checks.catalogue import CHECK_TITLES
from backend.features.patrol.domain import (
    PATROL,
    Finding,
    FindingEvent,
    FindingEventKind,
    FindingState,
    PatrolRun,
    RunState,
)
from backend.features.patrol.interfaces import Explainer, FindingStore, Lease
from backend.features.patrol.settings import PatrolSettings
from backend.vocabulary.clock import Clock

_log = logging.getLogger(__name__)


class Teller:
    """Nothing here may keep a patrol from finishing: without a model or a channel the findings stand all the same."""

    def __init__(
        self,
        *,
        findings: FindingStore,
        notifications: NotificationService,
        explainer: Explainer,
        clock: Clock,
        settings: PatrolSettings,
        audience: Audience,
    ) -> None:
        self._findings = findings
        self._notifications = notifications
        self._explainer = explainer
        self._clock = clock
        self._settings = settings
        self._audience = audience

    async def explain(self, run_id: str) -> None:
        """Ask the model about the worst findings that people will hear of, once each, all within the time allowed."""
        wanted = [
            finding
            for finding, occasion in await self._list_news()
            if occasion is not Occasion.GONE and finding.explanation is None
        ][: self._settings.explain_findings]
        if not wanted or self._settings.explain_seconds <= 0:
            return
        tasks = [asyncio.ensure_future(self._explain_one(finding, run_id=run_id)) for finding in wanted]
        _done, late = await asyncio.wait(tasks, timeout=self._settings.explain_seconds)
        for task in late:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                _log.warning("a finding stays unexplained: %r", result)

    async def announce(self, *, renew: Callable[[], Lease]) -> None:
        """Put everything there is to say into the outbox and mark it as said, in one transaction. Raise LeaseLost."""
        now = self._clock.now()
        news = await self._list_news()
        told = [
            (
                mark_announced(finding, occasion, now=now),
                FindingEvent(at=now, kind=FindingEventKind.ANNOUNCED, actor=PATROL, detail=occasion.value),
            )
            for finding, occasion in news
        ]
        await self._findings.announce(
            told,
            settled=await self._list_settled(),
            messages=self._notifications.route(self._write_messages(news)),
            lease=renew(),
            at=now,
        )
        self._notifications.wake()

    async def tell_sight(self, runs: Sequence[PatrolRun]) -> None:
        """Say that patrol is blind, or sees again; `runs` are the newest that are over, newest first."""
        relevant = [run for run in runs if run.is_over and run.state is not RunState.CANCELLED]
        if not relevant:
            return
        sight = judge_sight(relevant, after=self._settings.open_after)
        if sight is not None:
            await self._notifications.send(blindness.write_message(relevant[0], sight, audience=self._audience))

    async def _explain_one(self, finding: Finding, *, run_id: str) -> None:
        explanation = await self._explainer.explain(finding, run_id=run_id, language=self._audience.language)
        if explanation is not None:
            await self._findings.add_explanation(finding.id, explanation)

    async def _list_news(self) -> list[tuple[Finding, Occasion]]:
        now = self._clock.now()
        judged = [
            (
                finding,
                find_occasion(finding, now=now, announce_recovery=self._settings.announce_recovery),
            )
            for finding in await self._findings.list_unsettled()
        ]
        return [(finding, occasion) for finding, occasion in judged if occasion is not None]

    async def _list_settled(self) -> list[str]:
        """Closed findings whose end is never told: the settings say so."""
        if self._settings.announce_recovery:
            return []
        return [finding.id for finding in await self._findings.list_unsettled() if finding.state is FindingState.CLOSED]

    def _write_messages(self, news: Sequence[tuple[Finding, Occasion]]) -> list[Message]:
        return [
            write_message(finding, occasion, audience=self._audience, check_titles=CHECK_TITLES)
            for finding, occasion in news
        ]
