"""Pods that no node can take."""

from __future__ import annotations

import re
from collections.abc import Iterable

from k8s_diagnosis.objects.access import read_map, read_text
from k8s_diagnosis.objects.nodes import NodeCapacity, requests_of
from k8s_diagnosis.objects.pods import condition_of
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.snapshot import PodSnapshot
from k8s_diagnosis.text.quantities import show_cpu, show_memory
from mcp_kit.sanitising import sanitise_line

_INSUFFICIENT = re.compile(r"(\d+) Insufficient (\w[\w/-]*(?:\.[\w/-]+)*)")
_NODES = re.compile(r"\d+/(\d+) nodes are available")
_MAX_MESSAGE = 500


def find_insufficient_cpu(snapshot: PodSnapshot) -> Problem | None:
    """The scheduler found too little free CPU on the nodes that fit otherwise."""
    return _find_insufficient(snapshot, "cpu")


def find_insufficient_memory(snapshot: PodSnapshot) -> Problem | None:
    """The scheduler found too little free memory on the nodes that fit otherwise."""
    return _find_insufficient(snapshot, "memory")


def find_unschedulable(snapshot: PodSnapshot) -> Problem | None:
    """Any other reason of the scheduler: taints, node selectors, affinity, unbound volumes."""
    message = scheduler_message(snapshot)
    if not message:
        return None
    reasons = message.partition("available: ")[2].partition(". preemption")[0] or message
    return Problem(
        condition="pending-unschedulable",
        object=snapshot.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"No node can take the pod: {reasons.rstrip('.')}.",
            f"没有节点可以接收该 Pod：{reasons.rstrip('.')}。",
        ),
        evidence=(f"PodScheduled=False: {message}", *_placement_evidence(snapshot)),
        next_step=Words(
            "Compare nodeSelector, affinity and tolerations of the pod with labels and taints of the nodes "
            "(k8s-get-nodes), and its volume claims with what is bound.",
            "对照 Pod 的 nodeSelector、亲和性和容忍与节点的标签和污点（k8s-get-nodes），并检查它的存储卷是否已绑定。",
        ),
        confidence=0.8,
    )


def _find_insufficient(snapshot: PodSnapshot, resource: str) -> Problem | None:
    message = scheduler_message(snapshot)
    lacking = lacking_nodes(message)
    count = lacking.get(resource, 0)
    if not count or max(lacking, key=lambda name: (lacking[name], name == "cpu")) != resource:
        return None
    total = _NODES.search(message)
    is_only_reason = total is not None and int(total.group(1)) == count
    wanted = _show_wanted(snapshot, resource)
    free = _show_free(snapshot.nodes, resource)
    return Problem(
        condition=f"pending-insufficient-{resource}",
        object=snapshot.workload,
        severity=Severity.CRITICAL,
        cause=_insufficient_cause(resource, wanted=wanted, free=free),
        evidence=tuple(
            [f"PodScheduled=False: {message}", f"pod requests {resource}={wanted}"]
            + [f"node {node}" for node in _list_free(snapshot.nodes, resource)]
        ),
        next_step=Words(
            f"Lower the {resource} request of {snapshot.workload} to what a node has free, free some by scaling other "
            "workloads down, or add a node.",
            f"把 {snapshot.workload} 的 {_zh(resource)} request 降到节点空闲量以内，或缩减其他工作负载，或增加节点。",
        ),
        confidence=0.97 if is_only_reason else 0.8,
    )


def _insufficient_cause(resource: str, *, wanted: str, free: str) -> Words:
    en = f"The pod requests {wanted} {_en(resource)}, more than any node has free"
    zh = f"Pod 请求 {wanted} {_zh(resource)}，超过任何节点的空闲量"
    return Words(f"{en} ({free})." if free else f"{en}.", f"{zh}（{free}）。" if free else f"{zh}。")


def scheduler_message(snapshot: PodSnapshot) -> str:
    """Why the scheduler could not place the pod; empty when it did or has not tried yet."""
    scheduled = condition_of(snapshot.pod, "PodScheduled")
    if read_text(scheduled, "status") != "False" or read_text(scheduled, "reason") != "Unschedulable":
        return ""
    return sanitise_line(read_text(scheduled, "message"), max_characters=_MAX_MESSAGE)


def lacking_nodes(message: str) -> dict[str, int]:
    """How many nodes lack each resource; what preemption would find is not counted again."""
    return {name: int(count) for count, name in _INSUFFICIENT.findall(message.partition("preemption:")[0])}


def _show_wanted(snapshot: PodSnapshot, resource: str) -> str:
    wanted = requests_of(snapshot.pod)
    return show_cpu(wanted.cpu) if resource == "cpu" else show_memory(wanted.memory)


def _show_free(nodes: Iterable[NodeCapacity], resource: str) -> str:
    usable = [node for node in nodes if node.is_schedulable]
    if not usable:
        return ""
    if resource == "cpu":
        best = max(usable, key=lambda node: node.free.cpu)
        return f"{best.name}: {show_cpu(best.free.cpu)}/{show_cpu(best.allocatable.cpu)}"
    best = max(usable, key=lambda node: node.free.memory)
    return f"{best.name}: {show_memory(best.free.memory)}/{show_memory(best.allocatable.memory)}"


def _list_free(nodes: Iterable[NodeCapacity], resource: str) -> list[str]:
    if resource == "cpu":
        return [
            f"{node.name}: cpu free {show_cpu(node.free.cpu)} of {show_cpu(node.allocatable.cpu)}"
            for node in list(nodes)[:10]
        ]
    return [
        f"{node.name}: memory free {show_memory(node.free.memory)} of {show_memory(node.allocatable.memory)}"
        for node in list(nodes)[:10]
    ]


def _placement_evidence(snapshot: PodSnapshot) -> list[str]:
    selector = read_map(snapshot.pod, "spec", "nodeSelector")
    return (
        [f"pod nodeSelector {','.join(f'{key}={value}' for key, value in sorted(selector.items()))}"]
        if selector
        else []
    )


def _en(resource: str) -> str:
    return "CPU" if resource == "cpu" else resource


def _zh(resource: str) -> str:
    return "CPU" if resource == "cpu" else "内存"
