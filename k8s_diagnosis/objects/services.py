"""Services, their endpoints and the pods and workloads behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import (
    JsonObject,
    namespace_of,
    object_path,
    read_int,
    read_map,
    read_maps,
    read_text,
)
from k8s_diagnosis.objects.pods import is_condition_true, is_finished, is_terminating


@dataclass(frozen=True, slots=True)
class Endpoints:
    ready: int
    not_ready: int

    def __str__(self) -> str:
        return f"{self.ready} ready, {self.not_ready} not ready"


def selector_of(service: JsonObject) -> dict[str, str]:
    """The labels a Service selects; none for services without pods of their own."""
    if read_text(service, "spec", "type") == "ExternalName":
        return {}
    return {key: str(value) for key, value in read_map(service, "spec", "selector").items()}


def is_headless(service: JsonObject) -> bool:
    return read_text(service, "spec", "clusterIP") == "None"


def selected_pods(index: ClusterIndex, service: JsonObject) -> list[JsonObject]:
    """Pods that could answer: neither finished nor about to go."""
    pods = index.pods_with(selector_of(service), namespace=namespace_of(service))
    return [pod for pod in pods if not is_finished(pod) and not is_terminating(pod)]


def selected_workloads(index: ClusterIndex, service: JsonObject) -> list[tuple[str, JsonObject]]:
    """Kind and object of the workloads whose pods the Service would select."""
    return index.workloads_with(selector_of(service), namespace=namespace_of(service))


def count_endpoints(index: ClusterIndex, service: JsonObject) -> Endpoints:
    """From the EndpointSlices; counted from the pods when those could not be read."""
    if not index.is_complete("EndpointSlice", namespace_of(service)):
        pods = selected_pods(index, service)
        answering = sum(is_condition_true(pod, "Ready") for pod in pods)
        return Endpoints(answering, len(pods) - answering)
    return _count_slices(index.slices_of(service))


def _count_slices(slices: Sequence[JsonObject]) -> Endpoints:
    ready: set[str] = set()
    not_ready: set[str] = set()
    for piece in slices:
        for endpoint in read_maps(piece, "endpoints"):
            target = read_text(endpoint, "targetRef", "name") or str(endpoint.get("addresses"))
            # An absent value means ready, by definition of the API.
            is_ready = read_map(endpoint, "conditions").get("ready") is not False
            (ready if is_ready else not_ready).add(target)
    return Endpoints(len(ready), len(not_ready - ready))


def service_ports(service: JsonObject) -> list[int]:
    return [read_int(port, "port") for port in read_maps(service, "spec", "ports")]


def resolve_host(index: ClusterIndex, host: str, *, namespace: str) -> tuple[str, str] | None:
    """Namespace and name of the Service that a host name in a pod means; None for names outside of the cluster."""
    bare = host.removesuffix(".").removesuffix(".cluster.local").removesuffix(".svc")
    parts = bare.split(".")
    if len(parts) == 1:
        return namespace, parts[0]
    # NAME-0.SERVICE is a pod of a StatefulSet.
    place = parts[2] if len(parts) == 3 else namespace
    if len(parts) in {2, 3} and index.find("Service", place, parts[1]) is not None:
        return place, parts[1]
    if len(parts) == 2 and (host != bare or _is_known_namespace(index, parts[1])):
        return parts[1], parts[0]
    return None


def _is_known_namespace(index: ClusterIndex, name: str) -> bool:
    return index.find("Namespace", "", name) is not None or bool(index.in_namespace("Service", name))


def workload_paths_behind(index: ClusterIndex, service: JsonObject) -> list[str]:
    """Workloads behind a Service as Kind/namespace/name: by template, and by running pods."""
    by_template = [object_path(kind, each) for kind, each in selected_workloads(index, service)]
    by_pods = [index.workload_of(pod) for pod in selected_pods(index, service)]
    return list(dict.fromkeys([*by_template, *by_pods]))
