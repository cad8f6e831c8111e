"""Whether a running program gets anywhere, going by its log."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LEADING_TIME = re.compile(r"^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d\S*\]?\s*|^\[?\d\d:\d\d:\d\d\S*\]?\s*")
_NUMBER = re.compile(r"\d+")
_WAITS = re.compile(
    r"(?i)\bwait(?:ing|s|ed)?\b|\block(?:ed)?\b|\bheld by\b|\bretry(?:ing)?\b|\bnot ready\b|\bstill\b|\btrying again\b|"
    r"\bsleeping\b|\bblocked\b|等待|重试|锁"
)
_REPEATS = 5


def find_endless_wait(lines: Sequence[str]) -> str:
    """The line that a program repeats while it waits; empty when its log moves on."""
    tail = list(lines[-_REPEATS:])
    if len(tail) < _REPEATS:
        return ""
    shapes = {_NUMBER.sub("#", _LEADING_TIME.sub("", line)) for line in tail}
    return tail[-1] if len(shapes) == 1 and _WAITS.search(tail[-1]) else ""
