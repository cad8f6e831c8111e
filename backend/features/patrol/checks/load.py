"""More work than the processors can do."""

from backend.features.patrol.checks.view import HostView, could_not_look, grade_high
from backend.features.patrol.domain import CheckResult, Fix, Reading
from backend.vocabulary.language import Text
from host_facts.domain import ProcessFacts

LOAD = "load"
_SLACK = 0.3
"""Load is no share: it falls slowly after its cause is gone."""
_SHOWN = 3


def find_high_load(view: HostView) -> CheckResult:
    """The load of five minutes per core."""
    cpu = view.facts.cpu
    if cpu is None:
        return could_not_look(LOAD, view.facts, part="cpu")
    cores = max(cpu.cores, 1)
    per_core = cpu.load_5m / cores
    settings = view.settings
    reading = Reading(
        check=LOAD,
        subject="",
        grade=grade_high(
            per_core,
            warning=settings.load_warning,
            critical=settings.load_critical,
            slack=settings.load_warning * _SLACK,
        ),
        title=Text(
            en=f"Load {cpu.load_5m:.1f} on {cores} cores ({per_core:.1f} per core over 5 minutes)",
            zh=f"{cores} 核上的负载为 {cpu.load_5m:.1f}（5 分钟平均每核 {per_core:.1f}）",
        ),
        cause=_explain(cpu.used_ratio),
        fixes=(
            Fix(
                Text(en="See who uses the processors.", zh="查看占用 CPU 最多的进程。"),
                "ps -eo pid,ppid,user,stat,pcpu,pmem,args --sort=-pcpu | head -15",
            ),
            Fix(
                Text(en="See who waits for disks (state D).", zh="查看等待磁盘的进程（状态 D）。"),
                "ps -eo state,pid,user,wchan:30,args | grep '^D' | head -15",
            ),
        ),
        evidence=describe_busiest(view.facts.top_processes or ()),
        value=per_core,
        step=settings.load_warning,
        needs_looks=view.repeat,
    )
    return CheckResult(LOAD, (reading,))


def describe_busiest(processes: tuple[ProcessFacts, ...]) -> tuple[str, ...]:
    """The processes that use most processor time."""
    busiest = sorted(processes, key=lambda process: process.cpu_percent, reverse=True)[:_SHOWN]
    return tuple(
        f"PID {process.pid} {process.user} CPU {process.cpu_percent:.0f}%: {process.command[:120]}"
        for process in busiest
        if process.cpu_percent > 0
    )


def _explain(used_ratio: float | None) -> Text:
    if used_ratio is not None and used_ratio < 0.5:
        return Text(
            en="The processors are half idle: the waiting is for disks or network storage.",
            zh="CPU 并不繁忙：进程多半在等待磁盘或网络存储。",
        )
    return Text(
        en="More processes want to run than there are cores; the busiest are listed.",
        zh="待运行的进程多于 CPU 核数；最忙的进程见证据。",
    )
