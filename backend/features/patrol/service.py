"""A patrol from its start to its end, phase by phase. Its record says what is still to do, so any process can go on."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.agent.interfaces import AuditTrail
from backend.features.hosts.interfaces import FigureStore
from backend.features.notifications.service import NotificationService
from backend.features.patrol import log
from backend.features.patrol.domain import PatrolRun, Phase, RunState, Trigger
from backend.features.patrol.interfaces import Lease, LeaseLost, PatrolLog, PatrolStore, RunStarter
from backend.features.patrol.looking import Looker, LookSettings
from backend.features.patrol.telling import Teller
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import Unavailable

LEASE_SECONDS = 180.0
"""Longer than any single look, shorter than people wait: after that another process may take a run over."""
FOLLOW_BATCH = 500
_SIGHT_RUNS = 250
"""Enough for the longest setting of how many looks it takes, with cancelled runs in between."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PatrolStores:
    """Where a patrol writes."""

    runs: PatrolStore
    figures: FigureStore
    log: PatrolLog


@dataclass(frozen=True, slots=True)
class PatrolProcess:
    """Who patrols. A quiet process records what it finds and leaves it to the next patrol to tell people."""

    owner: str
    """Names the process among those that patrol on the database; the same over restarts."""
    is_quiet: bool = False


