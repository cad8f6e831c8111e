"""The structured form of every answer. Field names are a contract with the programs that read them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from k8s_diagnosis.joining import Finding
from k8s_diagnosis.problem import Problem

Cell = str | int

# Many objects may suffer from one cause; a few of them show what it does.
_MAX_EVIDENCE = 6
_MAX_SUBJECTS = 20
_MAX_EFFECTS = 10


class WordsView(BaseModel):
    en: str
    zh: str


class ProblemView(BaseModel):
    """A named fault with its cause."""

    condition: str
    object: str
    """What has to be changed, such as a Secret that is missing."""
    subject: str
    """What shows it, mostly a workload."""
    severity: Literal["critical", "warning"]
    cause: WordsView
    evidence: list[str] | None = None
    next_step: WordsView | None = None
    """Both are left out of short lists."""
    confidence: float


class TableResult(BaseModel):
    """One page of a list, abnormal rows first."""

    kind: str
    cluster: str
    namespace: str | None = None
    """Of every row, which then does not repeat it; None for all namespaces, and for objects without one."""
    age_seconds: int | None = None
    """Since when a watched copy of the list was last confirmed; None for one that was just read."""
    columns: list[str]
    rows: list[list[Cell]]
    total: int | None
    shown: int
    next_cursor: str | None = None
    counts: dict[str, int]
    """Rows by status, over all pages."""
    abnormal: int
    """Abnormal rows, over all pages."""
    note: str | None = None
    problems: list[ProblemView]
    """Causes for the shown rows."""


class RevisionView(BaseModel):
    revision: int
    name: str
    age: str
    is_current: bool
    replicas: int | None = None
    ready: int | None = None
    change_cause: str | None = None
    changes: list[str]
    """Against the revision before; empty for the oldest one kept."""


class RolloutResult(BaseModel):
    kind: Literal["RolloutHistory"] = "RolloutHistory"
    cluster: str
    object: str
    revisions: list[RevisionView]
    """Newest first."""
    note: str | None = None


class RelationsResult(BaseModel):
    kind: Literal["Relations"] = "Relations"
    cluster: str
    namespace: str | None = None
    start: str
    """Kind/name; so are all objects here."""
    columns: list[str] = ["from", "relation", "to"]
    rows: list[list[Cell]]
    """Nearest to the start first."""
    states: dict[str, str]
    missing: list[str]
    """Objects that something refers to and that do not exist."""
    note: str | None = None


class ClustersResult(BaseModel):
    kind: Literal["ClusterList"] = "ClusterList"
    columns: list[str]
    rows: list[list[Cell]]


class ContainerView(BaseModel):
    name: str
    init: bool
    image: str
    ready: bool
    restarts: int
    state: str
    reason: str
    last_state: str
    exit_code: int | None
    ports: list[str]
    requests: dict[str, str]
    limits: dict[str, str]
    probes: dict[str, str]
    env: list[EnvView]


class EnvView(BaseModel):
    name: str
    source: str


class ConditionView(BaseModel):
    type: str
    status: str
    reason: str
    message: str


class EventView(BaseModel):
    type: str
    reason: str
    message: str
    count: int
    first_seen: str = ""
    last_seen: str


class ResourceResult(BaseModel):
    """One object of any kind, without its secrets."""

    kind: Literal["Resource"] = "Resource"
    cluster: str
    resource: str
    """As `kubectl` writes it: `deployments.apps`."""
    object: str
    """Kind/namespace/name, or Kind/name."""
    api_version: str
    age: str
    owner: str | None = None
    facts: dict[str, str] = {}
    """What is worked out, not read: sums of requests on a node, ready replicas."""
    conditions: list[ConditionView] = []
    fields: dict[str, Any] = {}  # Any: JSON of the object
    """The object itself, or the part that was asked for; long parts are cut."""
    is_cut: bool = False
    events: list[EventView] = []
    note: str | None = None


class PodResult(BaseModel):
    kind: Literal["Pod"] = "Pod"
    namespace: str
    name: str
    status: str
    ready: str
    node: str
    pod_ip: str
    age: str
    owner: str | None
    containers: list[ContainerView]
    conditions: list[ConditionView]
    events: list[EventView]
    problems: list[ProblemView]


class LogResult(BaseModel):
    kind: Literal["Logs"] = "Logs"
    cluster: str
    namespace: str
    pod: str | None = None
    workload: str | None = None
    """Kind/name when the lines are of all its pods."""
    container: str | None = None
    previous: bool
    lines: list[str]
    """Oldest first; of several containers each begins with the one it is of, in brackets."""
    shown: int
    truncated: bool
    note: str | None = None


class ScaleResult(BaseModel):
    kind: Literal["ScaleResult"] = "ScaleResult"
    status: Literal["scaled", "declined", "needs_approval"]
    namespace: str
    name: str
    replicas_before: int
    replicas_after: int
    outcome: str
    message: str
    message_zh: str
    undo: str


# Every change tool publishes this schema, so it stays short: `outcome` and `undo` are empty where there is none.
class ChangeResult(BaseModel):
    kind: Literal["ChangeResult"] = "ChangeResult"
    status: Literal["done", "partial", "unchanged", "declined", "needs_approval"]
    action: str
    objects: list[str]
    outcome: str
    message: str
    message_zh: str
    undo: str


class FixView(BaseModel):
    """A proposed change; nothing was changed."""

    command: str
    tool: str | None
    arguments: dict[str, object]


class EffectView(BaseModel):
    """What a finding brings about."""

    condition: str
    object: str
    cause: WordsView
    effects: list[EffectView]


class FindingView(ProblemView):
    """A problem at the root of a chain, with what it brings about."""

    subjects: list[str]
    pods: int
    fix: FixView | None
    effects: list[EffectView]


class UnreadView(BaseModel):
    what: str
    reason: str


class DiagnosisResult(BaseModel):
    """What is wrong, root causes first."""

    kind: Literal["Diagnosis"] = "Diagnosis"
    cluster: str
    namespace: str | None
    """None for all namespaces."""
    workload: str | None
    findings: list[FindingView]
    total: int
    shown: int
    next_cursor: str | None
    unknown: list[UnreadView]
    """What could not be judged: its state is not known."""
    healthy: bool
    """Nothing was found in what was read."""


ContainerView.model_rebuild()
EffectView.model_rebuild()


def view_finding(finding: Finding) -> FindingView:
    problem, fix = finding.problem, finding.problem.fix
    return FindingView(
        **view_problem(problem).model_dump(exclude={"evidence"}),
        evidence=list(problem.evidence[:_MAX_EVIDENCE]),
        subjects=list(finding.subjects[:_MAX_SUBJECTS]),
        pods=len(finding.pods),
        fix=FixView(command=fix.command, tool=fix.tool or None, arguments=dict(fix.arguments or {})) if fix else None,
        effects=[_view_effect(effect) for effect in finding.effects[:_MAX_EFFECTS]],
    )


def _view_effect(finding: Finding) -> EffectView:
    problem = finding.problem
    return EffectView(
        condition=problem.condition,
        object=problem.object,
        cause=WordsView(en=problem.cause.en, zh=problem.cause.zh),
        effects=[_view_effect(effect) for effect in finding.effects[:_MAX_EFFECTS]],
    )


ResourceResult.model_rebuild()


def view_problem(problem: Problem) -> ProblemView:
    return ProblemView(
        condition=problem.condition,
        object=problem.object,
        subject=problem.shown_by,
        severity=problem.severity.value,
        cause=WordsView(en=problem.cause.en, zh=problem.cause.zh),
        evidence=list(problem.evidence),
        next_step=WordsView(en=problem.next_step.en, zh=problem.next_step.zh),
        confidence=problem.confidence,
    )
