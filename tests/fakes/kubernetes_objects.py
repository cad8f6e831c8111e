"""Plain API objects for tests of the rules, and snapshots made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from k8s_diagnosis.conditions import CONDITIONS
from k8s_diagnosis.diagnosing import Diagnosis, diagnose
from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.snapshot import EVERYWHERE, ClusterSnapshot, ContainerLogs

MESSAGES = Path(__file__).parent.parent / "data" / "failure_messages"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NAMESPACE = "prod"
_CLUSTER_KINDS = {"Node", "Namespace", "PersistentVolume", "StorageClass", "IngressClass", "APIService", "ClusterRole"}
_ALL_KINDS = (
    *("Pod", "Event", "Node", "Namespace", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"),
    *("Service", "EndpointSlice", "ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim", "PersistentVolume"),
    *("StorageClass", "ResourceQuota", "LimitRange", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress"),
    *("IngressClass", "NetworkPolicy", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "PodMetrics"),
    *("NodeMetrics", "APIService"),
)


def read_messages(name: str, *keys: str) -> list[tuple[str, ...]]:
    """Wordings of failures, kept as data (see tests/data/failure_messages), with the fields of the keys."""
    rows = yaml.safe_load((MESSAGES / f"{name}.yaml").read_text(encoding="utf-8"))
    return [tuple(row[key] for key in keys) for row in rows]


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def make(kind: str, name: str, *, age: float = 60, **fields: Any) -> JsonObject:  # Any: fields of the API object
    """An object of its kind; labels, annotations and owner go into its metadata, age is in minutes."""
    metadata: JsonObject = {"name": name, "creationTimestamp": ago(age)}
    if kind not in _CLUSTER_KINDS:
        metadata["namespace"] = fields.pop("namespace", NAMESPACE)
    for key in ("labels", "annotations", "finalizers", "deletionTimestamp", "uid"):
        if key in fields:
            metadata[key] = fields.pop(key)
    owner = fields.pop("owner", None)
    if owner:
        owner_kind, _, owner_name = owner.partition("/")
        metadata["ownerReferences"] = [{"kind": owner_kind, "name": owner_name, "controller": True}]
    return {"kind": kind, "metadata": metadata, **fields}


def running(*, ready: bool = True, restarts: int = 0, minutes: float = 30, **status: Any) -> JsonObject:
    """A container status: up since the given minutes."""
    started = {"startedAt": ago(minutes)}
    return {"ready": ready, "restartCount": restarts, "state": {"running": started}, **status}


def waiting(reason: str, message: str = "", **status: Any) -> JsonObject:
    return {"ready": False, "restartCount": 0, "state": {"waiting": {"reason": reason, "message": message}}, **status}


def ended(exit_code: int, *, reason: str = "", minutes: float = 1, seconds: float = 5, **more: Any) -> JsonObject:
    """A terminated state that ended the given minutes ago after the given seconds."""
    name = reason or ("Error" if exit_code else "Completed")
    times = {"startedAt": ago(minutes + seconds / 60), "finishedAt": ago(minutes)}
    return {"terminated": {"exitCode": exit_code, "reason": name, **times, **more}}


def looping(exit_code: int, *, restarts: int = 5, **end: Any) -> JsonObject:
    """In a crash loop, down at the moment."""
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 2m40s restarting failed container"}}
    return {"ready": False, "restartCount": restarts, "state": state, "lastState": ended(exit_code, **end)}


def make_pod(
    name: str = "shop-7d9c5b6f4-abcde",
    *,
    status: JsonObject | None = None,
    container: JsonObject | None = None,
    **fields: Any,
) -> JsonObject:
    """A pod with one container `shop` in the given state, running and ready without one."""
    state = status or running()
    is_ready = bool(state.get("ready"))
    phase = fields.pop("phase", "Running" if is_ready or "running" in state.get("state", {}) else "Pending")
    conditions = fields.pop("conditions", [condition("Ready", is_ready), condition("PodScheduled", True)])
    status_fields = fields.pop("pod_status", {})
    spec = {
        "nodeName": "node-1",
        "restartPolicy": "Always",
        **fields.pop("spec", {}),
        "containers": [{"name": "shop", "image": "shop:1", **(container or {})}, *fields.pop("more_containers", [])],
    }
    statuses = [{"name": "shop", **state}, *fields.pop("more_statuses", [])]
    return make(
        "Pod",
        name,
        spec=spec,
        status={
            "phase": phase,
            "conditions": conditions,
            "containerStatuses": statuses,
            **status_fields,
        },
        labels=fields.pop("labels", {"app": "shop", "pod-template-hash": "7d9c5b6f4"}),
        owner=fields.pop("owner", "ReplicaSet/shop-7d9c5b6f4"),
        **fields,
    )


def pending(message: str, *, reason: str = "Unschedulable", **fields: Any) -> JsonObject:
    """A pod that the scheduler could not place."""
    spec = {"nodeName": "", **fields.pop("spec", {})}
    scheduled = condition("PodScheduled", False, reason=reason, message=message)
    pod = make_pod(phase="Pending", conditions=[scheduled], spec=spec, status=waiting(""), **fields)
    pod["status"]["containerStatuses"] = []
    return pod


def condition(kind: str, is_true: bool | None, *, reason: str = "", message: str = "", age: float = 30) -> JsonObject:
    status = "Unknown" if is_true is None else str(is_true)
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(age)}


def make_deployment(name: str = "shop", *, replicas: int = 1, ready: int | None = None, **fields: Any) -> JsonObject:
    """A Deployment whose pods carry the label app=NAME."""
    available = replicas if ready is None else ready
    labels = {"app": name}
    container = {"name": name, "image": f"{name}:1", **fields.pop("container", {})}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], **fields.pop("pod_spec", {})}}
    return make(
        fields.pop("kind", "Deployment"),
        name,
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": template,
            **fields.pop("spec", {}),
        },
        status={
            "replicas": replicas,
            "readyReplicas": available,
            "availableReplicas": available,
            "updatedReplicas": replicas,
            **fields.pop("status", {}),
        },
        **fields,
    )


def make_service(name: str = "shop", *, selector: JsonObject | None = None, **spec: Any) -> JsonObject:
    ports = spec.pop("ports", [{"port": 80, "targetPort": 8080, "protocol": "TCP"}])
    return make(
        "Service",
        name,
        spec={
            "selector": {"app": "shop"} if selector is None else selector,
            "ports": ports,
            "clusterIP": "10.96.0.9",
            **spec,
        },
    )


def make_slice(service: str = "shop", *, ready: int = 1, not_ready: int = 0) -> JsonObject:
    endpoints = [
        {"addresses": [f"10.244.0.{at}"], "conditions": {"ready": at < ready}} for at in range(ready + not_ready)
    ]
    return make("EndpointSlice", f"{service}-x", labels={"kubernetes.io/service-name": service}, endpoints=endpoints)


def make_event(about: str, reason: str, message: str, *, count: int = 5, age: float = 1, **fields: Any) -> JsonObject:
    """An event about Kind/name."""
    kind, _, name = about.partition("/")
    involved = {"kind": kind, "name": name, "namespace": NAMESPACE, **fields.pop("involved", {})}
    return {
        "kind": "Event",
        "metadata": {"name": f"{name}.{reason}", "namespace": NAMESPACE},
        "involvedObject": involved,
        "type": fields.pop("type", "Warning"),
        "reason": reason,
        "message": message,
        "count": count,
        "firstTimestamp": ago(age + 10),
        "lastTimestamp": ago(age),
        **fields,
    }


def make_node(name: str = "node-1", *, ready: bool | None = True, **fields: Any) -> JsonObject:
    allocatable = {"cpu": "4", "memory": "8Gi", "pods": "110", **fields.pop("allocatable", {})}
    conditions = [condition("Ready", ready, message="kubelet says"), *fields.pop("conditions", [])]
    return make(
        "Node",
        name,
        spec=fields.pop("spec", {}),
        status={"allocatable": allocatable, "conditions": conditions, "nodeInfo": {"architecture": "amd64"}},
        labels={"kubernetes.io/hostname": name, **fields.pop("labels", {})},
        **fields,
    )


def make_snapshot(*objects: JsonObject, logs: Mapping[str, str] | None = None, **options: Any) -> ClusterSnapshot:
    """Everything that there is, wholly read; without nodes those were not read.

    Logs are given by POD/CONTAINER, with :previous for the run before.
    """
    by_kind: dict[str, list[JsonObject]] = defaultdict(list)
    for each in objects:
        by_kind[each["kind"]].append(each)
    read: dict[tuple[str, str, str], ContainerLogs] = {}
    for key, text in (logs or {}).items():
        path, _, which = key.partition(":")
        pod, _, container = path.partition("/")
        place = (NAMESPACE, pod, container or "shop")
        known = read.get(place, ContainerLogs())
        read[place] = ContainerLogs(known.current, text) if which else ContainerLogs(text, known.previous)
    kinds = [kind for kind in _ALL_KINDS if kind != "Node" or by_kind["Node"]]
    complete = options.get("complete", dict.fromkeys(kinds, frozenset({EVERYWHERE})))
    return ClusterSnapshot(NOW, dict(by_kind), complete, read)


def diagnose_objects(*objects: JsonObject, logs: Mapping[str, str] | None = None) -> Diagnosis:
    """Diagnose a cluster of these objects; every condition named must be one of the registered ones."""
    diagnosis = diagnose(make_snapshot(*objects, logs=logs))
    for finding in diagnosis.findings:
        assert all(each.problem.condition in CONDITIONS for each in finding.walk())
    return diagnosis


def conditions_of(*objects: JsonObject, logs: Mapping[str, str] | None = None) -> list[str]:
    """Conditions at the roots, weightiest first."""
    return [finding.problem.condition for finding in diagnose_objects(*objects, logs=logs).findings]
