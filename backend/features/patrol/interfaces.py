"""What patrol needs from outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.features.hosts.domain import Figure, HostLook, Listing, LookState, Target, TargetKind
from backend.features.notifications.domain import Message
from backend.features.patrol.domain import (
    Explanation,
    Finding,
    FindingEvent,
    FindingState,
    PatrolRun,
    Phase,
    Reading,
    RunState,
    Trigger,
)
from backend.features.patrol.lifecycle import Change, FindingKey
from backend.features.patrol.log import Entry
from backend.vocabulary.language import Language
from backend.vocabulary.severity import Severity


class LeaseLost(Exception):
    """Another process has taken the run over; nothing was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for one run, until `until` unless it is renewed; every write renews it."""

    run_id: str
    number: int
    until: datetime


@dataclass(frozen=True, slots=True)
class ClusterLook:
    """What one look at one cluster gave."""

    cluster: Target
    state: LookState
    readings: tuple[Reading, ...] = ()
    unknown: tuple[str, ...] = ()
    """Parts that could not be read; what they would have told stays as it was."""
    reason: str = ""


class ClusterSource(Protocol):
    """Diagnoses clusters, over whatever reaches them."""

    async def list_clusters(self) -> Listing:
        """Every cluster that can be looked at; raise Unavailable when the list cannot be had."""
        ...

    async def read(self, cluster: Target) -> ClusterLook:
        """Diagnose one cluster. Failures are looks too; nothing is raised."""
        ...


@dataclass(frozen=True, slots=True)
class RecordedLook:
    """One look, as it is written down. `look` is None for a cluster."""

    target: Target
    state: LookState
    reason: str
    at: datetime
    figures: tuple[Figure, ...] = ()
    look: HostLook | None = None


Judge = Callable[[Mapping[FindingKey, Finding]], Sequence[Change]]
"""From the findings of a target that are not closed to what changes about them."""
WriteEntries = Callable[[PatrolRun, Sequence[Change], int], Sequence[Entry]]
"""From the run with the look counted, the changes with their ids, and the number of open findings, to log lines."""


class PatrolStore(Protocol):
    """Runs. Writes that carry a lease raise LeaseLost when it is not the newest of the run."""

    async def begin(
        self, *, trigger: Trigger, by: str, at: datetime, owner: str, until: datetime, tick: datetime | None
    ) -> tuple[PatrolRun, bool]:
        """Write a new run; or return, with False, the one that is at work or that began at or after `tick`."""
        ...

    async def take(self, run_id: str, *, owner: str, at: datetime, until: datetime) -> tuple[PatrolRun, Lease] | None:
        """Go on with a run that is mine, or that its owner has left; None when it is over or somebody is at it."""
        ...

    async def plan(
        self,
        lease: Lease,
        *,
        targets: Sequence[Target],
        listed: frozenset[TargetKind],
        entries: Sequence[Entry],
        at: datetime,
        problem: str | None,
    ) -> None:
        """Write down what is to be looked at and go on to the looks.

        Of the kinds in `listed` the targets are complete: others of these kinds are gone, and so are their findings.
        """
        ...

    async def list_pending(self, run_id: str) -> Sequence[Target]: ...

    async def record(self, lease: Lease, recorded: RecordedLook, *, judge: Judge, write: WriteEntries) -> PatrolRun:
        """Write one look with everything that follows from it, in one transaction; again changes nothing."""
        ...

    async def move(
        self, lease: Lease, *, phase: Phase, problem: str | None = None, entries: Sequence[Entry] = ()
    ) -> PatrolRun: ...

    async def finish(
        self, lease: Lease, *, state: RunState, at: datetime, write: Callable[[PatrolRun], Entry]
    ) -> PatrolRun: ...

    async def request_cancel(self, run_id: str) -> PatrolRun:
        """Raise NotFound."""
        ...

    async def find_run(self, run_id: str) -> PatrolRun:
        """Raise NotFound."""
        ...

    async def find_active(self) -> PatrolRun | None: ...

    async def list_runs(self, *, before: str | None, limit: int) -> Sequence[PatrolRun]:
        """Newest first; raise NotFound when `before` names no run."""
        ...

    async def purge(self, *, older_than: datetime) -> None:
        """Forget runs, log entries and closed findings of long ago."""
        ...


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are listed; None means any."""

    states: frozenset[FindingState] | None = None
    severity: Severity | None = None
    target: str | None = None
    check: str | None = None


class FindingStore(Protocol):
    """Findings. Methods that name one raise NotFound when it does not exist."""

    async def get(self, finding_id: str) -> Finding: ...

    async def list_page(self, wanted: FindingFilter, *, before: str | None, limit: int) -> Sequence[Finding]:
        """Newest first."""
        ...

    async def list_open(self) -> Sequence[Finding]:
        """Worst first, then oldest; at most a thousand."""
        ...

    async def count_open(self) -> Mapping[Severity, int]: ...

    async def list_unsettled(self) -> Sequence[Finding]:
        """Those that people may have to be told of: open ones, and closed ones of which the end was not told."""
        ...

    async def read_history(self, finding_id: str) -> Sequence[FindingEvent]:
        """Oldest first, at most 500."""
        ...

    async def change(self, finding_id: str, change: Callable[[Finding], tuple[Finding, FindingEvent]]) -> Finding:
        """Change one finding, with a line of history and of the log, in one transaction."""
        ...

    async def add_explanation(self, finding_id: str, explanation: Explanation) -> None: ...

    async def announce(
        self,
        told: Sequence[tuple[Finding, FindingEvent]],
        *,
        settled: Sequence[str],
        messages: Sequence[tuple[str, Message]],
        lease: Lease,
        at: datetime,
    ) -> None:
        """Mark findings as told and put the messages into the outbox, in one transaction.

        `settled` names closed findings about which there is nothing to say any more. Raise LeaseLost.
        """
        ...


class PatrolLog(Protocol):
    """The stored entries."""

    async def read(self, *, after: int, limit: int, run_id: str | None = None) -> Sequence[tuple[int, str]]: ...

    async def newest(self) -> int:
        """The number of the newest entry, 0 when there is none."""
        ...

    async def find_position(self, *, back: int) -> int:
        """Where to begin so that about so many of the newest entries follow."""
        ...

    async def wait(self, *, after: int, timeout_seconds: float) -> None:
        """Return when entries after this number may be there, or at the timeout."""
        ...


class RunStarter(Protocol):
    """Has runs executed: what was started goes on after a crash."""

    async def start(self, run_id: str) -> None:
        """Naming a run twice is harmless."""
        ...


class Explainer(Protocol):
    """Asks a model about a finding."""

    async def explain(self, finding: Finding, *, run_id: str, language: Language) -> Explanation | None:
        """None when no model is configured, the budget is spent or the model fails. Bounded in time by the caller."""
        ...
