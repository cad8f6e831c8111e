"""Joins the logs of several containers into one, by the time at which the node received each line."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_MAX_LABEL = 40


@dataclass(frozen=True, slots=True)
class StampedLine:
    time: str
    """RFC 3339 in UTC with nanoseconds, as the API writes it: texts of one length order as the times do."""
    text: str


def read_stamped(log: str) -> list[StampedLine]:
    """Lines of a log that was read with timestamps; a line without one belongs to the line before."""
    lines: list[StampedLine] = []
    for line in log.splitlines():
        stamp, _, text = line.partition(" ")
        if _is_stamp(stamp):
            lines.append(StampedLine(_normalise(stamp), text))
        else:
            lines.append(StampedLine(lines[-1].time if lines else "", line))
    return lines


def _is_stamp(text: str) -> bool:
    return len(text) >= 20 and text[4:5] == "-" and text[10:11] == "T" and text.endswith("Z")


def _normalise(stamp: str) -> str:
    """Nanoseconds in full: the API leaves trailing zeros out, which would spoil the order of texts."""
    seconds, _, fraction = stamp[:-1].partition(".")
    return f"{seconds}.{fraction.ljust(9, '0')}"


def merge_logs(logs: Mapping[str, Sequence[StampedLine]]) -> list[str]:
    """All lines, oldest first, each behind the label of its source."""
    streams = [
        [(line.time, number, label, line.text) for number, line in enumerate(log)] for label, log in logs.items()
    ]
    return [f"[{label}] {text}" for _, _, label, text in heapq.merge(*streams)]


def label_sources(sources: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Short labels for pods and containers: what all have in common says nothing.

    The pods of a workload differ in their last part, and the container is only named where there are several.
    """
    pods = list(dict.fromkeys(pod for pod, _ in sources))
    containers = {container for _, container in sources}
    prefix = _common_prefix(pods)
    labels = {}
    for pod, container in sources:
        parts = [pod.removeprefix(prefix)] if len(pods) > 1 else []
        parts += [container] if len(containers) > 1 or not parts else []
        labels[pod, container] = "/".join(parts)[-_MAX_LABEL:]
    return labels


def _common_prefix(names: Sequence[str]) -> str:
    """Up to the last dash that all names share, so that generated parts stay whole."""
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    same = next((index for index, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[: first.rfind("-", 0, same) + 1]
