"""HorizontalPodAutoscalers and PodDisruptionBudgets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, object_path, read_int, read_map, read_text
from k8s_diagnosis.objects.labels import selects, show_labels, template_labels
from k8s_diagnosis.objects.placement import is_cordoned
from k8s_diagnosis.objects.pods import condition_of, is_finished
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.text.names import find_nearest
from k8s_diagnosis.text.times import parse_time, seconds_between
from mcp_kit.sanitising import sanitise_line

METRICS_API = "APIService//v1beta1.metrics.k8s.io"

_NO_REQUEST = re.compile(
    r"missing request for (?P<resource>\S+)(?: in container (?P<container>\S+))?(?: of Pod (?P<pod>\S+))?"
)
_API_DOWN = re.compile(
    r"(?i)unable to fetch metrics from (?:resource )?metrics API|could not find the requested resource|"
    r"the server is currently unable to handle the request|no metrics known for"
)
# Metrics of a new pod come after one or two rounds of the metrics server.
_PATIENCE_SECONDS = 180
_MAX_MESSAGE = 400
_WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet")


def find_autoscalers(index: ClusterIndex) -> Iterator[Problem]:
    for hpa in index.all("HorizontalPodAutoscaler"):
        problem = _target_missing(index, hpa) or _no_requests(index, hpa) or _no_metrics(index, hpa) or _at_maximum(hpa)
        if problem is not None:
            yield problem


def _target(hpa: JsonObject) -> str:
    kind, name = read_text(hpa, "spec", "scaleTargetRef", "kind"), read_text(hpa, "spec", "scaleTargetRef", "name")
    return f"{kind}/{namespace_of(hpa)}/{name}"


def _target_missing(index: ClusterIndex, hpa: JsonObject) -> Problem | None:
    target, namespace = _target(hpa), namespace_of(hpa)
    kind, _, name = target.split("/", 2)
    able = condition_of(hpa, "AbleToScale")
    message = sanitise_line(read_text(able, "message"), max_characters=_MAX_MESSAGE)
    is_reported = read_text(able, "reason") == "FailedGetScale" and "not found" in message
    if not is_reported and not index.is_missing(kind, namespace, name):
        return None
    path, near = (
        object_path("HorizontalPodAutoscaler", hpa),
        find_nearest(name, among=index.names(kind, namespace), limit=1),
    )
    hint_en, hint_zh = (f" (the {kind} is named {near[0]})", f"（{kind} 的名称是 {near[0]}）") if near else ("", "")
    return Problem(
        condition="hpa-target-missing",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The HorizontalPodAutoscaler {name_of(hpa)} targets the {kind} {name}, which does not exist{hint_en}.",
            f"HorizontalPodAutoscaler {name_of(hpa)} 的目标 {kind} {name} 不存在{hint_zh}。",
        ),
        evidence=(f"{path}: scaleTargetRef {kind} {name}", *((f"AbleToScale=False: {message}",) if message else ())),
        next_step=Words(
            f"Correct scaleTargetRef.name{f' to {near[0]}' if near else ''}, or create the {kind} {name}.",
            f"改正 scaleTargetRef.name{f'（{near[0]}）' if near else ''}，或创建 {kind} {name}。",
        ),
        confidence=0.97,
    )


def _no_requests(index: ClusterIndex, hpa: JsonObject) -> Problem | None:
    """Utilisation is a share of the request, so without a request there is none."""
    message = _failure_message(index, hpa)
    found = _NO_REQUEST.search(message)
    if found is None:
        return None
    target, resource, container = _target(hpa), found["resource"], found["container"] or ""
    where = f"container {container} of " if container else ""
    return Problem(
        condition="hpa-no-requests",
        object=target,
        subject=object_path("HorizontalPodAutoscaler", hpa),
        severity=Severity.WARNING,
        cause=Words(
            f"The HorizontalPodAutoscaler {name_of(hpa)} cannot compute {resource} utilisation: {where}{target} has no "
            f"{resource} request.",
            f"HorizontalPodAutoscaler {name_of(hpa)} 无法计算 {resource} 利用率：{target}"
            f"{f' 的容器 {container}' if container else ''} 没有设置 {resource} request。",
        ),
        evidence=(f"ScalingActive=False: {message}",),
        next_step=Words(
            f"Set resources.requests.{resource} on every container of {target}.",
            f"为 {target} 的每个容器设置 resources.requests.{resource}。",
        ),
        confidence=0.96,
    )


def _no_metrics(index: ClusterIndex, hpa: JsonObject) -> Problem | None:
    active = condition_of(hpa, "ScalingActive")
    message = _failure_message(index, hpa)
    if not message or read_text(active, "reason") == "ScalingDisabled":
        return None
    target = _target(hpa)
    is_api_down = bool(_API_DOWN.search(message))
    return Problem(
        condition="hpa-no-metrics",
        object=object_path("HorizontalPodAutoscaler", hpa),
        severity=Severity.WARNING,
        cause=Words(
            f"The HorizontalPodAutoscaler {name_of(hpa)} gets no metrics and does not scale {target}: {message}",
            f"HorizontalPodAutoscaler {name_of(hpa)} 取不到指标，无法伸缩 {target}：{message}",
        ),
        evidence=(f"ScalingActive=False {read_text(active, 'reason')}: {message}",),
        next_step=Words(
            "Check that the metrics API answers (metrics-server, or the adapter of the custom metric) and that the "
            "metric "
            "exists for these pods.",
            "检查指标 API（metrics-server 或自定义指标适配器）是否正常，以及这些 Pod 是否有该指标。",
        ),
        confidence=0.85 if is_api_down else 0.75,
        because=(METRICS_API, target),
    )


def _failure_message(index: ClusterIndex, hpa: JsonObject) -> str:
    """Why ScalingActive is false, once that has lasted longer than a start."""
    active = condition_of(hpa, "ScalingActive")
    since = parse_time(read_text(active, "lastTransitionTime"))
    created = parse_time(read_text(hpa, "metadata", "creationTimestamp"))
    lasted = seconds_between(since or created, index.now)
    if read_text(active, "status") != "False" or (lasted is not None and lasted < _PATIENCE_SECONDS):
        return ""
    return sanitise_line(read_text(active, "message"), max_characters=_MAX_MESSAGE)


def _at_maximum(hpa: JsonObject) -> Problem | None:
    """At its upper bound although it wants more."""
    limited = condition_of(hpa, "ScalingLimited")
    maximum, current = read_int(hpa, "spec", "maxReplicas"), read_int(hpa, "status", "currentReplicas")
    if read_text(limited, "status") != "True" or read_text(limited, "reason") != "TooManyReplicas" or current < maximum:
        return None
    return Problem(
        condition="hpa-at-maximum",
        object=object_path("HorizontalPodAutoscaler", hpa),
        severity=Severity.WARNING,
        cause=Words(
            f"The HorizontalPodAutoscaler {name_of(hpa)} is at its maximum of {maximum} replicas and wants more: the "
            "load is "
            "higher than it may follow.",
            f"HorizontalPodAutoscaler {name_of(hpa)} 已达上限 {maximum} 个副本且仍需更多：负载超出了允许的扩容范围。",
        ),
        evidence=(
            f"currentReplicas={current} maxReplicas={maximum}",
            f"ScalingLimited=True: {sanitise_line(read_text(limited, 'message'), max_characters=_MAX_MESSAGE)}",
        ),
        next_step=Words(
            "Raise maxReplicas if the nodes have room, or find what causes the load.",
            "若节点有余量则提高 maxReplicas，或查明负载来源。",
        ),
        confidence=0.85,
        because=(_target(hpa),),
    )


def find_disruption_budgets(index: ClusterIndex) -> Iterator[Problem]:
    for budget in index.all("PodDisruptionBudget"):
        problem = _selects_nothing(index, budget) or _blocks_drain(index, budget)
        if problem is not None:
            yield problem


def _selects_nothing(index: ClusterIndex, budget: JsonObject) -> Problem | None:
    selector, namespace = read_map(budget, "spec").get("selector"), namespace_of(budget)
    if not isinstance(selector, dict) or not index.is_complete("Pod", namespace):
        return None
    if not all(index.is_complete(kind, namespace) for kind in ("Deployment", "StatefulSet")):
        return None
    if index.pods_selected(selector, namespace=namespace) or any(
        selects(selector, template_labels(each)) for kind in _WORKLOADS for each in index.in_namespace(kind, namespace)
    ):
        return None
    path = object_path("PodDisruptionBudget", budget)
    shown = (
        show_labels({key: str(value) for key, value in (selector.get("matchLabels") or {}).items()}) or "its selector"
    )
    return Problem(
        condition="pdb-selects-nothing",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"The PodDisruptionBudget {name_of(budget)} selects {shown}, which no pod and no workload of namespace "
            f"{namespace} carries: it protects nothing.",
            f"PodDisruptionBudget {name_of(budget)} 选择 {shown}，命名空间 {namespace} 中没有 Pod "
            "或工作负载带有该标签：它不保护任何对象。",
        ),
        evidence=(f"{path}: selector {shown}", f"status.expectedPods={read_int(budget, 'status', 'expectedPods')}"),
        next_step=Words(
            "Correct the selector to the labels of the pods it is meant for, or delete it.",
            "把选择器改为目标 Pod 的标签，或删除该 PDB。",
        ),
        confidence=0.85,
    )


def _blocks_drain(index: ClusterIndex, budget: JsonObject) -> Problem | None:
    """A node is being emptied, and the budget allows no pod of its to go."""
    selector, namespace = read_map(budget, "spec").get("selector"), namespace_of(budget)
    allowed = read_map(budget, "status").get("disruptionsAllowed")
    if not isinstance(selector, dict) or allowed != 0:
        return None
    held = sorted(
        {
            read_text(pod, "spec", "nodeName")
            for pod in index.pods_selected(selector, namespace=namespace)
            if not is_finished(pod) and is_cordoned(index.find("Node", "", read_text(pod, "spec", "nodeName")) or {})
        }
    )
    if not held:
        return None
    path, spec = object_path("PodDisruptionBudget", budget), read_map(budget, "spec")
    demand = (
        f"minAvailable={spec['minAvailable']}"
        if "minAvailable" in spec
        else f"maxUnavailable={spec.get('maxUnavailable')}"
    )
    healthy, desired = read_int(budget, "status", "currentHealthy"), read_int(budget, "status", "desiredHealthy")
    return Problem(
        condition="pdb-blocks-drain",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"Node {', '.join(held)} is cordoned for a drain, but the PodDisruptionBudget {name_of(budget)} ({demand}) "
            "allows no "
            f"disruption ({healthy} healthy, {desired} needed): its pods cannot be evicted.",
            f"节点 {', '.join(held)} 正在排空，但 PodDisruptionBudget {name_of(budget)}（{demand}）不允许任何中断"
            f"（健康 {healthy}，需要 {desired}），其 Pod 无法被驱逐。",
        ),
        evidence=(
            f"{path}: disruptionsAllowed=0, {demand}",
            *(f"node {node}: spec.unschedulable=true" for node in held),
        ),
        next_step=Words(
            "Add a replica so that one may go, or relax the budget for the time of the drain.",
            "增加一个副本使其可以中断，或在排空期间放宽该 PDB。",
        ),
        confidence=0.88,
        because=tuple(index.workload_of(pod) for pod in index.pods_selected(selector, namespace=namespace)[:3]),
    )
