"""The revisions of a workload, read from what its controller keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, labels_of, name_of, read_int, read_map, read_maps, read_text
from k8s_mcp.cluster.interfaces import Resource

REPLICA_SETS = Resource("ReplicaSet", "replicasets", "/apis/apps/v1", short_names=("rs",))
CONTROLLER_REVISIONS = Resource("ControllerRevision", "controllerrevisions", "/apis/apps/v1")

_REVISION = "deployment.kubernetes.io/revision"
_CHANGE_CAUSE = "kubernetes.io/change-cause"
_TEMPLATE_HASH = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a workload's pod template."""

    number: int
    name: str
    """Of the ReplicaSet or ControllerRevision that holds it."""
    created: str
    change_cause: str
    template: JsonObject
    replicas: int | None
    """Pods of this revision now; None where the controller does not say."""
    ready: int | None
    is_current: bool


def revisions_of_deployment(deployment: JsonObject, replica_sets: Iterable[JsonObject]) -> list[Revision]:
    """Newest first. A ReplicaSet that was rolled back to has the number of its latest use."""
    current = _annotation(deployment, _REVISION)
    found = [
        Revision(
            number=int(_annotation(each, _REVISION)),
            name=name_of(each),
            created=read_text(each, "metadata", "creationTimestamp"),
            change_cause=_annotation(each, _CHANGE_CAUSE),
            template=_without_hash(read_map(each, "spec", "template")),
            replicas=read_int(each, "status", "replicas"),
            ready=read_int(each, "status", "readyReplicas"),
            is_current=_annotation(each, _REVISION) == current,
        )
        for each in _owned_by(deployment, replica_sets)
        if _annotation(each, _REVISION).isdigit()
    ]
    return sorted(found, key=lambda revision: revision.number, reverse=True)


def revisions_of_set(workload: JsonObject, controller_revisions: Iterable[JsonObject]) -> list[Revision]:
    """Newest first, of a StatefulSet or DaemonSet; the newest is the one it rolls to."""
    owned = sorted(_owned_by(workload, controller_revisions), key=lambda each: read_int(each, "revision"), reverse=True)
    wanted = read_text(workload, "status", "updateRevision")
    return [
        Revision(
            number=read_int(each, "revision"),
            name=name_of(each),
            created=read_text(each, "metadata", "creationTimestamp"),
            change_cause=_annotation(each, _CHANGE_CAUSE),
            template=read_map(each, "data", "spec", "template"),
            replicas=None,
            ready=None,
            is_current=name_of(each) == wanted if wanted else position == 0,
        )
        for position, each in enumerate(owned)
    ]


def selector_of(workload: JsonObject) -> str | None:
    """The label selector of a workload as a request writes it; None when it cannot be written so."""
    selector = read_map(workload, "spec", "selector")
    if read_maps(selector, "matchExpressions"):
        return None
    return ",".join(f"{key}={value}" for key, value in read_map(selector, "matchLabels").items()) or None


def find_revision(revisions: Sequence[Revision], number: int) -> Revision | None:
    return next((each for each in revisions if each.number == number), None)


def _owned_by(owner: JsonObject, objects: Iterable[JsonObject]) -> list[JsonObject]:
    uid = read_text(owner, "metadata", "uid")
    return [
        each
        for each in objects
        if any(read_text(reference, "uid") == uid for reference in read_maps(each, "metadata", "ownerReferences"))
    ]


def _annotation(source: JsonObject, key: str) -> str:
    return str(read_map(source, "metadata", "annotations").get(key) or "")


def _without_hash(template: JsonObject) -> JsonObject:
    """The label that Kubernetes adds to tell the pods of revisions apart is no change that anybody made."""
    labels = {key: value for key, value in labels_of(template).items() if key != _TEMPLATE_HASH}
    return {**template, "metadata": {**read_map(template, "metadata"), "labels": labels}}
