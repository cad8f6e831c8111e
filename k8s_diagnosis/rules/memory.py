"""Containers killed for using too much memory."""

from __future__ import annotations

from k8s_diagnosis.objects.access import read_text
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.snapshot import ContainerCase

# A container that has run well since an OOM kill this long ago needs no attention now.
_STILL_MATTERS_SECONDS = 3600


def find_oom_killed(case: ContainerCase) -> Problem | None:
    """The kernel killed the container; with a limit of its own that limit was the reason."""
    if case.ended_reason != "OOMKilled" or not case.failed_recently(within_seconds=_STILL_MATTERS_SECONDS):
        return None
    limit = read_text(case.facts.spec, "resources", "limits", "memory")
    evidence = [case.ending_evidence()]
    if limit:
        evidence.append(f"{case.name}: resources.limits.memory={limit}")
    evidence.extend(f"log (failed run): {line}" for line in case.log_lines()[-1:])
    return Problem(
        condition="oom-killed",
        object=case.snapshot.workload,
        severity=Severity.WARNING if case.facts.is_ready else Severity.CRITICAL,
        cause=_cause(case, limit),
        evidence=tuple(evidence),
        next_step=_next_step(case, limit),
        confidence=0.97 if limit else 0.6,
    )


def _cause(case: ContainerCase, limit: str) -> Words:
    times = case.facts.restarts
    if limit:
        return Words(
            f"Container {case.name} is OOMKilled: it needs more memory than its limit of {limit} ({times} restarts).",
            f"容器 {case.name} 被 OOMKilled：所需内存超过它的内存上限 {limit}（已重启 {times} 次）。",
        )
    return Words(
        f"Container {case.name} is OOMKilled although it has no memory limit of its own: "
        f"the node ran out of memory ({times} restarts).",
        f"容器 {case.name} 没有内存上限却被 OOMKilled：节点内存耗尽（已重启 {times} 次）。",
    )


def _next_step(case: ContainerCase, limit: str) -> Words:
    if limit:
        return Words(
            f"Raise resources.limits.memory of container {case.name} above what it needs, or make the program "
            "use less; k8s-get-logs with previous=true shows what it was doing.",
            f"把容器 {case.name} 的 resources.limits.memory 提高到实际需要以上，或降低程序内存用量；"
            "用 k8s-get-logs（previous=true）查看它当时在做什么。",
        )
    return Words(
        f"Give container {case.name} a memory request and limit, and look at the memory of its node "
        "with k8s-get-nodes.",
        f"为容器 {case.name} 设置内存 request 和 limit，并用 k8s-get-nodes 查看所在节点的内存。",
    )
