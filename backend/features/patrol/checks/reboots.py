"""Hosts that were started again."""

from datetime import timedelta

from backend.features.patrol.checks.view import HostView, could_not_look
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading
from backend.vocabulary.language import Text

REBOOT = "reboot"


def find_reboot(view: HostView) -> CheckResult:
    """A start within the last hour of a host that we knew before. Whether it was meant is for people to say."""
    boot_at = view.facts.boot_at
    if boot_at is None:
        return could_not_look(REBOOT, view.facts, part="boot_at")
    was_known = view.first_seen_at is not None and view.first_seen_at < boot_at
    if not was_known or view.now - boot_at > timedelta(minutes=view.settings.reboot_minutes):
        return CheckResult(REBOOT)
    moment = boot_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    reading = Reading(
        check=REBOOT,
        subject="",
        grade=Grade.WARNING,
        title=Text(en=f"The host was started again at {moment}", zh=f"主机于 {moment} 重新启动"),
        cause=Text(
            en="Planned work, a crash of the kernel, lost power, or somebody's command; the journal of the last boot"
            " ends with it.",
            zh="可能是计划内维护、内核崩溃、断电或人为操作；上一次启动的日志末尾会有线索。",
        ),
        fixes=(
            Fix(
                Text(en="Read how the last run ended and who was there.", zh="查看上次运行如何结束、谁在操作。"),
                "journalctl -b -1 -n 50 --no-pager; last -x -n 10",
            ),
        ),
    )
    return CheckResult(REBOOT, (reading,))
