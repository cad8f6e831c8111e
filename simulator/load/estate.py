"""The objects around the pods of a large cluster: nodes, namespaces, owners, Services, endpoints, events."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from simulator import api_resources as served
from simulator.clock import format_time
from simulator.load.faults import WrittenEvent
from simulator.load.workloads import Workload
from simulator.store import JsonObject, ObjectStore

_VERSION = "v1.32.13"
_FIRST_SEEN = timedelta(minutes=50)


def namespace_object(name: str) -> JsonObject:
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def node_object(name: str, *, number: int, now: datetime) -> JsonObject:
    room = {"cpu": "16", "memory": "65536000Ki", "pods": "110", "ephemeral-storage": "209612800Ki"}
    conditions = (
        ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID"),
        ("Ready", "True", "KubeletReady"),
    )
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}},
        "spec": {"podCIDR": f"10.{number % 250}.0.0/24"},
        "status": {
            "capacity": room,
            "allocatable": room,
            "conditions": [
                {
                    "type": kind,
                    "status": status,
                    "reason": reason,
                    "lastHeartbeatTime": format_time(now),
                    "lastTransitionTime": format_time(now - timedelta(days=40)),
                }
                for kind, status, reason in conditions
            ],
            "addresses": [{"type": "InternalIP", "address": f"192.0.2.{number % 250 + 1}"}],
            "nodeInfo": {
                "kubeletVersion": _VERSION,
                "osImage": "Debian GNU/Linux 12 (bookworm)",
                "architecture": "amd64",
            },
        },
    }


def create_owners(store: ObjectStore, workload: Workload, template: JsonObject, *, unready: int) -> JsonObject:
    """The Deployment and its ReplicaSet; answers the latter."""
    wanted, ready = workload.replicas, workload.replicas - unready
    selector = {"matchLabels": {"app.kubernetes.io/name": workload.name}}
    revision = {"deployment.kubernetes.io/revision": "1"}
    counts = {"replicas": wanted, "readyReplicas": ready, "availableReplicas": ready, "observedGeneration": 1}
    available = "True" if ready * 4 >= wanted * 3 else "False"
    deployment = store.create(
        served.DEPLOYMENTS,
        {
            "metadata": {
                "name": workload.name,
                "namespace": workload.namespace,
                "labels": _own_labels(workload),
                "annotations": revision,
            },
            "spec": {"replicas": wanted, "selector": selector, "template": template},
            "status": {
                **counts,
                "updatedReplicas": wanted,
                "conditions": [{"type": "Available", "status": available, "reason": "MinimumReplicasAvailable"}],
            },
        },
    )
    return store.create(
        served.REPLICASETS,
        {
            "metadata": {
                "name": workload.replica_set,
                "namespace": workload.namespace,
                "labels": workload.labels,
                "annotations": revision,
                "ownerReferences": [_owner(deployment, served.DEPLOYMENTS)],
            },
            "spec": {"replicas": wanted, "selector": {"matchLabels": workload.labels}, "template": template},
            "status": counts,
        },
    )


def create_configuration(store: ObjectStore, workload: Workload) -> None:
    """What the pods refer to."""
    place = {"namespace": workload.namespace, "labels": _own_labels(workload)}
    store.create(
        served.CONFIGMAPS,
        {"metadata": {"name": f"{workload.name}-config", **place}, "data": {"app.conf": "workers: 4\ntimeout: 30s\n"}},
    )
    store.create(
        served.SECRETS,
        {"metadata": {"name": f"{workload.name}-db", **place}, "type": "Opaque", "data": {"password": "aHVudGVyMg=="}},
    )


def create_service(store: ObjectStore, workload: Workload, pods: Sequence[JsonObject], *, unready: int) -> None:
    """The Service and its endpoints."""
    service = store.create(
        served.SERVICES,
        {
            "metadata": {"name": workload.name, "namespace": workload.namespace, "labels": _own_labels(workload)},
            "spec": {
                "type": "ClusterIP",
                "clusterIP": "None",
                "selector": {"app.kubernetes.io/name": workload.name},
                "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
            },
            "status": {"loadBalancer": {}},
        },
    )
    placed = [pod for pod in pods if pod["status"].get("podIP")]
    store.create(
        served.ENDPOINTSLICES,
        {
            "metadata": {
                "generateName": f"{workload.name}-",
                "namespace": workload.namespace,
                "labels": {"kubernetes.io/service-name": workload.name},
                "ownerReferences": [_owner(service, served.SERVICES)],
            },
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": [
                {
                    "addresses": [pod["status"]["podIP"]],
                    "conditions": {"ready": number >= unready, "serving": number >= unready, "terminating": False},
                    "nodeName": pod["spec"]["nodeName"],
                    "targetRef": {
                        "kind": "Pod",
                        "name": pod["metadata"]["name"],
                        "namespace": workload.namespace,
                        "uid": pod["metadata"]["uid"],
                    },
                }
                for number, pod in enumerate(placed)
            ],
        },
    )


def create_events(store: ObjectStore, pod: JsonObject, events: Sequence[WrittenEvent], *, now: datetime) -> None:
    metadata = pod["metadata"]
    for number, event in enumerate(events):
        store.create(
            served.EVENTS,
            {
                "metadata": {"name": f"{metadata['name']}.{number:016x}", "namespace": metadata["namespace"]},
                "involvedObject": {
                    "kind": "Pod",
                    "apiVersion": "v1",
                    "name": metadata["name"],
                    "namespace": metadata["namespace"],
                    "uid": metadata["uid"],
                },
                "type": "Warning",
                "reason": event.reason,
                "message": event.message,
                "count": event.count,
                "firstTimestamp": format_time(now - _FIRST_SEEN),
                "lastTimestamp": format_time(now - timedelta(seconds=7 + number)),
                "source": {"component": "kubelet"},
                "reportingComponent": "kubelet",
            },
        )


def _own_labels(workload: Workload) -> dict[str, str]:
    return {key: value for key, value in workload.labels.items() if key != "pod-template-hash"}


def _owner(item: JsonObject, resource: served.ResourceType) -> JsonObject:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": item["metadata"]["name"],
        "uid": item["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
