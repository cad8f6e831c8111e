"""What is known of an object in a word or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from k8s_diagnosis.objects.access import JsonObject, name_of, read_int, read_map, read_maps, read_text
from k8s_diagnosis.objects.pods import readiness_of, status_of
from k8s_mcp.relations.graph import Point


def states_of(objects: Mapping[str, Sequence[JsonObject]]) -> dict[Point, str]:
    return {(kind, name_of(each)): _state_of(kind, each) for kind, found in objects.items() for each in found}


def _state_of(kind: str, source: JsonObject) -> str:
    match kind:
        case "Pod":
            ready, total = readiness_of(source)
            return f"{status_of(source)} {ready}/{total}"
        case "Deployment" | "StatefulSet" | "ReplicaSet":
            return f"{read_int(source, 'status', 'readyReplicas')}/{read_int(source, 'spec', 'replicas')} ready"
        case "DaemonSet":
            status = read_map(source, "status")
            return f"{read_int(status, 'numberReady')}/{read_int(status, 'desiredNumberScheduled')} ready"
        case "EndpointSlice":
            endpoints = read_maps(source, "endpoints")
            ready = sum(read_map(each, "conditions").get("ready") is not False for each in endpoints)
            return f"{ready}/{len(endpoints)} ready"
        case "HorizontalPodAutoscaler":
            spec = read_map(source, "spec")
            wanted = read_int(source, "status", "desiredReplicas")
            return f"{wanted} wanted of {read_int(spec, 'minReplicas') or 1}-{read_int(spec, 'maxReplicas')}"
        case "Service":
            return read_text(source, "spec", "type") or "ClusterIP"
        case _:
            return read_text(source, "status", "phase") or "present"
