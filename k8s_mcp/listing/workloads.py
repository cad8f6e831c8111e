"""Rows of k8s-get-deployments and k8s-get-services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_int, read_maps, read_text
from k8s_diagnosis.objects.labels import show_labels
from k8s_diagnosis.objects.pods import condition_of, is_condition_true
from k8s_diagnosis.objects.services import Endpoints, selector_of
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.text.times import parse_time, seconds_between
from k8s_mcp.listing.pods import age_of
from k8s_mcp.listing.rows import Row
from k8s_mcp.listing.table import TableShape

DEPLOYMENT_TABLE = TableShape(
    kind="DeploymentList",
    noun="deployments",
    columns=(
        "namespace",
        "name",
        "ready",
        "up_to_date",
        "available",
        "age",
        "images",
        "problem",
    ),
)

SERVICE_TABLE = TableShape(
    kind="ServiceList",
    noun="services",
    columns=(
        "namespace",
        "name",
        "type",
        "cluster_ip",
        "ports",
        "selector",
        "endpoints",
        "age",
        "problem",
    ),
)

# A new or changing Deployment is unavailable for a moment without being at fault.
_PATIENCE_SECONDS = 120


def make_deployment_row(
    deployment: JsonObject, *, problems_by_owner: Mapping[str, Sequence[Problem]], now: datetime
) -> Row:
    place, name = namespace_of(deployment), name_of(deployment)
    problems = tuple(problems_by_owner.get(f"Deployment/{place}/{name}", ()))
    wanted = read_int(deployment, "spec", "replicas")
    images = [read_text(each, "image") for each in read_maps(deployment, "spec", "template", "spec", "containers")]
    cells = (
        place,
        name,
        f"{read_int(deployment, 'status', 'readyReplicas')}/{wanted}",
        read_int(deployment, "status", "updatedReplicas"),
        read_int(deployment, "status", "availableReplicas"),
        age_of(deployment, now),
        ",".join(images),
        problems[0].condition if problems else "",
    )
    return Row(
        key=(place, name),
        cells=cells,
        status=deployment_status(deployment),
        is_abnormal=bool(problems) or _is_stuck(deployment, now=now),
        problems=problems,
    )


def deployment_status(deployment: JsonObject) -> str:
    """One word: ScaledToZero, Available, Degraded (some replicas answer) or Unavailable."""
    wanted = read_int(deployment, "spec", "replicas")
    available = read_int(deployment, "status", "availableReplicas")
    if not wanted:
        return "ScaledToZero"
    if available >= wanted:
        return "Available"
    return "Degraded" if available else "Unavailable"


def _is_stuck(deployment: JsonObject, *, now: datetime) -> bool:
    if read_text(condition_of(deployment, "Progressing"), "status") == "False":
        return True
    if is_condition_true(deployment, "Available") or deployment_status(deployment) in {"ScaledToZero", "Available"}:
        return False
    since = parse_time(read_text(condition_of(deployment, "Available"), "lastTransitionTime"))
    return (seconds_between(since, now) or 0) > _PATIENCE_SECONDS


def make_service_row(service: JsonObject, *, endpoints: Endpoints, problems: Sequence[Problem], now: datetime) -> Row:
    kind = read_text(service, "spec", "type") or "ClusterIP"
    cells = (
        namespace_of(service),
        name_of(service),
        kind,
        read_text(service, "spec", "clusterIP") or read_text(service, "spec", "externalName"),
        ",".join(_show_port(port) for port in read_maps(service, "spec", "ports")),
        show_labels(selector_of(service)) or "<none>",
        str(endpoints),
        age_of(service, now),
        problems[0].condition if problems else "",
    )
    return Row(
        key=(namespace_of(service), name_of(service)),
        cells=cells,
        status=kind,
        is_abnormal=bool(problems),
        problems=tuple(problems),
    )


def _show_port(port: JsonObject) -> str:
    number, target = read_text(port, "port"), read_text(port, "targetPort")
    node_port = read_text(port, "nodePort")
    shown = f"{number}:{node_port}" if node_port else number
    if target and target != number:
        shown += f"->{target}"
    return f"{shown}/{read_text(port, 'protocol') or 'TCP'}"
