"""Turns a page into a result: structured rows, a text table, and what was left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mcp_types import CallToolResult

from k8s_diagnosis.problem import Problem
from k8s_mcp.listing.rows import Page, Row, encode_cursor
from k8s_mcp.results import Column, ProblemView, TableResult, view_problem
from mcp_kit.results import MAX_RESULT_CHARACTERS, measure_structured, structured_result

_ROW_BUDGET = 34_000
"""Characters for rows and problems, which leaves room for the rest of the answer within the result's budget."""

_MAX_CELL = 300

# One long cell must not widen its whole column.
_MAX_PADDING = 60


@dataclass(frozen=True, slots=True)
class TableShape:
    """What a kind of list looks like."""

    kind: str
    noun: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TableContext:
    """Which call the table answers."""

    tool: str
    namespace: str | None
    digest: str
    notes: tuple[str, ...] = ()


def make_table(shape: TableShape, page: Page, context: TableContext) -> CallToolResult:
    """The answer of a list tool, cut to the budget in both of its forms."""
    candidates = page.rows
    while True:
        rows, problems = _fit(candidates)
        result = _make_result(shape, page, context, rows=rows, problems=problems)
        text = _write_text(shape, result, context)
        if len(text) <= MAX_RESULT_CHARACTERS or len(rows) <= 1:
            return structured_result(result, text=text)
        # The text pads its columns, so it can be longer than the structured rows it was measured by.
        candidates = page.rows[: len(rows) * 4 // 5]


def _make_result(
    shape: TableShape, page: Page, context: TableContext, *, rows: list[Row], problems: list[ProblemView]
) -> TableResult:
    remaining = page.remaining + len(page.rows) - len(rows)
    cursor = encode_cursor(rows[-1].position, digest=context.digest) if remaining and rows else None
    notes = [*context.notes, *([f"{remaining} more: repeat the call with next_cursor"] if cursor else [])]
    return TableResult(
        kind=shape.kind,
        namespace=context.namespace,
        columns=[Column(key=key, label=label) for key, label in shape.columns],
        rows=[list(row.cells) for row in rows],
        total=page.total,
        shown=len(rows),
        next_cursor=cursor,
        counts=page.counts,
        abnormal=page.abnormal,
        note="; ".join(notes) or None,
        problems=problems,
    )


def _fit(rows: Sequence[Row]) -> tuple[list[Row], list[ProblemView]]:
    """As many rows, with their problems, as the budget holds; at least one."""
    used, shown, problems = 0, list[Row](), dict[tuple[str, str, str], ProblemView]()
    for row in rows:
        clipped = _clip(row)
        fresh = {_identity(problem): view_problem(problem) for problem in row.problems}
        fresh = {key: view for key, view in fresh.items() if key not in problems}
        size = measure_structured(clipped.cells) + sum(measure_structured(view.model_dump()) for view in fresh.values())
        if shown and used + size > _ROW_BUDGET:
            break
        used += size
        shown.append(clipped)
        problems.update(fresh)
    return shown, list(problems.values())


def _identity(problem: Problem) -> tuple[str, str, str]:
    return problem.condition, problem.object, problem.cause.en


def _clip(row: Row) -> Row:
    cells = tuple(
        f"{cell[: _MAX_CELL - 1]}…" if isinstance(cell, str) and len(cell) > _MAX_CELL else cell for cell in row.cells
    )
    return Row(row.key, cells, row.status, row.is_abnormal, row.problems)


def _write_text(shape: TableShape, result: TableResult, context: TableContext) -> str:
    place = f"namespace {context.namespace}" if context.namespace else "the whole cluster"
    if not result.total:
        return "\n".join([f"No {shape.noun} match in {place}.", *context.notes])
    counts = ", ".join(f"{count} {status}" for status, count in result.counts.items())
    lines = [f"{result.total} {shape.noun} in {place} ({counts}); {result.abnormal} abnormal."]
    lines.extend(_align([[label for _, label in shape.columns], *[[str(cell) for cell in row] for row in result.rows]]))
    if result.problems:
        lines.append("")
        lines.extend(
            f"{view.object}: {view.condition}: {view.cause.en} Next: {view.next_step.en}" for view in result.problems
        )
    if result.next_cursor:
        lines.append(f"Next page: {context.tool} with the same arguments and cursor={result.next_cursor}")
    lines.extend(note for note in [result.note] if note)
    return "\n".join(lines)


def _align(table: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [min(_MAX_PADDING, max(_width(row[column]) for row in table)) for column in range(len(table[0]))]
    for row in table:
        yield "  ".join(
            cell + " " * max(0, width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
