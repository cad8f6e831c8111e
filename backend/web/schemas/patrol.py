"""Bodies of patrols and findings. Texts come in both languages, so that a page can switch."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.features.patrol import domain
from backend.features.patrol.checks.catalogue import CHECK_TITLES
from backend.features.patrol.findings import FindingDetail as Detail
from k8s_diagnosis.conditions import CONDITIONS

RunStateName = Literal["running", "finished", "cancelled", "failed"]
SeverityName = Literal["info", "warning", "critical"]


class _FromDomain(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Words(_FromDomain):
    """The same text in both languages."""

    en: str
    zh: str


class PatrolRun(_FromDomain):
    """One patrol. `looked` counts every target that was tried, the unknown and the silent ones too."""

    id: str
    trigger: Literal["schedule", "person", "command"]
    started_by: str
    state: RunStateName
    phase: Literal["list", "look", "explain", "announce", "done"]
    started_at: datetime
    finished_at: datetime | None
    targets: int
    looked: int
    unknown: int
    unreachable: int
    opened: int
    worsened: int
    closed: int
    problem: str | None
    is_cancel_requested: bool


class StartedPatrol(PatrolRun):
    is_new: bool
    """False when this patrol was at work already."""


class PatrolRunPage(BaseModel):
    items: list[PatrolRun]
    next_before: str | None


class OpenFindings(BaseModel):
    """Numbers of open findings."""

    critical: int
    warning: int


class CheckName(BaseModel):
    id: str
    title: Words


class PatrolStatus(BaseModel):
    """How patrol stands. `next_at` is null when the backend does not patrol by itself."""

    is_enabled: bool
    interval_seconds: int
    next_at: datetime | None
    running: PatrolRun | None
    last: PatrolRun | None
    open: OpenFindings
    checks: list[CheckName]


class Target(_FromDomain):
    kind: Literal["host", "cluster"]
    id: str
    name: str


class Fix(_FromDomain):
    """What a person can do; `command` may be empty. `is_change` when it does more than look."""

    text: Words
    command: str
    is_change: bool


class Acknowledgement(_FromDomain):
    by: str
    at: datetime
    note: str


class Silence(_FromDomain):
    by: str
    at: datetime
    until: datetime
    reason: str


class Explanation(_FromDomain):
    """A model's words; unlike everything else here they may be wrong."""

    text: str
    model: str
    at: datetime


class Finding(_FromDomain):
    """Something wrong. `value` is the figure of the last look; `unknown_since` says since when nobody could look."""

    id: str
    target: Target
    check: str
    check_title: Words | None = None
    """Null for a check or condition that is not known here; then its id names it."""
    subject: str
    severity: SeverityName
    state: Literal["suspected", "open", "closed"]
    title: Words
    cause: Words
    fixes: list[Fix]
    evidence: list[str]
    value: float | None
    first_seen_at: datetime
    last_seen_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    unknown_since: datetime | None
    acknowledged: Acknowledgement | None
    silence: Silence | None
    explanation: Explanation | None


class FindingPage(BaseModel):
    items: list[Finding]
    next_before: str | None


class FindingEvent(_FromDomain):
    at: datetime
    kind: Literal[
        "opened", "worsened", "eased", "closed", "announced", "explained", "acknowledged", "silenced", "unsilenced"
    ]
    actor: str
    detail: str


class FindingDetail(BaseModel):
    finding: Finding
    history: list[FindingEvent]


class AcknowledgeFinding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=500)] = ""


class CloseFinding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=500)] = ""


class SilenceFinding(BaseModel):
    """For how long nobody is told; at most 30 days."""

    model_config = ConfigDict(extra="forbid")

    minutes: Annotated[int, Field(ge=1, le=43200)]
    reason: Annotated[str, Field(max_length=500)] = ""


class Point(_FromDomain):
    at: datetime
    value: float


class Trend(BaseModel):
    """The figures of a check, oldest first; where there are many, the largest of each part of the time."""

    check: str
    subject: str
    points: list[Point]


def read_run(run: domain.PatrolRun) -> PatrolRun:
    return PatrolRun.model_validate(run)


def read_finding(finding: domain.Finding) -> Finding:
    read = Finding.model_validate(finding)
    return read.model_copy(update={"check_title": name_check(finding.check)})


def name_check(check: str) -> Words | None:
    """What people call a check of hosts or a condition of clusters."""
    condition = CONDITIONS.get(check)
    title = CHECK_TITLES.get(check) or (condition.title if condition else None)
    return None if title is None else Words.model_validate(title)


def read_detail(detail: Detail) -> FindingDetail:
    return FindingDetail(
        finding=read_finding(detail.finding),
        history=[FindingEvent.model_validate(event) for event in detail.history],
    )


def list_checks() -> list[CheckName]:
    return [CheckName(id=check, title=Words.model_validate(title)) for check, title in CHECK_TITLES.items()]
