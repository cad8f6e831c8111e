"""What an attentive person would see to be wrong in a cluster, without any idea of causes."""

from collections.abc import Callable, Iterator

from simulator.api_resources import (
    APISERVICES,
    DAEMONSETS,
    DEPLOYMENTS,
    HORIZONTALPODAUTOSCALERS,
    JOBS,
    NAMESPACES,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PODS,
    SERVICES,
    STATEFULSETS,
    ResourceType,
)
from simulator.store import JsonObject, ObjectStore


def complaints_about(store: ObjectStore, namespaces: set[str] | None = None) -> list[str]:
    """`Kind/namespace/name: what`, in these namespaces; None: everywhere, and of the cluster itself."""
    found = []
    for resource, check in _CHECKS.items():
        for item in store.list_objects(resource):
            namespace = item["metadata"].get("namespace", "")
            home = item["metadata"]["name"] if resource is NAMESPACES else namespace
            if namespaces is None or home in namespaces:
                place = f"{resource.kind}/{namespace}/{item['metadata']['name']}"
                found += [f"{place}: {what}" for what in check(store, item)]
    return found


def _node(_store: ObjectStore, item: JsonObject) -> Iterator[str]:
    for condition in item["status"]["conditions"]:
        if condition["status"] != ("True" if condition["type"] == "Ready" else "False"):
            yield f"{condition['type']} is {condition['status']}"


def _namespace(_store: ObjectStore, item: JsonObject) -> Iterator[str]:
    if "deletionTimestamp" in item["metadata"]:
        yield "is being deleted"


def _pod(_store: ObjectStore, item: JsonObject) -> Iterator[str]:
    status = item.get("status") or {}
    if "deletionTimestamp" in item["metadata"]:
        yield "is being deleted"
    elif status.get("phase") not in {"Succeeded", "Failed"} and not _has(item, "Ready"):
        yield f"is {status.get('phase', 'unknown')} and not ready"


def _replicated(_store: ObjectStore, item: JsonObject) -> Iterator[str]:
    status, wanted = item.get("status") or {}, item["spec"].get("replicas", 1)
    if status.get("readyReplicas", 0) != wanted:
        yield f"{status.get('readyReplicas', 0)} of {wanted} ready"
    partition = ((item["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0)
    if status.get("updatedReplicas", 0) != wanted and not partition and not item["spec"].get("paused"):
        yield f"{status.get('updatedReplicas', 0)} of {wanted} updated"


def _daemons(_store: ObjectStore, item: JsonObject) -> Iterator[str]:
    if item["status"].get("numberReady", 0) != item["status"].get("desiredNumberScheduled", 0):
        yield "not ready everywhere"


def _job(_store: ObjectStore, item: JsonObject) -> Iterator[str]:
    if not item["metadata"].get("ownerReferences") and _has(item, "Failed"):
        yield "failed"


def _claim(_store: ObjectStore, item: JsonObject) -> Iterator[str]:
    if item["status"]["phase"] != "Bound":
        yield f"is {item['status']['phase']}"


def _service(store: ObjectStore, item: JsonObject) -> Iterator[str]:
    selector = item["spec"].get("selector")
    pods = store.list_objects(PODS, namespace=item["metadata"]["namespace"])
    labelled = [pod for pod in pods if (selector or {}).items() <= (pod["metadata"].get("labels") or {}).items()]
    if selector and not any(_has(pod, "Ready") for pod in labelled):
        yield "no ready endpoint"


def _autoscaler(_store: ObjectStore, item: JsonObject) -> Iterator[str]:
    for condition in (item.get("status") or {}).get("conditions") or []:
        is_limited = condition["reason"] == "TooManyReplicas"
        if is_limited or (condition["type"] != "ScalingLimited" and condition["status"] == "False"):
            yield f"{condition['type']} is {condition['status']}: {condition['reason']}"


def _api_service(_store: ObjectStore, item: JsonObject) -> Iterator[str]:
    if not _has(item, "Available"):
        yield "is not available"


def _has(item: JsonObject, kind: str) -> bool:
    conditions = (item.get("status") or {}).get("conditions") or []
    return any(condition["type"] == kind and condition["status"] == "True" for condition in conditions)


_CHECKS: dict[ResourceType, Callable[[ObjectStore, JsonObject], Iterator[str]]] = {
    NODES: _node,
    NAMESPACES: _namespace,
    PODS: _pod,
    DEPLOYMENTS: _replicated,
    STATEFULSETS: _replicated,
    DAEMONSETS: _daemons,
    JOBS: _job,
    PERSISTENTVOLUMECLAIMS: _claim,
    SERVICES: _service,
    HORIZONTALPODAUTOSCALERS: _autoscaler,
    APISERVICES: _api_service,
}
