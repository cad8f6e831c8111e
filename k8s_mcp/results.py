"""The structured form of every answer. Field names are a contract with the programs that read them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from k8s_diagnosis.problem import Problem

Cell = str | int


class WordsView(BaseModel):
    en: str
    zh: str


class ProblemView(BaseModel):
    """A named fault with its cause."""

    condition: str
    object: str
    severity: Literal["critical", "warning"]
    cause: WordsView
    evidence: list[str]
    next_step: WordsView
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
    last_seen: str


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
    namespace: str
    pod: str
    container: str
    previous: bool
    lines: list[str]
    shown: int
    truncated: bool
    note: str | None


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


ContainerView.model_rebuild()


def view_problem(problem: Problem) -> ProblemView:
    return ProblemView(
        condition=problem.condition,
        object=problem.object,
        severity=problem.severity.value,
        cause=WordsView(en=problem.cause.en, zh=problem.cause.zh),
        evidence=list(problem.evidence),
        next_step=WordsView(en=problem.next_step.en, zh=problem.next_step.zh),
        confidence=problem.confidence,
    )
