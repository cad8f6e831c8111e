"""Services that send traffic nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from k8s_diagnosis.objects.access import (
    JsonObject,
    labels_of,
    name_of,
    namespace_of,
    read_int,
    read_map,
    read_maps,
    read_text,
)
from k8s_diagnosis.objects.labels import LabelCandidate, NearestLabels, find_nearest_labels, matches, show_labels
from k8s_diagnosis.objects.pods import is_condition_true, is_finished, is_terminating, owner_of
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.snapshot import ServiceSnapshot

_HASH_LABEL = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Endpoints:
    ready: int
    not_ready: int

    def __str__(self) -> str:
        return f"{self.ready} ready, {self.not_ready} not ready"


def find_selector_no_match(snapshot: ServiceSnapshot) -> Problem | None:
    """No pod and no workload carries the labels the Service selects."""
    selector = selector_of(snapshot.service)
    if not selector or selected_pods(snapshot) or _selected_workloads(snapshot):
        return None
    shown = show_labels(selector)
    nearest = find_nearest_labels(selector, _candidates(snapshot))
    service = _path(snapshot.service)
    return Problem(
        condition="service-selector-no-match",
        object=service,
        severity=Severity.CRITICAL,
        cause=_no_match_cause(snapshot, shown, nearest),
        evidence=tuple(
            [f"spec.selector {shown}", f"pods with these labels in the namespace: 0 of {len(snapshot.pods)}"]
            + ([f"{nearest.owner} has {_show_differing(nearest)}"] if nearest else [])
        ),
        next_step=_no_match_step(service, nearest),
        confidence=0.97 if nearest else 0.85,
    )


def find_no_ready_endpoints(snapshot: ServiceSnapshot) -> Problem | None:
    """The selector fits, but no pod behind it is Ready, or the workload is scaled to zero."""
    selector = selector_of(snapshot.service)
    pods = selected_pods(snapshot)
    if not selector or count_endpoints(snapshot).ready:
        return None
    if not pods:
        return _scaled_to_zero(snapshot)
    unready = [pod for pod in pods if not is_condition_true(pod, "Ready")]
    if len(unready) < len(pods):
        return None
    reasons = sorted({snapshot.pod_problems[name_of(pod)] for pod in pods if name_of(pod) in snapshot.pod_problems})
    if not reasons:
        # Pods that are only just starting are no fault of the Service.
        return None
    names, why = ", ".join(name_of(pod) for pod in pods[:3]), ", ".join(reasons)
    subject = "The pod" if len(pods) == 1 else f"None of the {len(pods)} pods"
    verdict = "is not Ready" if len(pods) == 1 else "is Ready"
    return Problem(
        condition="service-no-ready-endpoints",
        object=_path(snapshot.service),
        severity=Severity.CRITICAL,
        cause=Words(
            f"{subject} behind the Service {name_of(snapshot.service)} {verdict}: {why}.",
            f"Service {name_of(snapshot.service)} 后面的 {len(pods)} 个 Pod 都未就绪：{why}。",
        ),
        evidence=(f"spec.selector {show_labels(selector)}", f"not Ready: {names}", *reasons),
        next_step=Words(
            f"Fix the pods first: k8s-describe-pod name={name_of(pods[0])} names the cause.",
            f"先修复这些 Pod：用 k8s-describe-pod name={name_of(pods[0])} 查看原因。",
        ),
        confidence=0.95,
    )


def _scaled_to_zero(snapshot: ServiceSnapshot) -> Problem | None:
    stopped = [each for each in _selected_workloads(snapshot) if read_int(each, "spec", "replicas") == 0]
    if not stopped:
        return None
    service, workload, namespace = name_of(snapshot.service), name_of(stopped[0]), namespace_of(snapshot.service)
    return Problem(
        condition="service-no-ready-endpoints",
        object=_path(snapshot.service),
        severity=Severity.WARNING,
        cause=Words(
            f"The Deployment {workload} behind the Service {service} is scaled to 0 replicas, so nothing answers.",
            f"Service {service} 后面的 Deployment {workload} 被缩到 0 个副本，因此没有后端。",
        ),
        evidence=(
            f"spec.selector {show_labels(selector_of(snapshot.service))} fits Deployment {workload}",
            f"Deployment {workload}: spec.replicas=0",
        ),
        next_step=Words(
            f"If it should run: k8s-scale-deployment name={workload} namespace={namespace} replicas=1.",
            f"如需运行：k8s-scale-deployment name={workload} namespace={namespace} replicas=1。",
        ),
        confidence=0.95,
    )


def selector_of(service: JsonObject) -> dict[str, str]:
    """The labels a Service selects; none for services without pods of their own."""
    if read_text(service, "spec", "type") == "ExternalName":
        return {}
    return {key: str(value) for key, value in read_map(service, "spec", "selector").items()}


def selected_pods(snapshot: ServiceSnapshot) -> list[JsonObject]:
    selector, place = selector_of(snapshot.service), namespace_of(snapshot.service)
    return [
        pod
        for pod in snapshot.pods
        if namespace_of(pod) == place
        and not is_finished(pod)
        and not is_terminating(pod)
        and matches(selector, labels_of(pod))
    ]


def count_endpoints(snapshot: ServiceSnapshot) -> Endpoints:
    """From the EndpointSlices; counted from the pods when those could not be read."""
    if snapshot.endpoint_slices is None:
        pods = selected_pods(snapshot)
        answering = sum(is_condition_true(pod, "Ready") for pod in pods)
        return Endpoints(answering, len(pods) - answering)
    ready: set[str] = set()
    not_ready: set[str] = set()
    for piece in snapshot.endpoint_slices:
        for endpoint in read_maps(piece, "endpoints"):
            target = read_text(endpoint, "targetRef", "name") or str(endpoint.get("addresses"))
            # An absent value means ready, by definition of the API.
            is_ready = read_map(endpoint, "conditions").get("ready") is not False
            (ready if is_ready else not_ready).add(target)
    return Endpoints(len(ready), len(not_ready - ready))


def _selected_workloads(snapshot: ServiceSnapshot) -> list[JsonObject]:
    selector, place = selector_of(snapshot.service), namespace_of(snapshot.service)
    return [
        each for each in snapshot.workloads if namespace_of(each) == place and matches(selector, _template_labels(each))
    ]


def _template_labels(workload: JsonObject) -> dict[str, str]:
    return labels_of(read_map(workload, "spec", "template"))


def _candidates(snapshot: ServiceSnapshot) -> list[LabelCandidate]:
    place = namespace_of(snapshot.service)
    from_workloads = [
        LabelCandidate(f"Deployment {name_of(each)}", _template_labels(each))
        for each in snapshot.workloads
        if namespace_of(each) == place
    ]
    from_pods = [
        LabelCandidate(" ".join(owner_of(pod)), {k: v for k, v in labels_of(pod).items() if k != _HASH_LABEL})
        for pod in snapshot.pods
        if namespace_of(pod) == place
    ]
    return from_workloads + from_pods


def _no_match_cause(snapshot: ServiceSnapshot, shown: str, nearest: NearestLabels | None) -> Words:
    name = name_of(snapshot.service)
    en = (
        f"The Service {name} selects {shown}, and no pod in namespace {namespace_of(snapshot.service)} has these labels"
    )
    zh = f"Service {name} 的选择器是 {shown}，命名空间 {namespace_of(snapshot.service)} 中没有 Pod 带有这些标签"
    if nearest is None:
        return Words(f"{en}.", f"{zh}。")
    return Words(
        f"{en}; nearest: {nearest.owner} with {_show_differing(nearest)}.",
        f"{zh}；最接近的是 {nearest.owner}，其标签为 {_show_differing(nearest)}。",
    )


def _no_match_step(service: str, nearest: NearestLabels | None) -> Words:
    if nearest is None:
        return Words(
            f"Correct spec.selector of {service}, or create the workload it is meant for.",
            f"改正 {service} 的 spec.selector，或创建它对应的工作负载。",
        )
    return Words(
        f"Set spec.selector of {service} to {_show_differing(nearest)}, if {nearest.owner} is meant.",
        f"如果目标是 {nearest.owner}，把 {service} 的 spec.selector 改为 {_show_differing(nearest)}。",
    )


def _show_differing(nearest: NearestLabels) -> str:
    return ",".join(f"{key}={value or '(missing)'}" for key, value in sorted(nearest.differing.items()))


def _path(service: JsonObject) -> str:
    return f"Service/{namespace_of(service)}/{name_of(service)}"
