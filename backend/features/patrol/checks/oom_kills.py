"""Processes that the kernel killed because memory ran out."""

import re
from collections import defaultdict
from datetime import datetime, timedelta

from backend.features.patrol.checks.view import HostView, conclude, could_not_look
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading, size
from backend.vocabulary.language import Text
from host_facts.domain import OomKillFacts

OOM_KILLS = "oom-kills"
_POD = re.compile(r"pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")
_CONTAINER = re.compile(r"(?:docker|libpod|containerd|crio)[-/]([0-9a-f]{12})[0-9a-f]{52}")
_LIST_UIDS = "kubectl get pods -A -o custom-columns=UID:.metadata.uid,NS:.metadata.namespace,POD:.metadata.name | grep "
_MANY = 3
_SHOWN = 3


def find_oom_kills(view: HostView) -> CheckResult:
    """One reading per program that was killed lately; a kill without a time counts if the last look had not seen it."""
    kills = view.facts.oom_kills
    if kills is None:
        return could_not_look(OOM_KILLS, view.facts, part="oom_kills")
    since = view.now - timedelta(minutes=view.settings.oom_minutes)
    by_process: defaultdict[str, list[OomKillFacts]] = defaultdict(list)
    for kill in kills:
        if _is_recent(kill, since=since, view=view):
            by_process[kill.process].append(kill)
    readings = (_judge(process, found) for process, found in by_process.items())
    return conclude(OOM_KILLS, view.facts, part="oom_kills", readings=readings)


def _is_recent(kill: OomKillFacts, *, since: datetime, view: HostView) -> bool:
    if kill.at is not None:
        return kill.at >= since
    known = () if view.previous is None else view.previous.oom_kills or ()
    return view.previous is not None and kill.line not in {earlier.line for earlier in known}


def _judge(process: str, kills: list[OomKillFacts]) -> Reading:
    newest = kills[0]
    is_whole_host = any(not kill.cgroup for kill in kills)
    count = len(kills)
    moment = "" if newest.at is None else newest.at.strftime(" %Y-%m-%d %H:%M:%S UTC")
    resident = "" if newest.memory_bytes is None else size(newest.memory_bytes)
    return Reading(
        check=OOM_KILLS,
        subject=process,
        grade=Grade.CRITICAL if is_whole_host or count >= _MANY else Grade.WARNING,
        title=Text(
            en=f"{process} was killed for want of memory, {count} times lately"
            + (f" ({resident})" if resident else ""),
            zh=f"{process} 因内存不足被内核杀死，近期 {count} 次" + (f"（当时占用 {resident}）" if resident else ""),
        ),
        cause=_explain(newest, is_whole_host=is_whole_host),
        fixes=_advise(newest, is_whole_host=is_whole_host),
        evidence=tuple(kill.line for kill in kills[:_SHOWN]) + ((f"newest:{moment}",) if moment else ()),
        value=float(count),
        step=float(_MANY),
    )


def _explain(kill: OomKillFacts, *, is_whole_host: bool) -> Text:
    if is_whole_host:
        return Text(
            en="The whole host was out of memory; the kernel chose the process that freed most.",
            zh="整台主机内存耗尽，内核选择了能释放最多内存的进程。",
        )
    group = _name_group(kill.cgroup)
    return Text(
        en=f"The memory limit of {group.en} was reached; the host itself had memory left.",
        zh=f"达到了{group.zh}的内存上限；主机本身仍有内存。",
    )


def _name_group(cgroup: str) -> Text:
    """What people call it: a pod, a container, a service; paths of control groups are long and say little."""
    if pod := _find_pod(cgroup):
        return Text(en=f"a container of pod {pod}", zh=f" Pod {pod} 中容器")
    if container := _CONTAINER.search(cgroup):
        return Text(en=f"container {container[1]}", zh=f"容器 {container[1]} ")
    name = cgroup.rstrip("/").rpartition("/")[2] or cgroup
    return Text(en=name, zh=f" {name} ")


def _find_pod(cgroup: str) -> str:
    found = _POD.search(cgroup)
    return found[1].replace("_", "-") if found else ""


def _advise(kill: OomKillFacts, *, is_whole_host: bool) -> tuple[Fix, ...]:
    log = Fix(
        Text(en="Read the kernel's account.", zh="查看内核日志中的记录。"),
        "journalctl -k --since -24h | grep -iE 'out of memory|oom-kill|killed process' | tail -20",
    )
    if is_whole_host:
        return log, Fix(
            Text(
                en="Give the host more memory, or the greedy program a limit.",
                zh="为主机增加内存，或为该程序设置上限。",
            ),
            "ps -eo pid,user,rss,args --sort=-rss | head -15",
        )
    pod = _find_pod(kill.cgroup)
    search = (Fix(Text(en="Find the pod by its uid.", zh="按 uid 找到该 Pod。"), _LIST_UIDS + pod),) if pod else ()
    return (
        log,
        *search,
        Fix(
            Text(
                en="Raise the limit (container: resources.limits.memory; unit: MemoryMax), or mend the leak.",
                zh="提高上限（容器：resources.limits.memory；服务单元：MemoryMax），或修复内存泄漏。",
            )
        ),
    )
