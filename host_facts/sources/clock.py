"""`chronyc tracking`, `ntpq -pn`, `timedatectl` of several versions, and the bare clock of the host.

Sign of every offset: host minus reference, positive when the host is ahead.
"""

from __future__ import annotations

import re
from datetime import datetime

from host_facts.domain import ClockFacts

_CHRONY_OFFSET = re.compile(r"^System time\s*:\s*(\d{1,12}\.\d{1,12}) seconds (slow|fast) of NTP time", re.MULTILINE)
_CHRONY_OWN_CLOCK = re.compile(r"^Reference ID\s*:\s*7F7F", re.MULTILINE)
_CHRONY_LEAP = re.compile(r"^Leap status\s*:\s*(.+)$", re.MULTILINE)
_NTPQ_PEER = re.compile(
    r"^[*o]\S+\s+\S+\s+\d+\s+\S\s+\S+\s+\S+\s+\S+\s+\S+\s+(-?\d{1,12}(?:\.\d{1,9})?)\s+\S+", re.MULTILINE
)
_TIMEDATECTL = re.compile(
    r"^\s*(?:System clock synchronized|NTP synchronized|NTPSynchronized)\s*[:=]\s*(yes|no)", re.MULTILINE
)
_TIMESYNC_OFFSET = re.compile(
    r"^\s*Offset: ([+-]?)((?:\d{1,9}(?:\.\d{1,9})?(?:us|ms|s|min|h|d) ?){1,6})$", re.MULTILINE
)
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(us|ms|s|min|h|d)")
_SPAN_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_HOST_TIME = re.compile(r"^(\d{9,11})$", re.MULTILINE)

CALLER_TOLERANCE_SECONDS = 2.0
"""`date +%s` has whole seconds and the way to the host takes time, so less than that is no difference."""


def parse_clock(text: str) -> ClockFacts | None:
    """What a time service on the host says; chrony knows most, timedatectl is asked last."""
    return _parse_chrony(text) or _parse_ntpq(text) or _parse_timedatectl(text)


def compare_with_caller(text: str, *, asked_at: datetime, taken_at: datetime) -> float | None:
    """Seconds by which the host's `date +%s` lies outside the time in which it was asked; 0 within the tolerance."""
    found = _HOST_TIME.search(text)
    if found is None:
        return None
    host = int(found[1])
    earliest = asked_at.timestamp() - CALLER_TOLERANCE_SECONDS
    latest = taken_at.timestamp() + CALLER_TOLERANCE_SECONDS
    if earliest <= host <= latest:
        return 0.0
    return round(host - (asked_at if host < earliest else taken_at).timestamp(), 1)


def _parse_chrony(text: str) -> ClockFacts | None:
    offset, leap = _CHRONY_OFFSET.search(text), _CHRONY_LEAP.search(text)
    if leap is None:
        return None
    if _CHRONY_OWN_CLOCK.search(text):
        # It serves its own clock to others: it holds it against nothing.
        return ClockFacts(is_synchronised=None, offset_seconds=None, source="chronyc")
    is_synchronised = leap[1].strip() != "Not synchronised"
    seconds = float(offset[1]) * (-1 if offset[2] == "slow" else 1) if offset else None
    # Without a reference chrony shows an offset of 0, which says nothing.
    return ClockFacts(
        is_synchronised=is_synchronised, offset_seconds=seconds if is_synchronised else None, source="chronyc"
    )


def _parse_ntpq(text: str) -> ClockFacts | None:
    if "refid" not in text or "reach" not in text:
        return None
    peer = _NTPQ_PEER.search(text)
    # ntpq shows milliseconds by which the server is ahead.
    return ClockFacts(
        is_synchronised=peer is not None, offset_seconds=-float(peer[1]) / 1000 if peer else None, source="ntpq"
    )


def _parse_timedatectl(text: str) -> ClockFacts | None:
    state = _TIMEDATECTL.search(text)
    if state is None:
        return None
    offset = _TIMESYNC_OFFSET.search(text)
    seconds = sum(float(amount) * _SPAN_SECONDS[unit] for amount, unit in _SPAN.findall(offset[2])) if offset else None
    if offset and seconds and offset[1] != "-":
        # systemd-timesyncd shows by how much the server is ahead.
        seconds = -seconds
    return ClockFacts(is_synchronised=state[1] == "yes", offset_seconds=seconds, source="timedatectl")
