"""Finding causes for whole lists: rules over pods and events first, then a few logs where only they decide."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from k8s_diagnosis.diagnosing import diagnose_pod
from k8s_diagnosis.objects.access import name_of, namespace_of
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.objects.pods import owner_path
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.snapshot import PodSnapshot
from k8s_mcp.cluster.interfaces import Cluster, JsonObject, LogRequest
from k8s_mcp.errors import ClusterError
from k8s_mcp.state import K8sState
from mcp_kit.redaction import hide_private_keys
from mcp_kit.sanitising import sanitise_line

PodKey = tuple[str, str]
"""Namespace and name."""

_LOG_LINES_FOR_CAUSE = 60
_MAX_LOG_LINE = 500

# One pod per workload is read, so a list costs a handful of log requests at most.
_LOG_READS = 5
_LOG_DECIDES = {"crash-exit-error", "liveness-too-aggressive", "readiness-wrong-port", "readiness-failing"}


def make_snapshots(
    pods: Sequence[JsonObject], events: Sequence[EventFacts], *, state: K8sState
) -> dict[PodKey, PodSnapshot]:
    """Pods with their events, by namespace and name."""
    by_pod: dict[PodKey, list[EventFacts]] = {}
    for event in events:
        if event.kind == "Pod":
            by_pod.setdefault((event.namespace, event.name), []).append(event)
    now = state.now()
    keys = [(namespace_of(pod), name_of(pod)) for pod in pods]
    return {key: PodSnapshot(pod, now, by_pod.get(key, ())) for key, pod in zip(keys, pods, strict=True)}


def diagnose_all(snapshots: Mapping[PodKey, PodSnapshot]) -> dict[PodKey, list[Problem]]:
    return {key: diagnose_pod(snapshot) for key, snapshot in snapshots.items()}


def join_by_owner(
    snapshots: Mapping[PodKey, PodSnapshot], problems: Mapping[PodKey, Sequence[Problem]]
) -> dict[str, list[Problem]]:
    """Problems by workload, each cause once."""
    joined: dict[str, dict[tuple[str, str], Problem]] = {}
    for key, found in problems.items():
        for problem in found:
            owned = joined.setdefault(owner_path(snapshots[key].pod), {})
            owned.setdefault((problem.condition, problem.cause.en), problem)
    return {owner: list(found.values()) for owner, found in joined.items()}


async def read_failed_logs(cluster: Cluster, snapshot: PodSnapshot) -> dict[str, list[str]]:
    """Last lines of every container that failed; a log that cannot be read is simply not there."""
    wanted = [
        case
        for case in snapshot.cases()
        if case.facts.terminated or (case.facts.is_running and not case.facts.is_ready)
    ]
    tails = await asyncio.gather(
        *(
            _read_tail(cluster, snapshot, case.name, is_previous=not case.is_ended and bool(case.facts.terminated))
            for case in wanted
        )
    )
    return {case.name: tail for case, tail in zip(wanted, tails, strict=True) if tail}


async def _read_tail(cluster: Cluster, snapshot: PodSnapshot, container: str, *, is_previous: bool) -> list[str]:
    request = LogRequest(
        pod=snapshot.name,
        namespace=snapshot.namespace,
        container=container,
        previous=is_previous,
        tail_lines=_LOG_LINES_FOR_CAUSE,
    )
    try:
        text = await cluster.read_log(request)
    except ClusterError:
        return []
    return [sanitise_line(line, max_characters=_MAX_LOG_LINE) for line in hide_private_keys(text).splitlines()]


async def sharpen(
    cluster: Cluster,
    snapshots: Mapping[PodKey, PodSnapshot],
    problems: Mapping[PodKey, list[Problem]],
    *,
    among: Iterable[PodKey],
) -> dict[PodKey, list[Problem]]:
    """The problems, with better causes for the given pods where a log decides; pods of one workload share it."""
    examples: dict[str, PodSnapshot] = {}
    for key in among:
        if _needs_log(problems[key]) and len(examples) < _LOG_READS:
            examples.setdefault(owner_path(snapshots[key].pod), snapshots[key])
    tails = await asyncio.gather(*(read_failed_logs(cluster, snapshot) for snapshot in examples.values()))
    better = {
        owner: diagnose_pod(replace(snapshot, log_tails=tail))
        for (owner, snapshot), tail in zip(examples.items(), tails, strict=True)
        if tail
    }
    return {
        key: (better.get(owner_path(snapshots[key].pod)) or found) if _needs_log(found) else found
        for key, found in problems.items()
    }


def _needs_log(problems: Sequence[Problem]) -> bool:
    return any(problem.condition in _LOG_DECIDES for problem in problems)
