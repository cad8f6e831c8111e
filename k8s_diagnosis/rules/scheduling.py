"""Pods that no node can take: lack of room."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from k8s_diagnosis.cases import PodCase
from k8s_diagnosis.objects.access import JsonObject, name_of, read_flag, read_text
from k8s_diagnosis.objects.nodes import allocatable_of, request_of
from k8s_diagnosis.objects.placement import (
    CONTROL_PLANE_TAINTS,
    Reason,
    fits_selector,
    scheduler_message,
    show_node_choice,
    split_reasons,
    untolerated_taints,
)
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.text.quantities import show_cpu, show_memory

_INSUFFICIENT = re.compile(r"Insufficient (\S+)")
_TOO_MANY_PODS = re.compile(r"(?i)too many pods")
_SELECTOR = re.compile(r"(?i)didn't match Pod's node affinity|didn't match node selector|node affinity/selector")
_TAINT = re.compile(r"(?i)taint \{([^:}]*)")
_SHOWN_NODES = 8
_ZH_RESOURCES = {"cpu": "CPU", "memory": "内存", "ephemeral-storage": "临时存储", "pods": "Pod 数量"}


@dataclass(frozen=True, slots=True)
class SchedulingFacts:
    """Why a pod is not placed: the scheduler's message taken apart."""

    message: str
    reasons: tuple[Reason, ...]
    """Without those that are expected as long as another is left."""

    @property
    def main(self) -> list[Reason]:
        """What holds on most nodes, or for the pod as a whole."""
        whole = [reason for reason in self.reasons if not reason.nodes]
        most = max((reason.nodes for reason in self.reasons), default=0)
        return whole or [reason for reason in self.reasons if reason.nodes == most]

    def is_only(self, reason: Reason) -> bool:
        return len(self.reasons) == 1 and self.reasons[0] == reason


def read_scheduling(case: PodCase) -> SchedulingFacts | None:
    """None when the pod is placed, or the scheduler has not tried yet."""
    message = scheduler_message(case.pod)
    if not message:
        events = case.events_of("FailedScheduling")
        is_waiting = not case.node and read_text(case.pod, "status", "phase") == "Pending"
        message = events[-1].message if events and is_waiting else ""
    return SchedulingFacts(message, tuple(_decisive(split_reasons(message)))) if message else None


def _decisive(reasons: list[Reason]) -> list[Reason]:
    """Nodes that the pod rules out itself, and control planes, explain nothing as long as other nodes are left."""
    kept = [reason for reason in reasons if not _is_expected(reason)]
    return kept or reasons


def _is_expected(reason: Reason) -> bool:
    taint = _TAINT.search(reason.text)
    is_control_plane = taint is not None and taint.group(1).strip() in CONTROL_PLANE_TAINTS
    return is_control_plane or bool(_SELECTOR.search(reason.text))


def find_insufficient(case: PodCase) -> Problem | None:
    """The scheduler found too little free CPU, memory, or another resource on the nodes that fit otherwise."""
    facts = read_scheduling(case)
    lacking = [reason for reason in facts.main if _INSUFFICIENT.search(reason.text)] if facts else []
    if facts is None or not lacking:
        return None
    reason = max(lacking, key=lambda each: (each.nodes, "cpu" in each.text))
    resource = _resource_of(reason)
    wanted = request_of(case.pod, resource)
    nodes = _nodes_of_choice(case)
    largest = max((allocatable_of(node, resource) for node in nodes), default=None)
    kind = resource if resource in {"cpu", "memory"} else "resource"
    is_sure = len(facts.reasons) == 1
    choice = show_node_choice(case.pod)
    return Problem(
        condition=f"pending-insufficient-{kind}",
        object=case.workload,
        detail=resource,
        severity=Severity.CRITICAL,
        cause=_insufficient_cause(case, resource, wanted, largest),
        evidence=(
            f"PodScheduled=False: {facts.message}",
            f"pod requests {resource}={show_amount(resource, wanted)}",
            *(f"node {line}" for line in _list_room(case, nodes, resource)),
            *((f"pod demands of its node: {choice}",) if choice else ()),
        ),
        next_step=_insufficient_step(case, resource),
        confidence=0.97 if is_sure else 0.85,
    )


def _resource_of(reason: Reason) -> str:
    found = _INSUFFICIENT.search(reason.text)
    return found.group(1).rstrip(".,") if found else ""


