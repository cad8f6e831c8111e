"""Network interfaces that make errors."""

import shlex

from backend.features.patrol.checks.view import HostView, conclude, could_not_look, grade_high
from backend.features.patrol.domain import CheckResult, Fix, Reading
from backend.vocabulary.language import Text

NETWORK_ERRORS = "network-errors"
_CRITICAL_FACTOR = 10.0
_SHORTEST_SECONDS = 5.0


def find_network_errors(view: HostView) -> CheckResult:
    """Errors per minute of each interface since the last look; at the first look there is nothing to compare with."""
    errors, previous = view.facts.nic_errors, view.previous
    if errors is None:
        return could_not_look(NETWORK_ERRORS, view.facts, part="nic_errors")
    if previous is None or previous.nic_errors is None or previous.boot_at != view.facts.boot_at:
        return CheckResult(NETWORK_ERRORS)
    seconds = (view.facts.taken_at - previous.taken_at).total_seconds()
    if seconds < _SHORTEST_SECONDS:
        return CheckResult(NETWORK_ERRORS, unknown="nic_errors: too soon after the last look")
    rates = {
        name: max(0, count - previous.nic_errors[name]) * 60 / seconds
        for name, count in errors.items()
        if name in previous.nic_errors
    }
    readings = (_judge(name, rate, view=view) for name, rate in rates.items())
    return conclude(NETWORK_ERRORS, view.facts, part="nic_errors", readings=readings)


def _judge(name: str, rate: float, *, view: HostView) -> Reading:
    warning = view.settings.nic_errors_per_minute
    interface = shlex.quote(name)
    return Reading(
        check=NETWORK_ERRORS,
        subject=name,
        grade=grade_high(rate, warning=warning, critical=warning * _CRITICAL_FACTOR, slack=warning / 2),
        title=Text(en=f"{name} makes {rate:.0f} errors per minute", zh=f"网卡 {name} 每分钟出现 {rate:.0f} 个错误"),
        cause=Text(
            en="Usually a bad cable, port or transceiver, or the two sides disagree on speed or duplex.",
            zh="常见原因：网线、端口或光模块故障，或两端速率、双工模式不一致。",
        ),
        fixes=(
            Fix(
                Text(en="See which errors they are.", zh="查看错误类型。"),
                f"ip -s -s link show {interface}; ethtool {interface} 2>/dev/null",
            ),
        ),
        value=rate,
        step=warning * _CRITICAL_FACTOR,
        needs_looks=view.repeat,
    )
