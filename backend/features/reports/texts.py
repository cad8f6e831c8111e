"""The words of a report, and how its figures are written."""

from backend.features.hosts.domain import LookState
from backend.features.patrol.domain import percent
from backend.features.reports.domain import Cell, HostRow, Report, Trend
from backend.vocabulary.language import Language, Text
from backend.vocabulary.severity import Severity

ARROWS = {Trend.UP: "↑", Trend.DOWN: "↓", Trend.STEADY: "→", Trend.UNKNOWN: ""}

WORDS = {
    "title": Text(en="Health report (日报)", zh="健康日报"),
    "hosts": Text(en="Hosts", zh="主机"),
    "clusters": Text(en="Clusters", zh="集群"),
    "risks": Text(en="Top risks", zh="首要风险"),
    "host": Text(en="Host", zh="主机"),
    "cluster": Text(en="Cluster", zh="集群"),
    "state": Text(en="State", zh="状态"),
    "cpu": Text(en="CPU", zh="CPU"),
    "memory": Text(en="Memory", zh="内存"),
    "load": Text(en="Load/core", zh="每核负载"),
    "disk": Text(en="Fullest disk", zh="最满磁盘"),
    "findings": Text(en="Findings", zh="问题"),
    "cause": Text(en="Cause", zh="原因"),
    "fix": Text(en="What to do", zh="处理建议"),
    "since": Text(en="Since", zh="开始时间"),
    "well": Text(en="Everything that could be looked at is well.", zh="所有可检查的对象均正常。"),
    "nothing": Text(
        en="Nothing has been looked at yet; a patrol fills this report.",
        zh="尚未检查过任何对象；完成一次巡检后即有内容。",
    ),
    "patrolled": Text(en="Last patrol", zh="最近巡检"),
    "never": Text(en="never", zh="从未"),
    "unknown": Text(en="unknown", zh="未知"),
    "unknown_parts": Text(en="could not be read", zh="无法读取"),
}
_STATES = {
    LookState.READ: Text(en="well", zh="正常"),
    LookState.UNREACHABLE: Text(en="no answer", zh="无应答"),
    LookState.UNKNOWN: Text(en="unknown", zh="未知"),
}
_SEVERITIES = {
    Severity.CRITICAL: Text(en="critical", zh="严重"),
    Severity.WARNING: Text(en="warning", zh="警告"),
    Severity.INFO: Text(en="info", zh="提示"),
}


def say(key: str, language: Language) -> str:
    return WORDS[key].in_language(language)


def name_severity(severity: Severity, language: Language) -> str:
    return _SEVERITIES[severity].in_language(language)


def describe_state(state: LookState, *, findings: int, language: Language) -> str:
    """A host that was read and has findings is not called well."""
    if state is LookState.READ and findings:
        return Text(en="findings", zh="有问题").in_language(language)
    return _STATES[state].in_language(language)


def summarise(report: Report, *, language: Language) -> str:
    """One line: how much is watched, how much is wrong, how much is unknown."""
    critical, warnings = report.counts.get(Severity.CRITICAL, 0), report.counts.get(Severity.WARNING, 0)
    return Text(
        en=f"{_count(len(report.hosts), 'host')}, {_count(len(report.clusters), 'cluster')};"
        f" {_count(critical, 'critical finding')}, {_count(warnings, 'warning')}, {report.unknown} not known",
        zh=f"主机 {len(report.hosts)}，集群 {len(report.clusters)}；"
        f"严重问题 {critical}，警告 {warnings}，未知 {report.unknown}",
    ).in_language(language)


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def write_share(cell: Cell) -> str:
    """`97% ↑`, with the subject before it where there is one; a dash for what is unknown."""
    if cell.value is None:
        return "–"
    return " ".join(part for part in (cell.subject, percent(cell.value), ARROWS[cell.trend]) if part)


def write_load(cell: Cell) -> str:
    return "–" if cell.value is None else f"{cell.value:.1f} {ARROWS[cell.trend]}".strip()


def count_findings(critical: int, warnings: int, *, language: Language) -> str:
    """`1 critical, 2 warning`, or a dash."""
    parts = [
        f"{count} {name_severity(severity, language)}"
        for severity, count in ((Severity.CRITICAL, critical), (Severity.WARNING, warnings))
        if count
    ]
    return ("、" if language is Language.ZH else ", ").join(parts) or "–"


def write_host_row(row: HostRow, *, language: Language) -> tuple[str, ...]:
    """One host as the cells of a table, in the order of `host_columns`."""
    return (
        row.name,
        describe_state(row.state, findings=row.critical + row.warnings, language=language),
        write_share(row.cpu),
        write_share(row.memory),
        write_load(row.load),
        write_share(row.disk),
        count_findings(row.critical, row.warnings, language=language),
    )


def host_columns(language: Language) -> tuple[str, ...]:
    return tuple(say(key, language) for key in ("host", "state", "cpu", "memory", "load", "disk", "findings"))


def cluster_columns(language: Language) -> tuple[str, ...]:
    return tuple(say(key, language) for key in ("cluster", "state", "findings"))