def _nodes_of_choice(case: PodCase) -> list[JsonObject]:
    """Nodes that only lack room: selector and taints fit."""
    return [
        node
        for node in case.index.all("Node")
        if fits_selector(case.pod, node)
        and not untolerated_taints(case.pod, node)
        and not read_flag(node, "spec", "unschedulable")
    ]


def _insufficient_cause(case: PodCase, resource: str, wanted: Decimal, largest: Decimal | None) -> Words:
    name, zh_name = "CPU" if resource == "cpu" else resource, _ZH_RESOURCES.get(resource, resource)
    amount = show_amount(resource, wanted)
    if largest is not None and not largest and wanted:
        return Words(
            f"A pod of {case.workload} requests {amount} {name}, which no node offers.",
            f"{case.workload} 的 Pod 请求 {amount} {zh_name}，没有节点提供该资源。",
        )
    if largest is not None and wanted > largest:
        most = show_amount(resource, largest)
        return Words(
            f"A pod of {case.workload} requests {amount} {name}, more than any node has in all (largest: {most}).",
            f"{case.workload} 的 Pod 请求 {amount} {zh_name}，超过任何节点的总量（最大的有 {most}）。",
        )
    return Words(
        f"A pod of {case.workload} requests {amount} {name}, more than any node has free: the nodes are full.",
        f"{case.workload} 的 Pod 请求 {amount} {zh_name}，超过任何节点的空闲量：节点已满。",
    )


def _insufficient_step(case: PodCase, resource: str) -> Words:
    zh_name = _ZH_RESOURCES.get(resource, resource)
    return Words(
        f"Lower the {resource} request of {case.workload} to what a node has free, free some by scaling other "
        "workloads down, or add a node.",
        f"把 {case.workload} 的 {zh_name} request 降到节点空闲量以内，或缩减其他工作负载，或增加节点。",
    )


def _list_room(case: PodCase, nodes: Sequence[JsonObject], resource: str) -> list[str]:
    """What each node offers; what is free is only known when all pods were read."""
    lines = []
    for node in list(nodes)[:_SHOWN_NODES]:
        capacity = case.index.capacities.get(name_of(node))
        total = show_amount(resource, allocatable_of(node, resource))
        if capacity is not None and resource in {"cpu", "memory"} and case.index.is_complete("Pod"):
            free = capacity.free.cpu if resource == "cpu" else capacity.free.memory
            lines.append(f"{name_of(node)}: {resource} free {show_amount(resource, free)} of {total}")
        else:
            lines.append(f"{name_of(node)}: {resource} allocatable {total}")
    return lines


def show_amount(resource: str, amount: Decimal) -> str:
    if resource == "cpu":
        return show_cpu(amount)
    return show_memory(amount) if resource in {"memory", "ephemeral-storage"} else f"{amount.normalize():f}"


def room_for_pods(node: str) -> str:
    """Stands for the number of pods a node may hold, in the chains of problems."""
    return f"{node}#pods"


def find_too_many_pods(case: PodCase) -> Problem | None:
    """The nodes hold as many pods as their kubelets allow."""
    facts = read_scheduling(case)
    reason = next((each for each in facts.main if _TOO_MANY_PODS.search(each.text)), None) if facts else None
    if facts is None or reason is None:
        return None
    nodes = _nodes_of_choice(case)
    paths = [f"Node//{name_of(node)}" for node in nodes]
    return Problem(
        condition="pending-insufficient-pods",
        object=paths[0] if len(paths) == 1 else case.workload,
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"A pod of {case.workload} is not placed: {reason.nodes} node(s) hold as many pods as they may.",
            f"{case.workload} 的 Pod 无法调度：{reason.nodes} 个节点的 Pod 数已达上限。",
        ),
        evidence=(
            f"PodScheduled=False: {facts.message}",
            *(
                f"node {name_of(node)}: {len(case.index.pods_on(name_of(node)))} pods read, "
                f"{read_text(node, 'status', 'allocatable', 'pods')} allowed"
                for node in nodes[:_SHOWN_NODES]
            ),
        ),
        next_step=Words(
            "Add nodes, remove pods that are not needed, or raise maxPods of the kubelets.",
            "增加节点、清理不需要的 Pod，或提高 kubelet 的 maxPods。",
        ),
        confidence=0.95 if facts.is_only(reason) else 0.8,
        # One full node is the cause; that all of many are full shows best at the pod that waits.
        because=tuple(paths) if len(paths) == 1 else (),
        touches=tuple(room_for_pods(path) for path in paths) if len(paths) > 1 else (),
    )
