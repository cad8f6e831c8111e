"""Measures how long runs wait and take."""

import asyncio
from collections.abc import Awaitable, Callable

from backend.agent.interfaces import Telemetry
from backend.features.chat.domain import Run, RunState
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import NotFound


class MeteredRuns:
    """Advances runs and tells the telemetry when each is taken up and when it is over."""

    def __init__(
        self,
        *,
        advance: Callable[[str, asyncio.Event], Awaitable[bool]],
        get_run: Callable[[str], Awaitable[Run]],
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._advance = advance
        self._get_run = get_run
        self._telemetry = telemetry
        self._clock = clock
        self._sessions: dict[str, str] = {}
        """Session by run, of the runs that this process has taken up."""

    async def advance(self, run_id: str, cancelled: asyncio.Event) -> bool:
        try:
            session_id = self._sessions.get(run_id) or await self._take_up(run_id)
            with self._telemetry.run_step(run_id, session_id=session_id):
                is_over = await self._advance(run_id, cancelled)
            if is_over:
                await self._end(run_id)
        except NotFound:
            self._sessions.pop(run_id, None)
            return True
        return is_over

    async def _take_up(self, run_id: str) -> str:
        run = await self._get_run(run_id)
        if run.state is RunState.QUEUED:
            self._telemetry.run_taken_up(run_id, queued_seconds=self._seconds_since_start(run))
        self._sessions[run_id] = run.session_id
        return run.session_id

    async def _end(self, run_id: str) -> None:
        self._sessions.pop(run_id, None)
        run = await self._get_run(run_id)
        if not run.is_active:
            outcome = run.state.value if run.outcome is None else run.outcome.value
            self._telemetry.run_ended(run_id, outcome=outcome, seconds=self._seconds_since_start(run))

    def _seconds_since_start(self, run: Run) -> float:
        return max(0.0, ((run.finished_at or self._clock.now()) - run.created_at).total_seconds())
