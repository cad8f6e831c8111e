"""A report as a message, as Markdown, as a page, as data. No IO but reading our own templates."""

import re
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backend.features.notifications.domain import Audience, Block, Facts, Message, MessageKind, Paragraph, Table
from backend.features.patrol.domain import Finding
from backend.features.reports.domain import ClusterRow, Report
from backend.features.reports.texts import (
    ARROWS,
    cluster_columns,
    count_findings,
    describe_state,
    host_columns,
    name_severity,
    say,
    summarise,
    write_host_row,
)
from backend.vocabulary.language import Language
from backend.vocabulary.severity import Severity

_TEMPLATES = Path(__file__).parent / "templates"
_MARKDOWN_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|#"})


def write_message(report: Report, *, key: str, audience: Audience) -> Message:
    """For chat groups: the summary, the risks, then the tables, which a channel may cut."""
    language = audience.language
    blocks: list[Block] = [Paragraph(summarise(report, language=language))]
    if report.risks:
        blocks.append(Paragraph(say("risks", language), is_strong=True))
        blocks.append(Facts(tuple(_risk_line(finding, language=language) for finding in report.risks)))
    elif report.hosts or report.clusters:
        blocks.append(Paragraph(say("well", language)))
    else:
        blocks.append(Paragraph(say("nothing", language)))
    if report.hosts:
        rows = tuple(write_host_row(row, language=language) for row in report.hosts)
        blocks += [Paragraph(say("hosts", language), is_strong=True), Table(host_columns(language), rows)]
    if report.clusters:
        cluster_rows = tuple(_cluster_row(row, language=language) for row in report.clusters)
        blocks += [Paragraph(say("clusters", language), is_strong=True), Table(cluster_columns(language), cluster_rows)]
    return Message(
        key=key,
        kind=MessageKind.REPORT,
        severity=report.severity,
        title=f"{say('title', language)} {audience.write_moment(report.at)}",
        blocks=tuple(blocks),
        language=language,
        link=audience.link,
    )


def write_markdown(report: Report, *, audience: Audience) -> str:
    return _environment(is_page=False).get_template("report.md.j2").render(_context(report, audience=audience))


def write_page(report: Report, *, audience: Audience) -> str:
    """One HTML page without anything from elsewhere: it can be mailed and kept."""
    return _environment(is_page=True).get_template("report.html.j2").render(_context(report, audience=audience))


def write_data(report: Report) -> dict[str, Any]:  # Any: JSON
    """Everything, for programs; times are ISO 8601."""
    run = report.last_run
    return {
        "at": report.at.isoformat(),
        "severity": report.severity.value,
        "trend_hours": report.trend_hours,
        "counts": {severity.value: count for severity, count in report.counts.items()},
        "unknown": report.unknown,
        "last_patrol": None if run is None or run.finished_at is None else run.finished_at.isoformat(),
        "hosts": [
            {**asdict(row), "read_at": None if row.read_at is None else row.read_at.isoformat()} for row in report.hosts
        ],
        "clusters": [asdict(row) for row in report.clusters],
        "risks": [
            {
                "id": finding.id,
                "target": str(finding.target),
                "check": finding.check,
                "subject": finding.subject,
                "severity": finding.severity.value,
                "title": asdict(finding.title),
                "cause": asdict(finding.cause),
                "fixes": [{"text": asdict(fix.text), "command": fix.command} for fix in finding.fixes],
                "since": (finding.opened_at or finding.first_seen_at).isoformat(),
            }
            for finding in report.risks
        ],
    }


class Code(str):
    """Markdown that was written by us."""


def write_code(command: str) -> Code:
    """A command as a code span that nothing in it can end."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", command)), default=0))
    return Code(f"{fence} {' '.join(command.split())} {fence}")


def escape_markdown(text: object) -> str:
    """The same words, none of them markup: names of processes and files come from outside."""
    if isinstance(text, Code):
        return text
    return " ".join(str(text).split()).translate(_MARKDOWN_SIGNS)


def _risk_line(finding: Finding, *, language: Language) -> tuple[str, str]:
    return str(finding.target), f"{finding.title.in_language(language)} ({name_severity(finding.severity, language)})"


def _cluster_row(row: ClusterRow, *, language: Language) -> tuple[str, ...]:
    return (
        row.name,
        describe_state(row.state, findings=row.critical + row.warnings, language=language),
        f"{count_findings(row.critical, row.warnings, language=language)} {ARROWS[row.trend]}".strip(),
    )


def _context(report: Report, *, audience: Audience) -> dict[str, Any]:  # Any: what a template takes
    language, run = audience.language, report.last_run
    patrolled = (
        say("never", language) if run is None or run.finished_at is None else audience.write_moment(run.finished_at)
    )
    return {
        "report": report,
        "language": language,
        "at": audience.write_moment(report.at),
        "patrolled": patrolled,
        "say": lambda key: say(key, language),
        "summary": summarise(report, language=language),
        "host_columns": host_columns(language),
        "host_rows": [(row, write_host_row(row, language=language)) for row in report.hosts],
        "unread": _list_unread(report),
        "cluster_columns": cluster_columns(language),
        "cluster_rows": [(row, _cluster_row(row, language=language)) for row in report.clusters],
        "code": write_code,
        "counts": [(each, report.counts.get(each, 0)) for each in (Severity.CRITICAL, Severity.WARNING)],
        "name_severity": lambda severity: name_severity(severity, language),
        "in_language": audience.say,
    }


def _list_unread(report: Report) -> list[tuple[str, str]]:
    """What is not known, and why."""
    parts = [(row.name, ", ".join(row.unknown_parts)) for row in report.hosts if row.unknown_parts]
    hosts = [(row.name, row.reason) for row in report.hosts if row.reason]
    return parts + hosts + [(row.name, row.reason) for row in report.clusters if row.reason]


@lru_cache(maxsize=2)
def _environment(*, is_page: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=is_page,  # noqa: S701  # Markdown is escaped by a function of its own, everywhere
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=None if is_page else escape_markdown,
    )
