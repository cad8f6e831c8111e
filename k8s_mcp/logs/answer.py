"""Cleans, filters and cuts lines; what was cut is the oldest part, and it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from k8s_mcp.logs.filtering import filter_lines
from k8s_mcp.results import LogResult
from mcp_kit.redaction import hide_private_keys
from mcp_kit.results import measure_structured
from mcp_kit.sanitising import sanitise_line

_MAX_LINE = 2000
# The text repeats the lines; each form has the whole budget of a result, minus its frame.
_LINES_BUDGET = 38_000


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """What a call wants to see."""

    cluster: str
    namespace: str
    pod: str = ""
    workload: str = ""
    container: str = ""
    previous: bool = False
    tail: int = 100
    since_seconds: int | None = None
    contains: str | None = None
    is_regex: bool = False


@dataclass(slots=True)
class ReadLog:
    """Lines as they were read, oldest first, and what is known about those that were not."""

    lines: list[str]
    is_at_limit: bool
    """The server may have more than was asked for."""
    sources: int = 1
    notes: list[str] = field(default_factory=list)


def split_lines(log: str) -> list[str]:
    """Lines without key blocks, which span several."""
    return hide_private_keys(log).splitlines()


def make_log_result(question: LogQuestion, read: ReadLog) -> LogResult:
    found: Sequence[str] = read.lines
    if question.contains:
        found = filter_lines(read.lines, pattern=question.contains, is_regex=question.is_regex)
    lines = [sanitise_line(line, max_characters=_MAX_LINE) for line in found[-question.tail :]]
    kept = _keep_end(lines)
    notes = [_describe(question, read, found=len(found), cut=len(lines) - len(kept)), *read.notes]
    return LogResult(
        cluster=question.cluster,
        namespace=question.namespace,
        pod=question.pod or None,
        workload=question.workload or None,
        container=question.container or None,
        previous=question.previous,
        lines=kept,
        shown=len(kept),
        truncated=len(kept) < len(found) or (read.is_at_limit and not question.contains),
        note="; ".join(note for note in notes if note) or None,
    )


def _keep_end(lines: list[str]) -> list[str]:
    used, kept = 0, list[str]()
    for line in reversed(lines):
        used += measure_structured(line) + 1
        if used > _LINES_BUDGET:
            break
        kept.append(line)
    return kept[::-1]


def _describe(question: LogQuestion, read: ReadLog, *, found: int, cut: int) -> str | None:
    run = "the run before" if question.previous else "this run"
    seconds = f" in the last {question.since_seconds} s" if question.since_seconds else ""
    if not read.lines:
        who = "The container has" if read.sources == 1 else f"The {read.sources} containers have"
        return f"{who} written no log lines in {run}{seconds}"
    if not found:
        return f"None of the last {len(read.lines)} lines contains {question.contains!r}"
    if cut:
        return f"{cut} older lines left out to fit; use contains or a smaller tail"
    return f"{found} of the last {len(read.lines)} lines match" if question.contains else None
