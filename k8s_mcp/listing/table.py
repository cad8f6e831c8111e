"""Turns a page into a result: structured rows, the same as lines of text, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mcp_types import CallToolResult

from k8s_diagnosis.problem import Problem
from k8s_mcp.listing.rows import Page, Row, encode_cursor, position_of
from k8s_mcp.results import Cell, ProblemView, TableResult, view_problem
from mcp_kit.results import MAX_RESULT_CHARACTERS, measure_structured, structured_result

_MAX_CELL = 300
_MAX_EVIDENCE = 160
_NAMESPACE = "namespace"


@dataclass(frozen=True, slots=True)
class Budget:
    """Characters in the structured form."""

    rows: int
    problems: int
    evidence: int
    """Pieces of evidence per problem; with none the next step is left out too: the cause is what an overview needs."""


ASKED_BUDGET = Budget(rows=20_000, problems=16_000, evidence=3)
"""When the caller says how many rows: room for them within what any client takes."""

DEFAULT_BUDGET = Budget(rows=4_500, problems=1_600, evidence=0)
"""When the caller does not: about 2 000 tokens together."""


@dataclass(frozen=True, slots=True)
class TableShape:
    """What a kind of list looks like."""

    kind: str
    noun: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableContext:
    """Which call the table answers, and of which cluster."""

    tool: str
    cluster: str
    namespace: str | None
    digest: str
    notes: tuple[str, ...] = ()
    age_seconds: int | None = None
    """Since when a watched copy of the list was last confirmed; None for one that was just read."""
    is_limit_given: bool = False


def make_table(shape: TableShape, page: Page[Row], context: TableContext) -> CallToolResult:
    """The answer of a list tool, cut to the budget in both of its forms."""
    budget = ASKED_BUDGET if context.is_limit_given else DEFAULT_BUDGET
    rows = _fit_rows(page.rows, budget=budget.rows)
    problems = _fit_problems(rows, budget=budget)
    while True:
        result = _make_result(shape, page, context, rows=rows, problems=problems)
        text = _write_text(shape, result, context, remaining=page.remaining + len(page.rows) - len(rows))
        if len(text) <= MAX_RESULT_CHARACTERS or len(rows) <= 1:
            return structured_result(result, text=text, leave_out_none=True)
        rows = rows[: len(rows) * 4 // 5]


def _make_result(
    shape: TableShape, page: Page[Row], context: TableContext, *, rows: Sequence[Row], problems: _Problems
) -> TableResult:
    remaining = page.remaining + len(page.rows) - len(rows)
    cursor = encode_cursor(position_of(rows[-1]), digest=context.digest) if remaining and rows else None
    hidden = _hidden_columns(shape, context)
    notes = [*context.notes]
    if problems.left_out:
        notes.append(f"causes of {problems.left_out} more problems: k8s-diagnose")
    return TableResult(
        kind=shape.kind,
        cluster=context.cluster,
        namespace=context.namespace,
        age_seconds=context.age_seconds,
        columns=[key for key in shape.columns if key not in hidden],
        rows=[[cell for key, cell in zip(shape.columns, row.cells, strict=True) if key not in hidden] for row in rows],
        total=page.total,
        shown=len(rows),
        next_cursor=cursor,
        counts=page.counts,
        abnormal=page.abnormal,
        note="; ".join(notes) or None,
        problems=problems.views,
    )


def _hidden_columns(shape: TableShape, context: TableContext) -> set[str]:
    """A namespace that all rows share stands once beside the rows, not in each."""
    return {_NAMESPACE} if context.namespace is not None and _NAMESPACE in shape.columns else set()


def _fit_rows(rows: Sequence[Row], *, budget: int) -> list[Row]:
    """As many as the budget holds; at least one."""
    used, shown = 0, list[Row]()
    for row in rows:
        clipped = _clip(row)
        used += measure_structured(clipped.cells)
        if shown and used > budget:
            break
        shown.append(clipped)
    return shown


@dataclass(frozen=True, slots=True)
class _Problems:
    views: list[ProblemView]
    left_out: int


def _fit_problems(rows: Sequence[Row], *, budget: Budget) -> _Problems:
    """Each cause of the shown rows once, with its first evidence; details are a question of their own."""
    found: dict[tuple[str, str, str], Problem] = {}
    for problem in (problem for row in rows for problem in row.problems):
        # Twenty pods of a workload tell it once; without evidence, different numbers of restarts are no difference.
        cause = problem.cause.en if budget.evidence else ""
        found.setdefault((problem.condition, problem.object, cause), problem)
    used, views = 0, list[ProblemView]()
    for problem in found.values():
        view = _shorten_problem(view_problem(problem), evidence=budget.evidence)
        used += measure_structured(view.model_dump(exclude_none=True))
        if views and used > budget.problems:
            break
        views.append(view)
    return _Problems(views, len(found) - len(views))


def _shorten_problem(view: ProblemView, *, evidence: int) -> ProblemView:
    if not evidence:
        return view.model_copy(update={"evidence": None, "next_step": None})
    kept = [_shorten(line, _MAX_EVIDENCE) for line in (view.evidence or [])[:evidence]]
    return view.model_copy(update={"evidence": kept})


def _clip(row: Row) -> Row:
    cells = tuple(_shorten(cell, _MAX_CELL) if isinstance(cell, str) else cell for cell in row.cells)
    return Row(row.key, cells, row.status, row.is_abnormal, row.problems)


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _write_text(shape: TableShape, result: TableResult, context: TableContext, *, remaining: int) -> str:
    place = f"namespace {context.namespace}" if context.namespace else "all namespaces"
    where = f"{place} of cluster {context.cluster}" if _NAMESPACE in shape.columns else f"cluster {context.cluster}"
    if not result.total:
        return "\n".join([f"No {shape.noun} match in {where}.", *context.notes])
    counts = ", ".join(f"{count} {status}" for status, count in result.counts.items())
    age = f"; as of {context.age_seconds} s ago" if context.age_seconds else ""
    lines = [f"{result.total} {shape.noun} in {where} ({counts}); {result.abnormal} abnormal{age}."]
    lines.append(" ".join(result.columns))
    lines.extend(_lines(result.rows))
    lines.extend(
        f"{view.object}: {view.condition}: {view.cause.en}{f' Next: {view.next_step.en}' if view.next_step else ''}"
        for view in result.problems
    )
    if result.next_cursor:
        lines.append(f"{remaining} more: narrow by selector or namespace, or cursor={result.next_cursor}")
    lines.extend(note for note in [result.note] if note)
    return "\n".join(lines)


def _lines(rows: Iterable[Sequence[Cell]]) -> Iterable[str]:
    """One line per row without padding: models read columns by their order, and blanks cost as much as words."""
    for row in rows:
        *cells, last = (str(cell) for cell in row)
        quoted = [f'"{cell}"' if " " in cell else cell or "-" for cell in cells]
        yield " ".join([*quoted, last or "-"])
