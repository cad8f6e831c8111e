"""`/proc/net/dev`: errors per network interface."""

from __future__ import annotations

import re

_LINE = re.compile(r"\s*(?P<name>\S{1,15}?):\s*(?P<counters>[\d ]{15,400})")
_RECEIVE_ERRORS = 2
_TRANSMIT_ERRORS = 10
# Ends of containers and tunnels come and go by the hundred and report no hardware.
_VIRTUAL = re.compile(
    r"(?:lo|veth.*|cali.*|lxc.*|docker\d+|br-.*|cni\d+|flannel.*|ifb\d+|dummy\d+|kube-.*|tunl\d+|virbr.*)"
)


def parse_nic_errors(text: str) -> dict[str, int] | None:
    """Receive and transmit errors since boot of every interface with hardware behind it; None when nothing is shown."""
    errors: dict[str, int] = {}
    has_lines = False
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        counters = [int(word) for word in found["counters"].split()] if found else []
        if found is None or len(counters) <= _TRANSMIT_ERRORS:
            continue
        has_lines = True
        if not _VIRTUAL.fullmatch(found["name"]):
            errors[found["name"]] = counters[_RECEIVE_ERRORS] + counters[_TRANSMIT_ERRORS]
    return errors if has_lines else None
