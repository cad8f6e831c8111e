"""Finds the relations between objects, one function per pair of kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from k8s_diagnosis.objects.access import JsonObject, labels_of, name_of, read_map, read_maps, read_text
from k8s_mcp.relations.graph import Edge, Point
from k8s_mcp.relations.references import references_of
from k8s_mcp.selecting.labels import matches_selector

Objects = Mapping[str, Sequence[JsonObject]]
"""Objects of one namespace by kind."""

_SERVICE_NAME = "kubernetes.io/service-name"
_TEMPLATES = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")


def find_edges(objects: Objects) -> list[Edge]:
    return [
        *_routes(objects),
        *_endpoints(objects),
        *_ownership(objects),
        *_scaling(objects),
        *_selection(objects, "PodDisruptionBudget", "protects"),
        *_selection(objects, "NetworkPolicy", "restricts"),
        *_uses(objects),
        *_placement(objects),
        *_volumes(objects),
    ]


def _routes(objects: Objects) -> Iterator[Edge]:
    for ingress in objects.get("Ingress", ()):
        source = ("Ingress", name_of(ingress))
        default = read_text(ingress, "spec", "defaultBackend", "service", "name")
        if default:
            yield Edge(source, "routes the rest to", ("Service", default))
        for rule in read_maps(ingress, "spec", "rules"):
            for path in read_maps(rule, "http", "paths"):
                service = read_text(path, "backend", "service", "name")
                if service:
                    where = f"{read_text(rule, 'host') or '*'}{read_text(path, 'path') or '/'}"
                    yield Edge(source, f"routes {where} to", ("Service", service))
        for tls in read_maps(ingress, "spec", "tls"):
            if read_text(tls, "secretName"):
                yield Edge(source, "has its certificate in", ("Secret", read_text(tls, "secretName")))


def _endpoints(objects: Objects) -> Iterator[Edge]:
    """Service to pods over the slices; a Service without slices is joined by its selector."""
    with_slices = set()
    for each in objects.get("EndpointSlice", ()):
        service = labels_of(each).get(_SERVICE_NAME, "")
        source: Point = ("EndpointSlice", name_of(each))
        if service:
            with_slices.add(service)
            yield Edge(("Service", service), "has endpoints in", source)
        for endpoint in read_maps(each, "endpoints"):
            if read_text(endpoint, "targetRef", "kind") == "Pod":
                ready = read_map(endpoint, "conditions").get("ready") is not False
                relation = "sends to" if ready else "holds back (not ready)"
                yield Edge(source, relation, ("Pod", read_text(endpoint, "targetRef", "name")))
    for service_object in objects.get("Service", ()):
        selector = read_map(service_object, "spec", "selector")
        if not selector or name_of(service_object) in with_slices:
            continue
        for pod in objects.get("Pod", ()):
            if selector.items() <= labels_of(pod).items():
                yield Edge(("Service", name_of(service_object)), "selects", ("Pod", name_of(pod)))


def _ownership(objects: Objects) -> Iterator[Edge]:
    for kind, owned in objects.items():
        if kind == "EndpointSlice":
            continue
        for each in owned:
            for owner in read_maps(each, "metadata", "ownerReferences"):
                yield Edge((read_text(owner, "kind"), read_text(owner, "name")), "owns", (kind, name_of(each)))


def _scaling(objects: Objects) -> Iterator[Edge]:
    for scaler in objects.get("HorizontalPodAutoscaler", ()):
        target = read_map(scaler, "spec", "scaleTargetRef")
        yield Edge(
            ("HorizontalPodAutoscaler", name_of(scaler)),
            "scales",
            (read_text(target, "kind"), read_text(target, "name")),
        )


def _selection(objects: Objects, kind: str, relation: str) -> Iterator[Edge]:
    """Policies select pods; the workload behind them is named once instead of each pod."""
    field = "podSelector" if kind == "NetworkPolicy" else "selector"
    for policy in objects.get(kind, ()):
        selector = read_map(policy, "spec", field)
        for workload_kind in ("Deployment", "StatefulSet", "DaemonSet"):
            for workload in objects.get(workload_kind, ()):
                labels = labels_of(read_map(workload, "spec", "template"))
                if matches_selector(labels, selector):
                    yield Edge((kind, name_of(policy)), relation, (workload_kind, name_of(workload)))


def _uses(objects: Objects) -> Iterator[Edge]:
    """From the topmost object that has the template, so that each use is told once."""
    for kind in _TEMPLATES:
        for workload in objects.get(kind, ()):
            if not read_maps(workload, "metadata", "ownerReferences"):
                yield from _use_edges((kind, name_of(workload)), read_map(workload, "spec", "template", "spec"))
    for cron_job in objects.get("CronJob", ()):
        spec = read_map(cron_job, "spec", "jobTemplate", "spec", "template", "spec")
        yield from _use_edges(("CronJob", name_of(cron_job)), spec)
    for pod in objects.get("Pod", ()):
        is_claimed = read_maps(pod, "metadata", "ownerReferences")
        source = ("Pod", name_of(pod))
        used = _use_edges(source, read_map(pod, "spec"))
        # The claims of a StatefulSet's pods are their own, not of its template.
        yield from (edge for edge in used if not is_claimed or edge.target[0] == "PersistentVolumeClaim")


def _use_edges(source: Point, pod_spec: JsonObject) -> Iterator[Edge]:
    for target, how in references_of(pod_spec).items():
        yield Edge(source, how, target)


def _placement(objects: Objects) -> Iterator[Edge]:
    for pod in objects.get("Pod", ()):
        node = read_text(pod, "spec", "nodeName")
        if node:
            yield Edge(("Pod", name_of(pod)), "runs on", ("Node", node))


def _volumes(objects: Objects) -> Iterator[Edge]:
    for claim in objects.get("PersistentVolumeClaim", ()):
        source = ("PersistentVolumeClaim", name_of(claim))
        if read_text(claim, "spec", "volumeName"):
            yield Edge(source, "is bound to", ("PersistentVolume", read_text(claim, "spec", "volumeName")))
        if read_text(claim, "spec", "storageClassName"):
            yield Edge(source, "is of", ("StorageClass", read_text(claim, "spec", "storageClassName")))
