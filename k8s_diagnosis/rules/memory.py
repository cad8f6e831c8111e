"""Containers and pods that had to go for lack of memory or disk."""

from __future__ import annotations

import re
from datetime import timedelta

from k8s_diagnosis.cases import ContainerCase, PodCase
from k8s_diagnosis.objects.access import read_int, read_text
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.objects.nodes import PRESSURES
from k8s_diagnosis.objects.pods import is_condition_true
from k8s_diagnosis.objects.revisions import is_of_older_revision
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.text.times import parse_time, seconds_between
from mcp_kit.sanitising import sanitise_line

# A container that has run well since an OOM kill this long ago needs no attention now.
_STILL_MATTERS_SECONDS = 3600
_MAX_MESSAGE = 400
_OUT_OF_MEMORY = frozenset({"SystemOOM", "OOMKilling"})
_OWN_LIMIT = re.compile(r"(?i)memory cgroup out of memory|CONSTRAINT_MEMCG")
# The node-problem-detector reads the kernel's log every now and then.
_SAME_MOMENT = timedelta(minutes=3)
_EVICTED_BY_ITSELF = re.compile(
    r"(?i)exceeds the (?:total |local )?(?:limit|ephemeral)|emptydir volume .{0,80}exceeds|"
    r"exceed(?:s|ed) its (?:local )?ephemeral"
)
_RESOURCE = re.compile(r"(?i)low on resource: ?([\w-]+)")


def find_oom_killed(case: ContainerCase) -> Problem | None:
    """The kernel killed the container at its own memory limit."""
    limit = read_text(case.facts.spec, "resources", "limits", "memory")
    kernel = _kernel_events(case, is_own=True) if case.exit_code == 137 else []
    is_killed = case.ended_reason == "OOMKilled" or bool(kernel)
    if not is_killed or not limit or not case.failed_recently(within_seconds=_STILL_MATTERS_SECONDS):
        return None
    return Problem(
        condition="oom-killed",
        object=case.workload,
        detail=case.name,
        severity=Severity.WARNING if case.facts.is_ready else Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} is OOMKilled: it needs more memory than its limit of {limit} "
            f"({case.facts.restarts} restarts).",
            f"{case.title.zh} 被 OOMKilled：所需内存超过它的内存上限 {limit}（已重启 {case.facts.restarts} 次）。",
        ),
        evidence=(
            case.ending_evidence(),
            f"{case.name}: resources.limits.memory={limit}",
            *(f"node {case.pod.node}: {event.quote()}" for event in kernel[-1:]),
            *(f"log (failed run): {line}" for line in case.failed_log[-1:]),
        ),
        next_step=Words(
            f"Raise resources.limits.memory of container {case.name} above what it needs, or make the program "
            f"use less; {case.log_request} shows what it was doing.",
            f"把容器 {case.name} 的 resources.limits.memory 提高到实际需要以上，或降低程序内存用量；"
            f"用 {case.log_request} 查看它当时在做什么。",
        ),
        confidence=0.97 if case.ended_reason == "OOMKilled" else 0.85,
    )


def _kernel_events(case: ContainerCase, *, is_own: bool) -> list[EventFacts]:
    """What the node's kernel killed when this container ended: for its own limit, or because the node ran out."""
    finished = parse_time(read_text(case.facts.terminated, "finishedAt"))
    return [
        event
        for event in case.index.events_about("Node", "", case.pod.node)
        if event.reason in _OUT_OF_MEMORY
        and bool(_OWN_LIMIT.search(event.message)) is is_own
        and (finished is None or event.last_seen is None or abs(event.last_seen - finished) <= _SAME_MOMENT)
    ]


def find_oom_node(case: ContainerCase) -> Problem | None:
    """The kernel killed the container because the whole node ran out of memory."""
    has_limit, node = bool(read_text(case.facts.spec, "resources", "limits", "memory")), case.pod.node or "?"
    node_events = _kernel_events(case, is_own=False)
    is_unlimited = case.ended_reason == "OOMKilled" and not has_limit
    is_victim = case.exit_code == 137 and case.ended_reason != "OOMKilled" and bool(node_events)
    if not (is_unlimited or is_victim) or not case.failed_recently(within_seconds=_STILL_MATTERS_SECONDS):
        return None
    asked = read_text(case.facts.spec, "resources", "requests", "memory") or "(none)"
    return Problem(
        condition="oom-node",
        object=case.workload,
        detail=case.name,
        severity=Severity.WARNING if case.facts.is_ready else Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} is OOMKilled "
            f"{'below its own limit' if has_limit else 'although it has no memory limit'}: "
            f"node {node} ran out of memory ({case.facts.restarts} restarts).",
            f"{case.title.zh} {'未达到自身上限' if has_limit else '没有内存上限'}却被 OOMKilled：节点 {node} 内存耗尽"
            f"（已重启 {case.facts.restarts} 次）。",
        ),
        evidence=(
            case.ending_evidence(),
            f"{case.name}: resources.requests.memory={asked}",
            *(f"node {node}: {event.quote()}" for event in node_events[-1:]),
        ),
        next_step=Words(
            f"Give container {case.name} a memory request and limit that fit its use, and look at the memory of node "
            f"{node} with k8s-get-nodes.",
            f"为容器 {case.name} 设置符合实际用量的内存 request 和 limit，并用 k8s-get-nodes 查看节点 {node} 的内存。",
        ),
        confidence=0.85 if node_events else 0.65,
        because=(f"Node//{node}",),
    )


