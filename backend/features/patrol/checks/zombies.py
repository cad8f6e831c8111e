"""Processes that have ended and whose parents do not take note."""

from collections import defaultdict

from backend.features.patrol.checks.view import HostView, conclude, could_not_look
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading
from backend.vocabulary.language import Text
from host_facts.domain import ZombieFacts

ZOMBIES = "zombies"
_SHOWN = 5
_STEP = 20.0
_INIT = 1
_RUN_AN_INIT = Fix(
    Text(
        en="Process 1 has to collect every orphan and does not: in a container give it an init (docker run --init,"
        " tini, shareProcessNamespace) with the next roll-out; elsewhere plan a restart of the host.",
        zh="1 号进程应当回收所有孤儿进程却没有做到：容器请在下次发布时加上 init（docker run --init、tini 或"
        " shareProcessNamespace）；其他情况请安排重启主机。",
    )
)
"""Nobody ends process 1."""


def find_zombies(view: HostView) -> CheckResult:
    """One reading per parent: the zombie itself is dead, only its parent can end it."""
    zombies = view.facts.zombies
    if zombies is None:
        return could_not_look(ZOMBIES, view.facts, part="zombies")
    by_parent: defaultdict[int, list[ZombieFacts]] = defaultdict(list)
    for zombie in zombies:
        by_parent[zombie.parent_pid].append(zombie)
    readings = (_judge(children, view=view) for children in by_parent.values())
    return conclude(ZOMBIES, view.facts, part="zombies", readings=readings)


def _judge(children: list[ZombieFacts], *, view: HostView) -> Reading:
    first = children[0]
    parent, pid, count = first.parent_command, first.parent_pid, len(children)
    counted = "1 zombie process" if count == 1 else f"{count} zombie processes"
    return Reading(
        check=ZOMBIES,
        subject=f"{parent[:80]} ({pid})",
        grade=Grade.CRITICAL if count >= view.settings.zombies_critical else Grade.WARNING,
        title=Text(
            en=f"{counted} of {parent[:80]} (PID {pid}, user {first.parent_user})",
            zh=f"{parent[:80]}（PID {pid}，用户 {first.parent_user}）有 {count} 个僵尸进程",
        ),
        cause=Text(
            en="A zombie has ended already and cannot be killed. Its parent does not collect its exit status: a fault"
            " of the parent. When the parent ends, init collects them all.",
            zh="僵尸进程已经结束，无法再被杀死。是父进程没有回收其退出状态，问题在父进程；"
            "父进程结束后由 init 统一回收。",
        ),
        fixes=_advise(pid),
        evidence=tuple(f"zombie PID {child.pid} {child.command[:80]}" for child in children[:_SHOWN]),
        value=float(count),
        step=_STEP,
        # One look proves nothing: every process that ends is a zombie for a moment, however long it had lived.
        needs_looks=max(2, view.repeat),
    )


def _advise(pid: int) -> tuple[Fix, ...]:
    look = Fix(
        Text(en="Look at the parent and the service it belongs to.", zh="查看父进程及其所属服务。"),
        f"ps -o pid,ppid,user,lstart,args -p {pid}; systemctl status {pid} --no-pager | head -5",
    )
    if pid == _INIT:
        return (look, _RUN_AN_INIT)
    return (
        look,
        Fix(
            Text(en="Ask the parent to collect its children.", zh="提醒父进程回收子进程。"),
            f"kill -s CHLD {pid}",
            is_change=True,
        ),
        Fix(
            Text(
                en="If they stay, restart the parent's service; ending the parent ends its zombies.",
                zh="若仍存在，重启父进程所属服务；父进程结束后僵尸随之消失。",
            ),
            f"kill {pid}",
            is_change=True,
        ),
    )
