"""What a look tells, and what becomes of it: readings of checks, findings, runs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.features.hosts.domain import Target
from backend.vocabulary.language import Text
from backend.vocabulary.severity import Severity


class Grade(StrEnum):
    """What a check says about one subject at one look."""

    CLEAR = "clear"
    HOLD = "hold"
    """Not bad enough to begin a finding, not good enough to end one."""
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def severity(self) -> Severity | None:
        """None unless it is bad enough for a finding."""
        return {Grade.WARNING: Severity.WARNING, Grade.CRITICAL: Severity.CRITICAL}.get(self)


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing a person can do. Commands are quoted for a shell; `is_change` when it does more than look."""

    text: Text
    command: str = ""
    is_change: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One check's word on one subject of a target, such as a mount point; empty for the target as a whole."""

    check: str
    subject: str
    grade: Grade
    title: Text
    """What is wrong, with the figure: one line."""
    cause: Text
    """What usually is behind it, or what the evidence shows."""
    fixes: tuple[Fix, ...] = ()
    evidence: tuple[str, ...] = ()
    value: float | None = None
    """What the trend keeps."""
    step: float | None = None
    """By how much the value must grow (or shrink, when negative) to be clearly worse; None: only severity counts."""
    needs_looks: int = 1
    """How many looks in a row must say so before it is a finding."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All readings of one check on one target. Subjects without a reading are clear, unless something is unknown."""

    check: str
    readings: tuple[Reading, ...] = ()
    unknown: str | None = None
    """Why the check could not look, or not at everything: of the subjects without a reading nothing is known."""


class FindingState(StrEnum):
    """The life of a finding."""

    SUSPECTED = "suspected"
    """Seen, but not yet often enough in a row."""
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Announced:
    """How a finding stood when people were last told."""

    severity: Severity
    value: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    by: str
    at: datetime
    until: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A model's words on a finding. Never needed."""

    text: str
    model: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a subject of a target, from its first sight to its end."""

    id: str
    target: Target
    check: str
    subject: str
    severity: Severity
    state: FindingState
    title: Text
    cause: Text
    fixes: tuple[Fix, ...]
    evidence: tuple[str, ...]
    value: float | None
    step: float | None
    first_seen_at: datetime
    last_seen_at: datetime
    """When a look last said so."""
    seen: int = 1
    """Looks in a row that said so, while suspected."""
    cleared: int = 0
    """Looks in a row that said it is gone."""
    eased: int = 0
    """Looks in a row that said it is less severe."""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    """Who closed it; `patrol` when a look found it gone."""
    unknown_since: datetime | None = None
    """Since when its check could not look."""
    announced: Announced | None = None
    is_recovery_announced: bool = False
    acknowledged: Acknowledgement | None = None
    silence: Silence | None = None
    explanation: Explanation | None = None

    def is_silent(self, now: datetime) -> bool:
        return self.silence is not None and now < self.silence.until


class FindingEventKind(StrEnum):
    """What can happen to a finding."""

    OPENED = "opened"
    WORSENED = "worsened"
    EASED = "eased"
    CLOSED = "closed"
    ANNOUNCED = "announced"
    EXPLAINED = "explained"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """One line of a finding's history."""

    at: datetime
    kind: FindingEventKind
    actor: str
    detail: str = ""


PATROL = "patrol"
"""Who acts when a look does."""


class RunState(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Phase(StrEnum):
    """Where a run stands; each is done completely, or again."""

    LIST = "list"
    LOOK = "look"
    EXPLAIN = "explain"
    ANNOUNCE = "announce"
    DONE = "done"


class Trigger(StrEnum):
    SCHEDULE = "schedule"
    PERSON = "person"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class PatrolRun:
    """One patrol: a look at everything."""

    id: str
    trigger: Trigger
    started_by: str
    state: RunState
    phase: Phase
    started_at: datetime
    finished_at: datetime | None = None
    targets: int = 0
    looked: int = 0
    unknown: int = 0
    """Targets that could not be looked at."""
    unreachable: int = 0
    opened: int = 0
    worsened: int = 0
    closed: int = 0
    problem: str | None = None
    """What went wrong with the run as a whole."""
    is_cancel_requested: bool = False

    @property
    def is_over(self) -> bool:
        return self.state is not RunState.RUNNING


_ROUNDING = 1e-9
"""0.29 * 100 is a little less than 29."""


def percent(ratio: float) -> str:
    """`0.973` as `97%`. Rounded down, so that what is not full never reads as 100%."""
    return f"{int(ratio * 100 + _ROUNDING)}%"


def size(count: float) -> str:
    """Bytes as people read them, `1.5 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
