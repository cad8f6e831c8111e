"""What a diagnosis could not look at, so that silence about it is not taken for health."""

from __future__ import annotations

from collections.abc import Iterator

from k8s_diagnosis.cases import PodCase
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.snapshot import Unread

_LOOKED_AT = (
    "Pod",
    "Event",
    "Node",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "EndpointSlice",
    "ConfigMap",
    "Secret",
    "PersistentVolumeClaim",
    "StorageClass",
    "ResourceQuota",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Ingress",
    "IngressClass",
    "NetworkPolicy",
    "PodMetrics",
    "NodeMetrics",
)
_MAX_LOGS = 20


def list_unknown(index: ClusterIndex) -> Iterator[Unread]:
    """Kinds that were not read, what was refused, and logs that would tell why a container failed."""
    told = {each.what for each in index.snapshot.unread}
    yield from index.snapshot.unread
    for kind in _LOOKED_AT:
        if kind not in index.snapshot.complete and kind not in told:
            yield Unread(kind, "not in the snapshot")
    yield from _missing_logs(index)


def _missing_logs(index: ClusterIndex) -> Iterator[Unread]:
    count = 0
    for pod in index.all("Pod"):
        for container in PodCase(index, pod).containers:
            if container.is_crashing and not container.failed_log:
                count += 1
                if count <= _MAX_LOGS:
                    yield Unread(f"log of {container.pod.namespace}/{container.pod.name} {container.name}", "not read")
    if count > _MAX_LOGS:
        yield Unread(f"logs of {count - _MAX_LOGS} more containers", "not read")
