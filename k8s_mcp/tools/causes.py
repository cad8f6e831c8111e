"""Finding causes for whole lists: rules over pods and events first, then a few logs where only they decide."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from k8s_diagnosis.cases import ContainerCase, PodCase
from k8s_diagnosis.diagnosing import diagnose_pod
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import name_of, namespace_of
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.snapshot import ClusterSnapshot, ContainerLogs, LogKey
from k8s_mcp.cluster.interfaces import Cluster, JsonObject, LogRequest
from k8s_mcp.errors import ClusterError

PodKey = tuple[str, str]
"""Namespace and name."""

_LOG_LINES_FOR_CAUSE = 60
# Programs at work write much that is well between two complaints.
_LOG_LINES_AT_WORK = 150

# One pod per workload is read, so a list costs a handful of log requests at most.
_LOG_READS = 5
_LOG_DECIDES = {
    "crash-exit-error",
    "crash-after-change",
    "init-failing",
    "liveness-too-aggressive",
    "startup-probe-too-short",
    "readiness-wrong-port",
    "readiness-failing",
}


def make_cases(pods: Sequence[JsonObject], events: Sequence[JsonObject], *, now: datetime) -> dict[PodKey, PodCase]:
    """Pods with their events, by namespace and name."""
    index = ClusterIndex(ClusterSnapshot(now, {"Pod": pods, "Event": events}))
    return {(namespace_of(pod), name_of(pod)): PodCase(index, pod) for pod in pods}


def diagnose_all(cases: Mapping[PodKey, PodCase]) -> dict[PodKey, list[Problem]]:
    return {key: diagnose_pod(case.index, case.pod) for key, case in cases.items()}


def join_by_owner(
    cases: Mapping[PodKey, PodCase], problems: Mapping[PodKey, Sequence[Problem]]
) -> dict[str, list[Problem]]:
    """Problems by workload, each cause once."""
    joined: dict[str, dict[tuple[str, str], Problem]] = {}
    for key, found in problems.items():
        for problem in found:
            owned = joined.setdefault(cases[key].workload, {})
            owned.setdefault((problem.condition, problem.cause.en), problem)
    return {owner: list(found.values()) for owner, found in joined.items()}


async def read_failed_logs(cluster: Cluster, case: PodCase) -> dict[LogKey, ContainerLogs]:
    """Last lines of every container that failed; a log that cannot be read is simply not there."""
    return await read_logs(cluster, [each for each in case.containers if wants_log(each)])


async def read_logs(cluster: Cluster, containers: Sequence[ContainerCase]) -> dict[LogKey, ContainerLogs]:
    read = await asyncio.gather(*(_read_log(cluster, each) for each in containers))
    return {
        (each.pod.namespace, each.pod.name, each.name): logs
        for each, logs in zip(containers, read, strict=True)
        if logs is not None
    }


def wants_log(case: ContainerCase) -> bool:
    """Whether the log may say what is wrong: the container ended, or runs without getting ready."""
    return bool(case.facts.terminated) or (case.facts.is_running and not case.facts.is_ready)


async def _read_log(cluster: Cluster, case: ContainerCase) -> ContainerLogs | None:
    """The run that failed, which is the one before when a new one is under way; of one that is well both."""
    has_failed_before = case.facts.is_running and bool(case.facts.terminated)
    previous = await _read_run(cluster, case, is_previous=True) if has_failed_before else None
    is_current_wanted = not has_failed_before or case.facts.is_ready
    current = await _read_run(cluster, case, is_previous=False) if is_current_wanted else None
    return None if previous is None and current is None else ContainerLogs(current or "", previous or "")


async def _read_run(cluster: Cluster, case: ContainerCase, *, is_previous: bool) -> str | None:
    request = LogRequest(
        pod=case.pod.name,
        namespace=case.pod.namespace,
        container=case.name,
        previous=is_previous,
        tail_lines=_LOG_LINES_AT_WORK if case.facts.is_ready and not is_previous else _LOG_LINES_FOR_CAUSE,
    )
    try:
        return await cluster.read_log(request)
    except ClusterError:
        return None


async def sharpen(
    cluster: Cluster,
    cases: Mapping[PodKey, PodCase],
    problems: Mapping[PodKey, list[Problem]],
    *,
    among: Iterable[PodKey],
) -> dict[PodKey, list[Problem]]:
    """The problems, with better causes for the given pods where a log decides; pods of one workload share it."""
    examples: dict[str, PodCase] = {}
    for key in among:
        if _needs_log(problems[key]) and len(examples) < _LOG_READS:
            examples.setdefault(cases[key].workload, cases[key])
    logs = await asyncio.gather(*(read_failed_logs(cluster, case) for case in examples.values()))
    better = {
        owner: diagnose_with_logs(case, read)
        for (owner, case), read in zip(examples.items(), logs, strict=True)
        if read
    }
    return {
        key: (better.get(cases[key].workload) or found) if _needs_log(found) else found
        for key, found in problems.items()
    }


def diagnose_with_logs(case: PodCase, logs: Mapping[LogKey, ContainerLogs]) -> list[Problem]:
    """The pod's problems once its logs are known."""
    objects = dict(case.index.snapshot.objects)
    objects["Event"] = [
        event for event in objects.get("Event", ()) if event.get("involvedObject", {}).get("name") == case.name
    ]
    index = ClusterIndex(ClusterSnapshot(case.now, objects, case.index.snapshot.complete, logs))
    return diagnose_pod(index, case.pod)


def _needs_log(problems: Sequence[Problem]) -> bool:
    return any(problem.condition in _LOG_DECIDES for problem in problems)
