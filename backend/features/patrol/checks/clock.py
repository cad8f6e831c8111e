"""Clocks that are wrong."""

from backend.features.patrol.checks.view import HostView, could_not_look, grade_high
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading
from backend.vocabulary.language import Text
from host_facts.domain import ClockFacts

CLOCK = "clock"
_SLACK = 0.5
_FIXES = (
    Fix(
        Text(en="See what the time service says.", zh="查看时间同步服务的状态。"),
        "timedatectl; chronyc tracking 2>/dev/null || ntpq -pn 2>/dev/null",
    ),
    Fix(
        Text(en="Set the clock at once (chrony).", zh="立即校正时钟（chrony）。"),
        "chronyc makestep",
        is_change=True,
    ),
)


def find_wrong_clock(view: HostView) -> CheckResult:
    """By how much the clock is off; a clock that nobody keeps right is a warning even while it is right."""
    clock = view.facts.clock
    if clock is None:
        return could_not_look(CLOCK, view.facts, part="clock")
    if clock.offset_seconds is None and clock.is_synchronised is None:
        return CheckResult(CLOCK, unknown=view.facts.unknown.get("clock", "clock: nothing to compare with"))
    return CheckResult(CLOCK, (_judge(clock, view=view),))


def _judge(clock: ClockFacts, *, view: HostView) -> Reading:
    offset = clock.offset_seconds
    settings = view.settings
    grade = Grade.CLEAR
    if offset is not None:
        warning = settings.clock_warning_seconds
        grade = grade_high(
            abs(offset), warning=warning, critical=settings.clock_critical_seconds, slack=warning * _SLACK
        )
    if clock.is_synchronised is False and grade in {Grade.CLEAR, Grade.HOLD}:
        grade = Grade.WARNING
    return Reading(
        check=CLOCK,
        subject="",
        grade=grade,
        title=_describe(offset),
        cause=Text(
            en="Time synchronisation does not run or does not reach its servers. Logins, certificates and the order of"
            " log lines depend on it.",
            zh="时间同步未运行或无法连接时间服务器。登录、证书校验和日志顺序都依赖准确的时间。",
        ),
        fixes=_FIXES,
        evidence=(f"source: {clock.source}",),
        value=None if offset is None else abs(offset),
        step=settings.clock_critical_seconds,
        needs_looks=view.repeat,
    )


def _describe(offset: float | None) -> Text:
    if offset is None:
        return Text(en="The clock is not synchronised", zh="时钟未同步")
    way_en, way_zh = ("ahead", "快") if offset > 0 else ("behind", "慢")
    return Text(en=f"The clock is {abs(offset):.1f} s {way_en}", zh=f"时钟{way_zh} {abs(offset):.1f} 秒")