def find_evicted(case: PodCase) -> Problem | None:
    """The kubelet or the scheduler removed the pod; the message says for lack of what."""
    reason = read_text(case.pod, "status", "reason")
    if reason not in {"Evicted", "Preempting", "Preempted"} or _is_over(case):
        return None
    message = sanitise_line(read_text(case.pod, "status", "message"), max_characters=_MAX_MESSAGE)
    is_own_fault, lacking = bool(_EVICTED_BY_ITSELF.search(message)), _RESOURCE.search(message)
    what = lacking.group(1) if lacking else "resources"
    return Problem(
        condition="evicted",
        object=case.workload,
        severity=Severity.WARNING if has_replacement(case) else Severity.CRITICAL,
        cause=_evicted_cause(case, message, what=what, is_own_fault=is_own_fault),
        evidence=(f"status.reason={reason}: {message}",),
        next_step=_evicted_step(case, what, is_own_fault=is_own_fault),
        confidence=0.93 if is_own_fault or lacking else 0.8,
        because=() if is_own_fault else (f"Node//{case.node}",),
    )


def _evicted_cause(case: PodCase, message: str, *, what: str, is_own_fault: bool) -> Words:
    if read_text(case.pod, "status", "reason") != "Evicted":
        return Words(
            f"The pod was removed from node {case.node} to make room for a pod of higher priority.",
            f"为给更高优先级的 Pod 让位，该 Pod 被从节点 {case.node} 移除。",
        )
    if is_own_fault:
        return Words(
            f"The pod was evicted from node {case.node}: it used more local storage than it may. {message}",
            f"Pod 被从节点 {case.node} 驱逐：它使用的本地存储超过允许值。{message}",
        )
    return Words(
        f"The pod was evicted because node {case.node} ran low on {what}. {message}",
        f"节点 {case.node} 的 {what} 不足，Pod 被驱逐。{message}",
    )


def _evicted_step(case: PodCase, what: str, *, is_own_fault: bool) -> Words:
    if is_own_fault:
        return Words(
            f"Raise the ephemeral-storage limit or emptyDir sizeLimit of {case.workload}, or write less to local disk.",
            f"提高 {case.workload} 的 ephemeral-storage 上限或 emptyDir sizeLimit，或减少本地磁盘写入。",
        )
    return Words(
        f"Find what uses {what} on the node, free it or add nodes; give {case.workload} requests that match its use.",
        f"找出节点上占用 {what} 的对象并释放，或增加节点；为 {case.workload} 设置与实际用量相符的 request。",
    )


def _is_over(case: PodCase) -> bool:
    """Evicted pods stay as a record; once the workload is well again they are none of its present."""
    if not has_replacement(case):
        return False
    finished = [read_text(container.facts.terminated, "finishedAt") for container in case.containers]
    ended = parse_time(max(finished, default="") or read_text(case.pod, "status", "startTime"))
    is_long_ago = (seconds_between(ended, case.now) or 0) > _STILL_MATTERS_SECONDS
    message = read_text(case.pod, "status", "message")
    return is_long_ago or is_of_older_revision(case.index, case.pod) or _has_node_recovered(case, message)


def _has_node_recovered(case: PodCase, message: str) -> bool:
    """What the node lacked it has again; a pod that itself took too much may do so again."""
    node = case.index.find("Node", "", case.node)
    if node is None or _EVICTED_BY_ITSELF.search(message):
        return False
    return not any(is_condition_true(node, kind) for kind in PRESSURES)


def has_replacement(case: PodCase) -> bool:
    """Whether the workload has every pod it wants without this one."""
    workload = case.index.find_path(case.workload)
    if workload is None or case.workload == case.path:
        return False
    wanted = read_int(workload, "status", "desiredNumberScheduled") or read_int(workload, "spec", "replicas")
    ready = read_int(workload, "status", "readyReplicas") or read_int(workload, "status", "numberReady")
    return ready >= max(1, wanted)
