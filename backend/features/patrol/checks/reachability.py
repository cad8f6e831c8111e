"""Hosts that do not answer."""

from backend.features.hosts.domain import HostLook, LookState
from backend.features.patrol.domain import CheckResult, Fix, Grade, Reading
from backend.vocabulary.language import Text

UNREACHABLE = "unreachable"


def find_unreachable(look: HostLook, *, repeat: int) -> CheckResult:
    """Critical when the host was silent in several looks; that we may not look says nothing about the host."""
    if look.state is LookState.UNKNOWN:
        return CheckResult(UNREACHABLE, unknown=look.reason)
    if look.state is LookState.READ:
        return CheckResult(UNREACHABLE)
    reading = Reading(
        check=UNREACHABLE,
        subject="",
        grade=Grade.CRITICAL,
        title=Text(en="The host does not answer", zh="主机没有应答"),
        cause=Text(
            en="It is down, cut off from the network, so busy that it cannot answer, or sshd is not running.",
            zh="主机可能已宕机、网络中断、繁忙到无法应答，或 sshd 未运行。",
        ),
        fixes=(
            Fix(
                Text(
                    en="Try it from another host; then look at its console or its hypervisor.",
                    zh="先从其他主机尝试连接，再查看其控制台或虚拟化平台。",
                )
            ),
        ),
        evidence=(look.reason,) if look.reason else (),
        needs_looks=repeat,
    )
    return CheckResult(UNREACHABLE, (reading,))
