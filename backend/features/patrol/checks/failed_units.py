"""Services that systemd has given up."""

import shlex

from backend.features.patrol.checks.view import HostView, conclude, could_not_look
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading
from backend.vocabulary.language import Text
from host_facts.domain import FailedUnitFacts

FAILED_UNITS = "failed-units"


def find_failed_units(view: HostView) -> CheckResult:
    """One reading per failed unit."""
    units = view.facts.failed_units
    if units is None:
        return could_not_look(FAILED_UNITS, view.facts, part="failed_units")
    return conclude(FAILED_UNITS, view.facts, part="failed_units", readings=map(_judge, units))


def _judge(unit: FailedUnitFacts) -> Reading:
    name = shlex.quote(unit.name)
    since = "" if unit.since is None else unit.since.strftime("%Y-%m-%d %H:%M UTC")
    return Reading(
        check=FAILED_UNITS,
        subject=unit.name,
        grade=Grade.WARNING,
        title=Text(
            en=f"{unit.name} has failed" + (f" since {since}" if since else ""),
            zh=f"{unit.name} 处于失败状态" + (f"(自 {since})" if since else ""),
        ),
        cause=Text(
            en="The service ended with an error, or was started too often in a row; its log says why.",
            zh="服务异常退出,或连续启动次数过多;原因见其日志。",
        ),
        fixes=(
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
                Text(en="If it is not needed, clear the failure.", zh="若不再需要,清除失败状态。"),
                f"systemctl reset-failed {name}",
                is_change=True,
            ),
        ),
        evidence=(unit.description,) if unit.description else (),
    )
