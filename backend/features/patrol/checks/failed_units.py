"""Services that systemd has given up."""

import re
import shlex
from collections.abc import Iterable
from functools import partial

from backend.features.patrol.checks.view import HostView, conclude, could_not_look
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading
from backend.vocabulary.language import Text
from host_facts.domain import FailedUnitFacts, ListenerFacts

FAILED_UNITS = "failed-units"
_PORT_TAKEN = re.compile(
    r"(?i)address (?:is )?already in use|EADDRINUSE|port\D{0,20}\d{1,5} (?:is |was )?already in use"
)
_PORT = re.compile(r"(?<![\d.\[])(\d{2,5})(?!\.?\d)")


def find_failed_units(view: HostView) -> CheckResult:
    """One reading per failed unit."""
    units = view.facts.failed_units
    if units is None:
        return could_not_look(FAILED_UNITS, view.facts, part="failed_units")
    return conclude(FAILED_UNITS, view.facts, part="failed_units", readings=map(partial(_judge, view=view), units))


def _judge(unit: FailedUnitFacts, *, view: HostView) -> Reading:
    name = shlex.quote(unit.name)
    holder = find_port_holder(unit.last_lines, listeners=view.facts.listeners or ())
    since = "" if unit.since is None else unit.since.strftime("%Y-%m-%d %H:%M UTC")
    return Reading(
        check=FAILED_UNITS,
        subject=unit.name,
        grade=Grade.WARNING,
        title=Text(
            en=f"{unit.name} has failed" + (f" since {since}" if since else ""),
            zh=f"{unit.name} 处于失败状态" + (f"（自 {since}）" if since else ""),
        ),
        cause=_explain(holder),
        fixes=(
            *_free_port(holder),
            Fix(
                Text(en="Read its state and log.", zh="查看状态和日志。"),
                f"systemctl status {name} --no-pager; journalctl -u {name} -n 50 --no-pager",
            ),
            Fix(
                Text(en="Start it again once the cause is mended.", zh="排除原因后重新启动。"),
                f"systemctl restart {name}",
                is_change=True,
            ),
            Fix(
                Text(en="If it is not needed, clear the failure.", zh="若不再需要，清除失败状态。"),
                f"systemctl reset-failed {name}",
                is_change=True,
            ),
        ),
        evidence=tuple(line for line in (unit.description, *unit.last_lines) if line),
    )


def find_port_holder(lines: Iterable[str], *, listeners: Iterable[ListenerFacts]) -> ListenerFacts | None:
    """Who has the port that a service wanted in vain, by the end of its log."""
    wanted = {int(port) for line in lines if _PORT_TAKEN.search(line) for port in _PORT.findall(line)}
    return next((one for one in listeners if one.protocol == "tcp" and one.port in wanted), None)


def _explain(holder: ListenerFacts | None) -> Text:
    if holder is None:
        return Text(
            en="The service ended with an error, or was started too often in a row; its log says why.",
            zh="服务异常退出，或连续启动次数过多；原因见其日志。",
        )
    if holder.pid is None:
        return Text(
            en=f"Its port {holder.port} is taken by another process, which only root may see.",
            zh=f"它需要的端口 {holder.port} 已被其他进程占用（只有 root 能看到是哪个进程）。",
        )
    command = (holder.command or holder.process)[:120]
    return Text(
        en=f"Its port {holder.port} is taken by PID {holder.pid} ({command}), user {holder.user or 'unknown'}.",
        zh=f"它需要的端口 {holder.port} 已被 PID {holder.pid}（{command}）占用，用户 {holder.user or '未知'}。",
    )


def _free_port(holder: ListenerFacts | None) -> tuple[Fix, ...]:
    if holder is None or holder.pid is None:
        return ()
    return (
        Fix(
            Text(en="See what holds the port and to which service it belongs.", zh="查看占用端口的进程及其所属服务。"),
            f"ps -o pid,ppid,user,lstart,args -p {holder.pid}; systemctl status {holder.pid} --no-pager | head -5",
        ),
        Fix(
            Text(en="End it when it is not meant to be there.", zh="若它不应存在，结束它。"),
            f"kill {holder.pid}",
            is_change=True,
        ),
    )
