"""Reads the structured results of the Kubernetes tools. What does not have the agreed form is not guessed at."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.agent.domain import ToolMessage, ToolOutcome, ToolStatus
from backend.agent.rule_planner.calls import PlannedCall
from backend.agent.rule_planner.references import read_arguments
from backend.vocabulary.language import Text

_HASH = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters Kubernetes makes generated names of: no vowels, so ordinary words are told apart."""
_POD_SUFFIX = re.compile(rf"(?P<owner>.+?)(?:-{_HASH}{{6,10}})?-(?:{_HASH}{{5}}|\d{{1,4}})")


@dataclass(frozen=True, slots=True)
class Problem:
    """One diagnosed condition, as the server found it."""

    condition: str
    kind: str
    namespace: str
    name: str
    is_critical: bool
    cause: Text
    next_step: Text
    evidence: tuple[str, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list, by column key."""

    cells: Mapping[str, str]
    is_abnormal: bool = False

    def __getitem__(self, key: str) -> str:
        return self.cells.get(key, "")

    @property
    def namespace(self) -> str:
        return self["namespace"]

    @property
    def name(self) -> str:
        return self["name"]


@dataclass(frozen=True, slots=True)
class Table:
    """The result of a list tool."""

    columns: tuple[tuple[str, str], ...]
    """Key and label."""
    rows: tuple[Row, ...]
    total: int | None
    has_more: bool
    counts: Mapping[str, int]
    abnormal: int
    problems: tuple[Problem, ...]
    note: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """One finished call of this turn."""

    tool: str
    arguments: Mapping[str, Any]  # Any: JSON
    outcome: ToolOutcome

    @property
    def is_ok(self) -> bool:
        return self.outcome.status is ToolStatus.OK

    @property
    def structured(self) -> Mapping[str, Any]:  # Any: JSON
        return self.outcome.structured or {}

    @property
    def table(self) -> Table | None:
        return read_table(self.structured) if self.is_ok else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        return read_problems(self.structured.get("problems")) if self.is_ok else ()


class TurnResults:
    """What the tools have said since the question."""

    def __init__(self, results: Sequence[ToolResult], *, is_available: Callable[[str], bool]) -> None:
        self._results = tuple(results)
        self._is_available = is_available

    def after(self, result: ToolResult) -> "TurnResults":
        """What was said after one result."""
        position = self._results.index(result)
        return TurnResults(self._results[position + 1 :], is_available=self._is_available)

    def of(self, tool: str) -> tuple[ToolResult, ...]:
        return tuple(result for result in self._results if result.tool == tool)

    def last(self, tool: str) -> ToolResult | None:
        found = self.of(tool)
        return found[-1] if found else None

    def table(self, tool: str) -> Table | None:
        found = self.last(tool)
        return found.table if found else None

    def rows(self, tool: str) -> tuple[Row, ...]:
        table = self.table(tool)
        return table.rows if table else ()

    def missing(self, calls: Iterable[PlannedCall]) -> tuple[PlannedCall, ...]:
        """The calls not answered yet. Arguments count too: a model that failed before may have looked elsewhere.

        Calls of tools that do not exist are left out, unless there would be nothing to answer from at all.
        """
        wanted = tuple(calls)
        possible = tuple(call for call in wanted if self._is_available(call.tool)) or wanted
        return tuple(
            call for call in possible if not any(result.arguments == call.arguments for result in self.of(call.tool))
        )

    @property
    def failures(self) -> tuple[ToolResult, ...]:
        return tuple(result for result in self._results if not result.is_ok)


def read_results(messages: Iterable[ToolMessage]) -> list[ToolResult]:
    return [
        ToolResult(tool=message.call.name, arguments=read_arguments(message.call), outcome=message.outcome)
        for message in messages
    ]


def read_table(structured: Mapping[str, Any]) -> Table | None:  # Any: JSON
    columns, rows = structured.get("columns"), structured.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return None
    names = read_column_names(columns)
    namespace = structured.get("namespace")
    counts = structured.get("counts")
    abnormal = structured["abnormal"] if isinstance(structured.get("abnormal"), int) else 0
    return Table(
        columns=tuple((name, name.replace("_", " ").upper()) for name in names),
        rows=_read_rows(rows, names=names, shared={"namespace": namespace} if namespace else {}, abnormal=abnormal),
        total=structured["total"] if isinstance(structured.get("total"), int) else None,
        has_more=bool(structured.get("next_cursor")),
        counts={str(key): value for key, value in counts.items() if isinstance(value, int)}
        if isinstance(counts, dict)
        else {},
        abnormal=abnormal,
        problems=read_problems(structured.get("problems")),
        note=str(structured.get("note") or ""),
    )


def read_column_names(columns: Sequence[object]) -> list[str]:
    """Plain names, or objects with a `key`, as other servers write them."""
    return [str(column.get("key", "")) if isinstance(column, Mapping) else str(column) for column in columns]


def _read_rows(
    rows: Sequence[object], *, names: Sequence[str], shared: Mapping[str, str], abnormal: int
) -> tuple[Row, ...]:
    """Servers put what is not normal first, so the number of abnormal rows tells which they are.

    What all rows share, such as their namespace, stands beside them.
    """
    read: list[Row] = []
    for index, row in enumerate(rows):
        if isinstance(row, list):
            cells = {**shared, **dict(zip(names, map(_to_text, row), strict=False))}
            read.append(Row(cells, is_abnormal=index < abnormal or bool(cells.get("problem"))))
    return tuple(read)


def read_problems(value: object) -> tuple[Problem, ...]:
    """Worst and surest first."""
    found = [read_problem(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return tuple(sorted(found, key=lambda problem: (not problem.is_critical, -problem.confidence, problem.name)))


def read_problem(item: Mapping[str, Any]) -> Problem:  # Any: JSON
    # What shows the problem is what the lists have rows for; what has to be changed may not even exist.
    kind, namespace, name = split_object(str(item.get("subject") or item.get("object", "")))
    evidence = item.get("evidence")
    confidence = item.get("confidence")
    return Problem(
        condition=str(item.get("condition", "")),
        kind=kind,
        namespace=namespace,
        name=name,
        is_critical=item.get("severity") == "critical",
        cause=_read_text(item.get("cause")),
        next_step=_read_text(item.get("next_step")),
        evidence=tuple(map(_to_text, evidence)) if isinstance(evidence, list) else (),
        confidence=min(1.0, max(0.0, float(confidence))) if isinstance(confidence, int | float) else 0.0,
    )


def split_object(text: str) -> tuple[str, str, str]:
    """Kind, namespace and name of `Deployment/default/web` or `Node/node-1`."""
    parts = text.split("/")
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    return (parts[0], "", parts[1]) if len(parts) == 2 else ("", "", text)


def workload_of(pod: str) -> str:
    """The name of the workload a pod name was made from; the name itself when it has no such form."""
    match = _POD_SUFFIX.fullmatch(pod)
    return match["owner"] if match else pod


def replicas_of(ready: str) -> tuple[int, int] | None:
    """Ready and wanted from `3/5`."""
    match = re.fullmatch(r"(\d+)/(\d+)", ready.strip())
    return (int(match[1]), int(match[2])) if match else None


def _read_text(value: object) -> Text:
    if isinstance(value, dict):
        return Text(en=str(value.get("en", "")), zh=str(value.get("zh", "")))
    return Text(en=_to_text(value), zh=_to_text(value))


def _to_text(value: object) -> str:
    return "" if value is None else str(value)
