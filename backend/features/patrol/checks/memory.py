"""Memory and swap that run short."""

from backend.features.hosts.domain import used_memory
from backend.features.patrol.checks.view import HostView, could_not_look, grade_high
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading, percent, size
from backend.vocabulary.language import Text
from host_facts.domain import MemoryFacts, ProcessFacts

MEMORY = "memory"
SWAP = "swap"
_STEP = 0.04
_SHOWN = 3
_SWAP_SLACK = 0.1
_MIB = 1024.0**2
_LARGEST = Fix(
    Text(en="See who uses most memory.", zh="查看占用内存最多的进程。"),
    "ps -eo pid,ppid,user,rss,pmem,args --sort=-rss | head -15",
)


def find_scarce_memory(view: HostView) -> CheckResult:
    """The share that programs cannot get any more, caches not counted."""
    memory = view.facts.memory
    if memory is None:
        return could_not_look(MEMORY, view.facts, part="memory")
    used = used_memory(memory.total_bytes, memory.available_bytes)
    settings = view.settings
    reading = Reading(
        check=MEMORY,
        subject="",
        grade=grade_high(
            used, warning=settings.memory_warning, critical=settings.memory_critical, slack=settings.slack
        ),
        title=Text(
            en=f"{percent(used)} of memory is used, {size(memory.available_bytes)} available",
            zh=f"内存已使用 {percent(used)}，可用 {size(memory.available_bytes)}",
        ),
        cause=Text(
            en="The largest processes are listed; at the end the kernel kills one of them.",
            zh="占用最多的进程见证据；耗尽后内核会杀死其中一个。",
        ),
        fixes=(_LARGEST,),
        evidence=describe_largest(view.facts.top_processes or ()),
        value=used,
        step=_STEP,
        needs_looks=view.repeat,
    )
    return CheckResult(MEMORY, (reading,))


def find_scarce_swap(view: HostView) -> CheckResult:
    """The used share of swap, where there is any, and whether pages are moved in both directions right now."""
    memory = view.facts.memory
    if memory is None:
        return could_not_look(SWAP, view.facts, part="memory")
    if memory.swap_total_bytes <= 0:
        return CheckResult(SWAP)
    settings = view.settings
    used = memory.swap_used_bytes / memory.swap_total_bytes
    share = grade_high(used, warning=settings.swap_warning, critical=settings.swap_critical, slack=_SWAP_SLACK)
    traffic = _measure_traffic(memory)
    is_thrashing = traffic >= settings.swap_traffic_mib * _MIB
    reading = Reading(
        check=SWAP,
        subject="",
        grade=Grade.CRITICAL if is_thrashing else share,
        title=_describe_traffic(traffic) if is_thrashing else _describe_swap(memory, used=used),
        cause=Text(
            en="Memory ran short, now or some time ago. Programs that were moved to disk answer slowly.",
            zh="内存曾经或正在不足。被换出到磁盘的程序响应会变慢。",
        ),
        fixes=(
            _LARGEST,
            Fix(
                Text(en="See whether pages move right now (si, so).", zh="查看当前是否仍在换页（si、so 列）。"),
                "vmstat 1 5",
            ),
        ),
        evidence=describe_largest(view.facts.top_processes or ()),
        value=used,
        step=0.1,
        needs_looks=view.repeat,
    )
    return CheckResult(SWAP, (reading,))


def _measure_traffic(memory: MemoryFacts) -> float:
    """Bytes per second that go out and come back; either alone is no thrashing."""
    rates = (memory.swapped_in_bytes_per_second, memory.swapped_out_bytes_per_second)
    return min(rate or 0.0 for rate in rates)


def _describe_traffic(traffic: float) -> Text:
    return Text(
        en=f"Memory is swapped in and out all the time ({size(traffic)}/s each way)",
        zh=f"正在频繁换页（换入换出各 {size(traffic)}/秒）",
    )


def _describe_swap(memory: MemoryFacts, *, used: float) -> Text:
    return Text(
        en=f"{percent(used)} of swap is used ({size(memory.swap_used_bytes)})",
        zh=f"交换空间已使用 {percent(used)}({size(memory.swap_used_bytes)})",
    )


def describe_largest(processes: tuple[ProcessFacts, ...]) -> tuple[str, ...]:
    """The processes with most resident memory."""
    largest = sorted(processes, key=lambda process: process.memory_bytes, reverse=True)[:_SHOWN]
    return tuple(
        f"PID {process.pid} {process.user} {size(process.memory_bytes)}: {process.command[:120]}"
        for process in largest
        if process.memory_bytes > 0
    )
