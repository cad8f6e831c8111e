"""Rows of k8s-get-pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_text
from k8s_diagnosis.objects.pods import (
    condition_of,
    is_condition_true,
    is_terminating,
    owner_path,
    readiness_of,
    restarts_of,
    status_of,
)
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.text.times import parse_time, seconds_between, shorten_duration
from k8s_mcp.listing.rows import Row
from k8s_mcp.listing.table import TableShape
from k8s_mcp.results import Cell

POD_TABLE = TableShape(
    kind="PodList",
    noun="pods",
    columns=(
        "namespace",
        "name",
        "ready",
        "status",
        "restarts",
        "age",
        "node",
        "problem",
    ),
)

ALIKE_POD_TABLE = replace(POD_TABLE, columns=(*POD_TABLE.columns[:-1], "alike", "problem"))
"""Of all namespaces, without a limit: `alike` counts further pods of the workload in the same state."""

_STARTING = {"Pending", "ContainerCreating", "PodInitializing"}
_FINISHED_WELL = {"Completed", "Succeeded"}

# Starting, becoming ready and ending take time on a healthy cluster too; after this long they are a finding.
_PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ListedPod:
    """What decides a pod's place in a list; its row is only made when the pod is on the page."""

    pod: JsonObject
    key: tuple[str, str]
    """Namespace and name."""
    status: str
    is_abnormal: bool
    may_have_problems: bool
    problems: tuple[Problem, ...] = ()
    alike: int = 0
    """How many other pods of its workload are in the same state, where only one of them is listed."""

    def with_problems(self, problems: Sequence[Problem]) -> ListedPod:
        if not problems and not self.problems:
            return self
        return replace(self, problems=tuple(problems), is_abnormal=self.is_abnormal or bool(problems))


def list_pod(pod: JsonObject, *, now: datetime) -> ListedPod:
    metadata = pod["metadata"]
    key = (metadata.get("namespace", ""), metadata["name"])
    if is_running_untroubled(pod):
        return ListedPod(pod, key, "Running", is_abnormal=False, may_have_problems=False)
    return ListedPod(pod, key, status_of(pod), is_abnormal=is_abnormal(pod, now=now), may_have_problems=True)


def is_running_untroubled(pod: JsonObject) -> bool:
    """Whether a pod runs, is ready and never restarted: nearly all pods of a large cluster, told at little cost.

    Such a pod has the status Running and no rule finds a problem in it.
    """
    status, spec = pod.get("status"), pod.get("spec")
    if not status or not spec or status.get("phase") != "Running" or "deletionTimestamp" in pod["metadata"]:
        return False
    if "initContainers" in spec or "reason" in status:
        return False
    containers = status.get("containerStatuses") or ()
    if len(containers) != len(spec.get("containers") or ()):
        return False
    return all(
        each.get("ready") is True and each.get("restartCount") == 0 and "running" in (each.get("state") or ())
        for each in containers
    )


def join_alike(listed: Sequence[ListedPod]) -> list[ListedPod]:
    """One abnormal pod for all of its workload in the same state: an overview of a cluster shows more workloads so."""
    groups: dict[tuple[str, str], ListedPod] = {}
    normal: list[ListedPod] = []
    for each in sorted(listed, key=lambda each: each.key):
        if not each.is_abnormal:
            normal.append(each)
            continue
        # A crashing pod shows now this, now that status; what is wrong with it stays the same.
        group = (owner_path(each.pod), each.problems[0].condition if each.problems else each.status)
        known = groups.get(group)
        groups[group] = each if known is None else replace(known, alike=known.alike + 1)
    return [*groups.values(), *normal]


def make_pod_row(listed: ListedPod, *, now: datetime, has_alike: bool = False) -> Row:
    pod = listed.pod
    ready, total = readiness_of(pod)
    alike: tuple[Cell, ...] = (listed.alike,) if has_alike else ()
    cells = (
        namespace_of(pod),
        name_of(pod),
        f"{ready}/{total}",
        listed.status,
        restarts_of(pod),
        age_of(pod, now),
        read_text(pod, "spec", "nodeName"),
        *alike,
        listed.problems[0].condition if listed.problems else "",
    )
    return Row(
        key=listed.key,
        cells=cells,
        status=listed.status,
        is_abnormal=listed.is_abnormal,
        problems=listed.problems,
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
