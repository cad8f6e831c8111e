"""Rows of k8s-get-pods."""

from __future__ import annotations

from datetime import datetime

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_text
from k8s_diagnosis.objects.pods import (
    condition_of,
    is_condition_true,
    is_terminating,
    readiness_of,
    restarts_of,
    status_of,
)
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.text.times import parse_time, seconds_between, shorten_duration
from k8s_mcp.listing.rows import Row
from k8s_mcp.listing.table import TableShape

POD_TABLE = TableShape(
    kind="PodList",
    noun="pods",
    columns=(
        ("namespace", "NAMESPACE"),
        ("name", "NAME"),
        ("ready", "READY"),
        ("status", "STATUS"),
        ("restarts", "RESTARTS"),
        ("age", "AGE"),
        ("node", "NODE"),
        ("problem", "PROBLEM"),
    ),
)

_STARTING = {"Pending", "ContainerCreating", "PodInitializing"}
_FINISHED_WELL = {"Completed", "Succeeded"}

# Starting, becoming ready and ending take time on a healthy cluster too; after this long they are a finding.
_PATIENCE_SECONDS = 120


def make_pod_row(pod: JsonObject, *, problems: list[Problem], now: datetime) -> Row:
    ready, total = readiness_of(pod)
    status = status_of(pod)
    cells = (
        namespace_of(pod),
        name_of(pod),
        f"{ready}/{total}",
        status,
        restarts_of(pod),
        age_of(pod, now),
        read_text(pod, "spec", "nodeName"),
        problems[0].condition if problems else "",
    )
    return Row(
        key=(namespace_of(pod), name_of(pod)),
        cells=cells,
        status=status,
        is_abnormal=bool(problems) or is_abnormal(pod, now=now),
        problems=tuple(problems),
    )


def is_abnormal(pod: JsonObject, *, now: datetime) -> bool:
    """Whether the pod needs attention, going by its own status alone."""
    status = status_of(pod)
    if status in _FINISHED_WELL:
        return False
    if is_terminating(pod):
        return _seconds_since(pod, now, "metadata", "deletionTimestamp") > _PATIENCE_SECONDS
    if status in _STARTING or (status.startswith("Init:") and "/" in status):
        return _seconds_since(pod, now, "metadata", "creationTimestamp") > _PATIENCE_SECONDS
    if status != "Running":
        return True
    if is_condition_true(pod, "Ready"):
        return False
    unready_since = parse_time(read_text(condition_of(pod, "Ready"), "lastTransitionTime"))
    return (seconds_between(unready_since, now) or 0) > _PATIENCE_SECONDS


def age_of(source: JsonObject, now: datetime) -> str:
    return shorten_duration(seconds_between(parse_time(read_text(source, "metadata", "creationTimestamp")), now))


def _seconds_since(source: JsonObject, now: datetime, *keys: str) -> float:
    return seconds_between(parse_time(read_text(source, *keys)), now) or 0
