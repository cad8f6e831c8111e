"""Services that send traffic nowhere."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence

from k8s_diagnosis.cases import PodCase
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.logs.dependencies import Trouble, find_unreached
from k8s_diagnosis.logs.listening import ListeningPort, find_listening
from k8s_diagnosis.logs.progress import find_age
from k8s_diagnosis.objects.access import (
    JsonObject,
    labels_of,
    name_of,
    namespace_of,
    object_path,
    read_flag,
    read_int,
    read_map,
    read_maps,
    read_text,
)
from k8s_diagnosis.objects.labels import (
    LabelCandidate,
    NearestLabels,
    find_nearest_labels,
    show_labels,
    template_labels,
)
from k8s_diagnosis.objects.pods import is_condition_true, owner_of
from k8s_diagnosis.objects.probes import declared_ports, probe_port
from k8s_diagnosis.objects.services import (
    count_endpoints,
    is_headless,
    resolve_host,
    selected_pods,
    selected_workloads,
    selector_of,
)
from k8s_diagnosis.problem import Fix, Problem, Severity, Words
from k8s_diagnosis.text.times import parse_time, seconds_between

_HASH_LABELS = {"pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name"}
_PATIENCE_SECONDS = 120
# Logs are read to see who complains about a Service; the newest pods of a namespace are enough for that.
_CLIENTS_READ = 30
_LINES_OF_A_CLIENT = 20
_STALE_SECONDS = 900
_SCALE_TO_ZERO_LABELS = ("autoscaling.knative.dev/minScale", "scaledobject.keda.sh/name", "httpscaledobject")


def find_services(index: ClusterIndex) -> Iterator[Problem]:
    for service in index.all("Service"):
        problem = judge_service(index, service)
        if problem is not None:
            yield problem


def judge_service(index: ClusterIndex, service: JsonObject) -> Problem | None:
    """The problem of one Service; without the pods little can be said about who stands behind it."""
    if not selector_of(service):
        return None
    if not index.is_complete("Pod", namespace_of(service)):
        return _scaled_to_zero(index, service) if _is_all_stopped(index, service) else None
    return (
        _selector_no_match(index, service)
        or _named_port(index, service)
        or _no_endpoints(index, service)
        or (_wrong_target_port(index, service))
    )


def _selector_no_match(index: ClusterIndex, service: JsonObject) -> Problem | None:
    """No pod and no workload carries the labels the Service selects."""
    selector, namespace = selector_of(service), namespace_of(service)
    if index.pods_with(selector, namespace=namespace) or selected_workloads(index, service):
        return None
    # Jobs bring pods with labels of their own, now and then only.
    if any(_template_matches(selector, each) for each in index.in_namespace("CronJob", namespace)):
        return None
    shown, nearest = show_labels(selector), find_nearest_labels(selector, _candidates(index, namespace))
    # Charts of monitoring bring headless Services for parts of the control plane that a managed cluster does not show.
    if nearest is None and is_headless(service):
        return None
    # Pods that are not there may belong to a workload that was not read; labels that nearly fit speak for themselves.
    are_workloads_known = all(index.is_complete(kind, namespace) for kind in ("Deployment", "StatefulSet"))
    if not are_workloads_known and (nearest is None or not index.is_complete("Deployment", namespace)):
        return None
    path = object_path("Service", service)
    return Problem(
        condition="service-selector-no-match",
        object=path,
        severity=Severity.CRITICAL,
        cause=_no_match_cause(service, shown, nearest),
        evidence=(
            f"spec.selector {shown}",
            f"pods with these labels in the namespace: 0 of {len(index.in_namespace('Pod', namespace))}",
            *((f"{nearest.owner} has {_show_differing(nearest)}",) if nearest else ()),
        ),
        next_step=_no_match_step(path, nearest),
        confidence=0.97 if nearest else 0.85,
        fix=_reselect(service, nearest) if nearest and all(nearest.differing.values()) else None,
    )


def _template_matches(selector: dict[str, str], cronjob: JsonObject) -> bool:
    labels = labels_of(read_map(cronjob, "spec", "jobTemplate", "spec", "template"))
    return all(labels.get(key) == value for key, value in selector.items())


def _candidates(index: ClusterIndex, namespace: str) -> list[LabelCandidate]:
    workloads = [
        LabelCandidate(f"{kind} {name_of(each)}", template_labels(each))
        for kind in ("Deployment", "StatefulSet", "DaemonSet")
        for each in index.in_namespace(kind, namespace)
    ]
    owned: dict[str, LabelCandidate] = {}
    for pod in index.in_namespace("Pod", namespace):
        labels = {key: value for key, value in labels_of(pod).items() if key not in _HASH_LABELS}
        owner = " ".join(owner_of(pod))
        owned.setdefault(owner, LabelCandidate(owner, labels))
    return [*workloads, *owned.values()]


def _no_match_cause(service: JsonObject, shown: str, nearest: NearestLabels | None) -> Words:
    name, namespace = name_of(service), namespace_of(service)
    en = f"The Service {name} selects {shown}, and no pod in namespace {namespace} has these labels"
    zh = f"Service {name} 的选择器是 {shown}，命名空间 {namespace} 中没有 Pod 带有这些标签"
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


def _reselect(service: JsonObject, nearest: NearestLabels) -> Fix:
    return _patch_service(service, {"spec": {"selector": dict(nearest.differing)}})


def _named_port(index: ClusterIndex, service: JsonObject) -> Problem | None:
    """The Service names a port that no container of its pods calls so."""
    pods = selected_pods(index, service)
    for port in read_maps(service, "spec", "ports"):
        wanted = read_text(port, "targetPort")
        if not wanted or wanted.isdigit() or not pods:
            continue
        offered = {name: number for number, name in _all_ports(pods).items() if name}
        if wanted in offered:
            continue
        named = ", ".join(f"{name} ({number})" for name, number in sorted(offered.items())) or "none"
        path = object_path("Service", service)
        right = next(iter(sorted(offered)), "") if len(offered) == 1 else ""
        return Problem(
            condition="service-named-port-missing",
            object=path,
            severity=Severity.CRITICAL,
            cause=Words(
                f"The Service {name_of(service)} sends to the port named {wanted}, which no container of its pods has "
                "(named "
                f"ports: {named}): it has no usable endpoint.",
                f"Service {name_of(service)} 指向名为 {wanted} 的端口，而其 Pod 的容器没有这个端口（现有命名端口："
                f"{named}），因此没有可用端点。",
            ),
            evidence=(f"{path}: targetPort={wanted}", f"named container ports: {named}"),
            next_step=Words(
                f"Set targetPort of {path} to {right or 'a port that exists'}, or name the container's port {wanted}.",
                f"把 {path} 的 targetPort 改为 {right or '存在的端口'}，或把容器端口命名为 {wanted}。",
            ),
            confidence=0.96,
            fix=_retarget(service, port, right) if right else None,
        )
    return None


def _no_endpoints(index: ClusterIndex, service: JsonObject) -> Problem | None:
    """The selector fits, but no pod behind it is Ready, or there is none."""
    if count_endpoints(index, service).ready or read_flag(service, "spec", "publishNotReadyAddresses"):
        return None
    pods = selected_pods(index, service)
    if not pods:
        return _scaled_to_zero(index, service) or _without_pods(index, service)
    unready = [pod for pod in pods if not is_condition_true(pod, "Ready")]
    if len(unready) < len(pods) or all(_is_young(index, pod) for pod in pods):
        return None
    names = ", ".join(name_of(pod) for pod in pods[:3])
    subject = "The pod" if len(pods) == 1 else f"None of the {len(pods)} pods"
    verdict = "is not Ready" if len(pods) == 1 else "is Ready"
    behind = tuple(dict.fromkeys(index.workload_of(pod) for pod in pods))
    return Problem(
        condition="service-no-ready-endpoints",
        object=object_path("Service", service),
        severity=Severity.CRITICAL,
        cause=Words(
            f"{subject} behind the Service {name_of(service)} {verdict}.",
            f"Service {name_of(service)} 后面的 {len(pods)} 个 Pod 都未就绪。",
        ),
        evidence=(f"spec.selector {show_labels(selector_of(service))}", f"not Ready: {names}"),
        next_step=Words(
            f"Fix the pods first: k8s-describe-pod name={name_of(pods[0])} namespace={namespace_of(service)} names the "
            "cause.",
            f"先修复这些 Pod：用 k8s-describe-pod name={name_of(pods[0])} namespace={namespace_of(service)} 查看原因。",
        ),
        confidence=0.9,
        because=behind,
    )


def _scaled_to_zero(index: ClusterIndex, service: JsonObject) -> Problem | None:
    """The workload was stopped on purpose or by mistake; a Service in front of it says that somebody calls it."""
    stopped = [
        (kind, each)
        for kind, each in selected_workloads(index, service)
        if kind != "DaemonSet" and read_map(each, "spec").get("replicas") == 0 and not _sleeps(index, each)
    ]
    if not stopped:
        return None
    kind, workload = stopped[0]
    name, namespace, path = name_of(workload), namespace_of(workload), object_path(kind, workload)
    return Problem(
        condition="scaled-to-zero",
        object=path,
        subject=path,
        severity=Severity.WARNING,
        cause=Words(
            f"The {kind} {name} is scaled to 0 replicas, so the Service {name_of(service)} in front of it has no "
            "endpoints.",
            f"{kind} {name} 被缩到 0 个副本，因此前面的 Service {name_of(service)} 没有端点。",
        ),
        evidence=(
            f"{path}: spec.replicas=0",
            f"Service {name_of(service)}: spec.selector {show_labels(selector_of(service))} fits {kind} {name}",
        ),
        next_step=Words(
            f"If it should run: k8s-scale-deployment name={name} namespace={namespace} replicas=1.",
            f"如需运行：k8s-scale-deployment name={name} namespace={namespace} replicas=1。",
        ),
        confidence=0.93,
        touches=(object_path("Service", service),),
        fix=Fix(
            command=shlex.join(["kubectl", "-n", namespace, "scale", f"{kind.lower()}/{name}", "--replicas=1"]),
            tool="k8s-scale-deployment" if kind == "Deployment" else "",
            arguments={"name": name, "namespace": namespace, "replicas": 1} if kind == "Deployment" else None,
        ),
    )


def _is_all_stopped(index: ClusterIndex, service: JsonObject) -> bool:
    """Whether by their own status no workload behind the Service has pods."""
    behind = selected_workloads(index, service)
    counts = [read_int(each, "status", "replicas") for kind, each in behind if kind != "DaemonSet"]
    return bool(counts) and len(counts) == len(behind) and not any(counts) and not selected_pods(index, service)


def _sleeps(index: ClusterIndex, workload: JsonObject) -> bool:
    """Scaled to zero by a machine that wakes it up again."""
    marks = {**labels_of(workload), **read_map(workload, "metadata", "annotations")}
    if any(key.startswith(_SCALE_TO_ZERO_LABELS) for key in marks):
        return True
    namespace, name = namespace_of(workload), name_of(workload)
    return any(
        read_text(each, "spec", "scaleTargetRef", "name") == name
        for kind in ("ScaledObject", "HTTPScaledObject", "HorizontalPodAutoscaler")
        for each in index.in_namespace(kind, namespace)
        if kind != "HorizontalPodAutoscaler" or _may_reach_zero(each)
    )


def _may_reach_zero(autoscaler: JsonObject) -> bool:
    is_of_keda = any(key.startswith(_SCALE_TO_ZERO_LABELS) for key in labels_of(autoscaler))
    return is_of_keda or read_map(autoscaler, "spec").get("minReplicas") == 0


def _without_pods(index: ClusterIndex, service: JsonObject) -> Problem | None:
    """The workload should have pods and has none: whatever refuses them is the cause."""
    wanting = [
        (kind, each)
        for kind, each in selected_workloads(index, service)
        if read_map(each, "spec").get("replicas", 1) != 0
    ]
    if not wanting or all(_is_young(index, each) for _, each in wanting):
        return None
    paths = tuple(object_path(kind, each) for kind, each in wanting)
    return Problem(
        condition="service-no-ready-endpoints",
        object=object_path("Service", service),
        severity=Severity.CRITICAL,
        cause=Words(
            f"The Service {name_of(service)} has no endpoints: {paths[0]} has no pods.",
            f"Service {name_of(service)} 没有端点：{paths[0]} 没有 Pod。",
        ),
        evidence=(f"spec.selector {show_labels(selector_of(service))} fits {paths[0]}", "pods: 0"),
        next_step=Words(f"Find out why {paths[0]} has no pods.", f"查明 {paths[0]} 为何没有 Pod。"),
        confidence=0.85,
        because=paths,
    )


def _wrong_target_port(index: ClusterIndex, service: JsonObject) -> Problem | None:
    """The Service sends to a port on which its pods do not listen."""
    pods = [pod for pod in selected_pods(index, service) if is_condition_true(pod, "Ready")]
    if not pods or (is_headless(service) and not read_maps(service, "spec", "ports")):
        return None
    declared = _all_ports(pods)
    ports = [port for port in read_maps(service, "spec", "ports") if read_text(port, "protocol") in {"", "TCP"}]
    right = [port for port in ports if _target_of(port, declared) in declared]
    heard = _heard_ports(index, pods[0]) if len(right) < len(ports) else []
    for port in ports:
        target = _target_of(port, declared)
        listened = {each.number: each for each in heard}
        if target is None or target in declared or target in listened:
            continue
        complaint = _find_complaint(index, service, read_int(port, "port"))
        # A second, undeclared port beside a right one may well be served: metrics often are.
        if not complaint and (right or not (declared or listened)):
            continue
        return _wrong_target(service, port, pods[0], heard=heard, complaint=complaint)
    return None


def _wrong_target(
    service: JsonObject, port: JsonObject, pod: JsonObject, *, heard: Sequence[ListeningPort], complaint: str
) -> Problem:
    path, name, target = object_path("Service", service), name_of(service), read_text(port, "targetPort")
    offered = sorted({each.number for each in heard} or _all_ports([pod]))
    shown = ", ".join(str(number) for number in offered)
    probed = sorted(_probed_ports(pod) & set(offered))
    right = str((probed or offered)[0]) if offered else ""
    return Problem(
        condition="service-wrong-target-port",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The Service {name} sends to port {target or read_text(port, 'port')}, but its pods listen on {shown}: "
            "callers are "
            "refused although the pods are Ready.",
            f"Service {name} 把流量发往端口 {target or read_text(port, 'port')}，而其 Pod 监听 {shown}：Pod 虽已就绪，"
            "调用方仍被拒绝。",
        ),
        evidence=(
            f"{path}: port={read_text(port, 'port')} targetPort={target}",
            f"{name_of(pod)}: containerPort "
            f"{', '.join(str(number) for number in sorted(_all_ports([pod]))) or '(none)'}",
            *(f"log: {each.line}" for each in heard[:1]),
            *((complaint,) if complaint else ()),
        ),
        next_step=Words(
            f"Set targetPort of {path} to {right or 'the port the program listens on'}.",
            f"把 {path} 的 targetPort 改为 {right or '程序监听的端口'}。",
        ),
        confidence=0.96 if complaint or heard else 0.85,
        fix=_retarget(service, port, int(right)) if right else None,
    )


def _target_of(port: JsonObject, declared: dict[int, str]) -> int | None:
    target = read_text(port, "targetPort") or read_text(port, "port")
    if target.isdigit():
        return int(target)
    return next((number for number, name in declared.items() if name == target), None)


def _all_ports(pods: Sequence[JsonObject]) -> dict[int, str]:
    """Declared ports of all containers, native sidecars included."""
    ports: dict[int, str] = {}
    for pod in pods:
        ports.update(declared_ports([*read_maps(pod, "spec", "initContainers"), *read_maps(pod, "spec", "containers")]))
    return ports


def _probed_ports(pod: JsonObject) -> set[int]:
    return {
        port
        for container in read_maps(pod, "spec", "containers")
        for kind in ("readinessProbe", "livenessProbe")
        if (port := probe_port(read_map(container, kind), container)) is not None
    }


def _heard_ports(index: ClusterIndex, pod: JsonObject) -> list[ListeningPort]:
    return [port for container in PodCase(index, pod).containers for port in find_listening(container.current_log)]


def _find_complaint(index: ClusterIndex, service: JsonObject, port: int) -> str:
    """A line in the log of another pod that was refused by this Service."""
    namespace, name = namespace_of(service), name_of(service)
    for pod in list(index.in_namespace("Pod", namespace))[-_CLIENTS_READ:]:
        for container in PodCase(index, pod).containers:
            found = find_unreached(container.current_log[-_LINES_OF_A_CLIENT:])
            if found is None or found.trouble is Trouble.UNRESOLVED or found.port not in {None, port}:
                continue
            if (find_age(found.line, now=index.now) or 0) > _STALE_SECONDS:
                continue
            if found.host and resolve_host(index, found.host, namespace=namespace) == (namespace, name):
                return f"log of {name_of(pod)}: {found.line}"
    return ""


def _is_young(index: ClusterIndex, source: JsonObject) -> bool:
    created = parse_time(read_text(source, "metadata", "creationTimestamp"))
    return (seconds_between(created, index.now) or 0) < _PATIENCE_SECONDS


def _retarget(service: JsonObject, port: JsonObject, target: int | str) -> Fix:
    entry = {"port": read_int(port, "port"), "protocol": read_text(port, "protocol") or "TCP", "targetPort": target}
    return _patch_service(service, {"spec": {"ports": [entry]}})


def _patch_service(service: JsonObject, patch: dict[str, object]) -> Fix:

    name, namespace = name_of(service), namespace_of(service)
    return Fix(
        command=shlex.join(["kubectl", "-n", namespace, "patch", "service", name, "-p", json.dumps(patch)]),
        tool="k8s-patch-resource",
        arguments={"kind": "Service", "name": name, "namespace": namespace, "patch": patch},
    )


def _show_differing(nearest: NearestLabels) -> str:
    return ",".join(f"{key}={value or '(missing)'}" for key, value in sorted(nearest.differing.items()))
