"""The report: worst first, trends against eight hours ago, and nothing from outside is markup."""

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from backend.features.hosts.domain import LookState, SeriesKey, Target, TargetKind, WatchedTarget
from backend.features.notifications.domain import Audience
from backend.features.patrol.domain import Finding, FindingState, Fix
from backend.features.reports.domain import Known, Report, Trend, build_report, choose_risks
from backend.features.reports.rendering import write_data, write_markdown, write_message, write_page
from backend.vocabulary.language import Language, Text
from backend.vocabulary.severity import Severity
from tests.fakes.watching import NOW, make_disk, make_facts

ZH = Audience(Language.ZH, zone=ZoneInfo("Asia/Shanghai"))
EN = Audience(Language.EN, zone=UTC)
HOSTILE = "<script>alert(1)</script> | [x](http://evil) `y`"


def watch(name: str, *, used: float = 0.4, state: LookState = LookState.READ, reason: str = "") -> WatchedTarget:
    facts = make_facts(name, filesystems=(make_disk("/", used=used),)) if state is LookState.READ else None
    return WatchedTarget(
        target=Target(TargetKind.HOST, name, name),
        state=state,
        reason=reason,
        first_seen_at=NOW,
        looked_at=NOW,
        read_at=NOW,
        facts=facts,
    )


def find(host: str, *, severity: Severity = Severity.WARNING, title: str = "disk is full") -> Finding:
    return Finding(
        id=f"f-{host}",
        target=Target(TargetKind.HOST, host, host),
        check="disk-usage",
        subject="/",
        severity=severity,
        state=FindingState.OPEN,
        title=Text(en=title, zh=title),
        cause=Text(en="logs", zh="日志"),
        fixes=(Fix(Text(en="look", zh="查看"), "du -xh /"),),
        evidence=(),
        value=0.9,
        step=0.05,
        first_seen_at=NOW,
        last_seen_at=NOW,
        opened_at=NOW,
    )


def make_report(*targets: WatchedTarget, findings: tuple[Finding, ...] = (), earlier: float | None = None) -> Report:
    before = {} if earlier is None else {SeriesKey(TargetKind.HOST, "web-1", "disk", "/"): earlier}
    known = Known(targets=targets, findings=findings, earlier=before, last_run=None)
    return build_report(known, at=NOW + timedelta(hours=8), trend_hours=8, top_risks=5)


def test_rows_stand_worst_first_and_silent_hosts_before_healthy_ones() -> None:
    silent = watch("z-silent", state=LookState.UNREACHABLE, reason="timed out")
    report = make_report(
        watch("a-well"), silent, watch("web-1"), watch("web-2"),
        findings=(find("web-2", severity=Severity.CRITICAL), find("web-1")),
    )  # fmt: skip

    assert [row.name for row in report.hosts] == ["web-2", "web-1", "z-silent", "a-well"]
    assert (report.severity, report.unknown) == (Severity.CRITICAL, 1)


def test_host_that_is_silent_shows_no_figures_of_before() -> None:
    silent = replace(watch("web-1", used=0.97), state=LookState.UNREACHABLE, reason="timed out")

    [row] = make_report(silent).hosts

    assert (row.disk.value, row.cpu.value) == (None, None)


def test_one_target_with_many_findings_does_not_hide_the_others() -> None:
    critical = [find(host, severity=Severity.CRITICAL) for host in ("a", "a", "a", "a", "a", "a", "b")]
    findings = (*critical, find("c"))

    risks = choose_risks(findings, count=3), choose_risks(findings, count=8)

    assert [finding.target.id for finding in risks[0]] == ["a", "b", "a"]
    assert [finding.target.id for finding in risks[1]] == ["a", "b", "a", "a", "a", "a", "a", "c"]


def test_figures_are_compared_with_those_of_eight_hours_ago() -> None:
    trends = [
        make_report(watch("web-1", used=0.6), earlier=before).hosts[0].disk.trend for before in (0.4, 0.595, 0.9, None)
    ]

    assert trends == [Trend.UP, Trend.STEADY, Trend.DOWN, Trend.UNKNOWN]


def test_page_and_markdown_hold_no_markup_from_outside() -> None:
    report = make_report(watch(HOSTILE), findings=(find(HOSTILE, title=HOSTILE),))

    page, text = write_page(report, audience=ZH), write_markdown(report, audience=ZH)

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in text
    assert "\\[x\\](http" in text
    assert all(line.count("|") - line.count("\\|") == 8 for line in text.splitlines() if line.startswith("|"))


def test_both_languages_say_the_same() -> None:
    report = make_report(watch("web-1", used=0.97), findings=(find("web-1"),), earlier=0.5)

    zh, en = (write_markdown(report, audience=audience) for audience in (ZH, EN))

    assert "| web-1 | 有问题 | 20% | 37% | 0.1 | / 97% ↑ | 1 警告 |" in zh
    assert "| web-1 | findings | 20% | 37% | 0.1 | / 97% ↑ | 1 warning |" in en


def test_moments_are_those_of_the_readers_clock() -> None:
    report = make_report()

    assert "健康日报 2026-11-21 19:00 +0800" in write_markdown(report, audience=ZH)
    assert "2026-11-21 11:00 +0000" in write_page(report, audience=EN)


def test_empty_report_says_that_nothing_was_looked_at() -> None:
    report = make_report()

    assert "a patrol fills this report" in write_markdown(report, audience=EN)
    assert "尚未检查过任何对象" in write_page(report, audience=ZH)


def test_all_well_is_said_so() -> None:
    message = write_message(make_report(watch("web-1")), key="k", audience=EN)

    assert any("is well" in getattr(block, "text", "") for block in message.blocks)


def test_data_is_complete() -> None:
    data = write_data(make_report(watch("web-1", used=0.97), findings=(find("web-1"),), earlier=0.5))

    assert data["hosts"][0]["disk"] == {"value": 0.97, "trend": "up", "subject": "/"}
    assert data["risks"][0]["fixes"] == [{"text": {"en": "look", "zh": "查看"}, "command": "du -xh /"}]