class PatrolService:
    """Starts patrols, carries them out, lets people follow them."""

    def __init__(
        self,
        *,
        stores: PatrolStores,
        looker: Looker,
        teller: Teller,
        notifications: NotificationService,
        audit: AuditTrail,
        clock: Clock,
        settings: LookSettings,
        process: PatrolProcess,
    ) -> None:
        self._stores = stores
        self._looker = looker
        self._teller = teller
        self._notifications = notifications
        self._audit = audit
        self._clock = clock
        self._settings = settings
        self._process = process
        self._starter: RunStarter | None = None

    def connect(self, starter: RunStarter) -> None:
        """Who executes runs; it calls `advance` and is made after this."""
        self._starter = starter

    async def start(self, *, trigger: Trigger, by: str, tick: datetime | None = None) -> tuple[PatrolRun, bool]:
        """Begin a patrol; or return the one that is at work, with False.

        `tick` is the moment of the schedule: one that another replica has served already is not served again.
        """
        run, is_new = await self._stores.runs.begin(
            trigger=trigger,
            by=by,
            at=self._clock.now(),
            owner=self._process.owner,
            until=self._lease_end(),
            tick=tick,
        )
        if trigger is not Trigger.SCHEDULE:
            await self._record("patrol.started", by=by, run_id=run.id, is_new=is_new)
        if not run.is_over:
            assert self._starter is not None  # noqa: S101  # connected by the composition root
            await self._starter.start(run.id)
        return run, is_new

    async def resume(self) -> PatrolRun | None:
        """After a start: go on with the run that a crash broke off, if there is one."""
        active = await self._stores.runs.find_active()
        if active is not None:
            assert self._starter is not None  # noqa: S101  # connected by the composition root
            await self._starter.start(active.id)
        return active

    async def advance(self, run_id: str) -> bool:
        """Do the next phase of a run; True when there is nothing left to do here. Harmless to repeat."""
        now = self._clock.now()
        taken = await self._stores.runs.take(run_id, owner=self._process.owner, at=now, until=self._lease_end())
        if taken is None:
            return True
        run, lease = taken

        def renew() -> Lease:
            return replace(lease, until=self._lease_end())

        try:
            return await self._do_phase(run, renew=renew)
        except LeaseLost:
            _log.warning("patrol %s was taken over by another process", run_id)
            return True
        except Exception as error:  # noqa: BLE001  # the outermost edge of a run: one that cannot end would block all others
            _log.exception("patrol %s failed", run_id)
            return await self._fail(run, reason=type(error).__name__, renew=renew)

    async def cancel(self, run_id: str, *, by: str) -> PatrolRun:
        """Stop after the looks that are under way; raise NotFound. A run that is over stays as it is."""
        run = await self._stores.runs.request_cancel(run_id)
        await self._record("patrol.cancelled", by=by, run_id=run_id)
        return run

    async def get_run(self, run_id: str) -> PatrolRun:
        return await self._stores.runs.find_run(run_id)

    async def find_active(self) -> PatrolRun | None:
        return await self._stores.runs.find_active()

    async def list_runs(self, *, before: str | None, limit: int) -> Sequence[PatrolRun]:
        return await self._stores.runs.list_runs(before=before, limit=limit)

    async def find_position(self, *, back: int) -> int:
        return await self._stores.log.find_position(back=back)

    async def follow(self, *, after: int, poll_seconds: float = 1.0) -> AsyncGenerator[Sequence[tuple[int, str]]]:
        """The log after a number as it is written, without end; an empty batch says that nothing happened."""
        position = after
        while True:
            batch = await self._stores.log.read(after=position, limit=FOLLOW_BATCH)
            position = batch[-1][0] if batch else position
            yield batch
            if len(batch) < FOLLOW_BATCH:
                await self._stores.log.wait(after=position, timeout_seconds=poll_seconds)

    async def _do_phase(self, run: PatrolRun, *, renew: Callable[[], Lease]) -> bool:
        if run.is_cancel_requested and run.phase in {Phase.LIST, Phase.LOOK}:
            return await self._finish(RunState.CANCELLED, renew=renew)
        match run.phase:
            case Phase.LIST:
                await self._list(run, renew=renew)
            case Phase.LOOK:
                is_complete = await self._looker.look_at_pending(run, renew=renew)
                if not is_complete:
                    return await self._finish(RunState.CANCELLED, renew=renew)
                if self._process.is_quiet:
                    return await self._finish(_outcome(run), renew=renew)
                await self._stores.runs.move(renew(), phase=Phase.EXPLAIN)
            case Phase.EXPLAIN:
                await self._teller.explain(run.id)
                await self._stores.runs.move(renew(), phase=Phase.ANNOUNCE)
            case _:
                await self._teller.announce(renew=renew)
                return await self._finish(_outcome(run), renew=renew)
        return False

    async def _list(self, run: PatrolRun, *, renew: Callable[[], Lease]) -> None:
        listed = await self._looker.list_targets()
        now = self._clock.now()
        entries = [
            log.run_started(run),
            *(log.problem_met(run, reason=problem, at=now) for problem in listed.problems),
            log.run_planned(run, count=len(listed.targets), at=now),
        ]
        await self._stores.runs.plan(
            renew(),
            targets=listed.targets,
            listed=listed.kinds,
            entries=entries,
            at=now,
            problem="; ".join(listed.problems) or None,
        )

    async def _fail(self, run: PatrolRun, *, reason: str, renew: Callable[[], Lease]) -> bool:
        now = self._clock.now()
        entry = log.problem_met(run, reason=reason, at=now)
        await self._stores.runs.move(renew(), phase=run.phase, problem=reason, entries=[entry])
        await self._stores.runs.finish(renew(), state=RunState.FAILED, at=now, write=log.run_finished)
        return True

    async def _finish(self, state: RunState, *, renew: Callable[[], Lease]) -> bool:
        now = self._clock.now()
        run = await self._stores.runs.finish(renew(), state=state, at=now, write=log.run_finished)
        if not self._process.is_quiet:
            await self._teller.tell_sight(await self._stores.runs.list_runs(before=None, limit=_SIGHT_RUNS))
        await self._tidy(now)
        _log.info(
            "patrol %s %s: %d targets, %d unknown, %d opened, %d worsened, %d closed",
            *(run.id, run.state.value, run.targets, run.unknown, run.opened, run.worsened, run.closed),
        )
        return True

    async def _tidy(self, now: datetime) -> None:
        """Forget what is too old. Part of each patrol, so that it needs no clock of its own."""
        hosts = self._settings.hosts
        await self._stores.figures.roll_up(
            before=now - timedelta(hours=hosts.keep_hours), hourly_before=now - timedelta(days=hosts.keep_days)
        )
        await self._stores.runs.purge(older_than=now - timedelta(days=self._settings.patrol.keep_days))
        await self._notifications.purge()

    def _lease_end(self) -> datetime:
        return self._clock.now() + timedelta(seconds=LEASE_SECONDS)

    async def _record(self, action: str, *, by: str, run_id: str, **details: object) -> None:
        try:
            await self._audit.record(action, actor=by, subject=run_id, details=details)
        except Unavailable:
            _log.exception("%s of %s by %s is not in the audit", action, run_id, by)


def _outcome(run: PatrolRun) -> RunState:
    """A patrol that could not even learn what there is to look at has failed."""
    return RunState.FAILED if run.targets == 0 and run.problem is not None else RunState.FINISHED
