"""k8s-get-relations."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_diagnosis.objects.access import JsonObject
from k8s_mcp.cluster.interfaces import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    PODS,
    SECRETS,
    SERVICES,
    Cluster,
    Resource,
    Selection,
)
from k8s_mcp.errors import ClusterError, ObjectNotFound
from k8s_mcp.relations.edges import find_edges
from k8s_mcp.relations.graph import Edge, Graph, Point, around, join_alike
from k8s_mcp.relations.states import states_of
from k8s_mcp.results import RelationsResult
from k8s_mcp.rollouts.revisions import REPLICA_SETS
from k8s_mcp.state import K8sState, choose_cluster
from k8s_mcp.tools.arguments import ClusterName, Kind, Namespace, ObjectName
from k8s_mcp.tools.reading import explain_missing
from mcp_kit.results import structured_result

TOOL = "k8s-get-relations"

_APPS, _BATCH = "/apis/apps/v1", "/apis/batch/v1"
_NETWORKING, _POLICY, _AUTOSCALING = "/apis/networking.k8s.io/v1", "/apis/policy/v1", "/apis/autoscaling/v2"
_READ = (
    PODS,
    SERVICES,
    ENDPOINT_SLICES,
    REPLICA_SETS,
    DEPLOYMENTS,
    Resource("StatefulSet", "statefulsets", _APPS, short_names=("sts",)),
    Resource("DaemonSet", "daemonsets", _APPS, short_names=("ds",)),
    Resource("Job", "jobs", _BATCH),
    Resource("CronJob", "cronjobs", _BATCH, short_names=("cj",)),
    Resource("Ingress", "ingresses", _NETWORKING, short_names=("ing",)),
    Resource("NetworkPolicy", "networkpolicies", _NETWORKING, short_names=("netpol",)),
    Resource("HorizontalPodAutoscaler", "horizontalpodautoscalers", _AUTOSCALING, short_names=("hpa",)),
    Resource("PodDisruptionBudget", "poddisruptionbudgets", _POLICY, short_names=("pdb",)),
    Resource("PersistentVolumeClaim", "persistentvolumeclaims", short_names=("pvc",)),
)
_NAMED = (CONFIG_MAPS, SECRETS)
"""Only whether they exist matters, so their contents are not read."""

_PODS_PER_OWNER = 3
_MAX_EDGES = 60


async def get_relations(
    ctx: Context[K8sState],
    kind: Kind,
    name: ObjectName,
    namespace: Namespace = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, RelationsResult]:
    """What an object hangs together with, in both directions: Ingress, Service, endpoints, pods, ReplicaSet, workload,
    autoscaler, budgets, ConfigMaps, Secrets, volumes; names what is referred to and missing."""
    target = choose_cluster(ctx, cluster)
    resource = await target.find_resource(kind)
    place = namespace or await target.default_namespace()
    start = (resource.kind, name)
    graph, notes = await _read_graph(target, place)
    if start not in graph.states:
        await _require(target, resource, name=name, namespace=place)
    edges = around(graph, start)
    shown, more = join_alike(edges, keep=start, limit=_PODS_PER_OWNER)
    notes.extend(f"{count} more pods of {_show(owner)}" for owner, count in more.items())
    if len(shown) > _MAX_EDGES:
        notes.append(f"{len(shown) - _MAX_EDGES} relations further away left out")
    result = _make_result(graph, shown[:_MAX_EDGES], start, cluster=target.name, namespace=place, notes=notes)
    return structured_result(result, text=_write_text(result), leave_out_none=True)


async def _read_graph(cluster: Cluster, namespace: str) -> tuple[Graph, list[str]]:
    """Everything of the namespace that may be related; what cannot be read is noted."""
    notes: list[str] = []

    async def read(resource: Resource) -> Sequence[JsonObject] | None:
        try:
            if resource in _NAMED:
                names = await cluster.list_names(resource, Selection(namespace))
                return [{"metadata": {"name": each}} for each in names]
            return (await cluster.list_known(resource, Selection(namespace))).objects
        except ObjectNotFound:
            # The cluster does not serve this kind at all.
            return []
        except ClusterError as error:
            notes.append(f"{resource.plural} could not be read ({type(error).__name__})")
            return None

    wanted = (*_READ, *_NAMED)
    found = dict(zip(wanted, await asyncio.gather(*map(read, wanted)), strict=True))
    objects = {resource.kind: listed for resource, listed in found.items() if listed is not None}
    return Graph(find_edges(objects), states_of(objects), frozenset(objects)), notes


async def _require(cluster: Cluster, resource: Resource, *, name: str, namespace: str) -> None:
    """An object of a kind that was not read must exist all the same, or the answer would be about nothing."""
    place = namespace if resource.is_namespaced else None
    try:
        await cluster.read_object(resource, name=name, namespace=place)
    except ObjectNotFound as error:
        raise await explain_missing(cluster, resource, name=name, namespace=place, tool="k8s-get-resources") from error


def _make_result(
    graph: Graph, edges: Sequence[Edge], start: Point, *, cluster: str, namespace: str, notes: Sequence[str]
) -> RelationsResult:
    points = dict.fromkeys([start, *(point for edge in edges for point in (edge.source, edge.target))])
    return RelationsResult(
        cluster=cluster,
        namespace=namespace,
        start=_show(start),
        rows=[[_show(edge.source), edge.relation, _show(edge.target)] for edge in edges],
        states={
            _show(point): graph.states[point] for point in points if graph.states.get(point, "present") != "present"
        },
        missing=[_show(point) for point in points if graph.is_missing(point)],
        note="; ".join(notes) or None,
    )


def _show(point: Point) -> str:
    return "/".join(point)


def _write_text(result: RelationsResult) -> str:
    lines = [f"{result.start} in namespace {result.namespace} of cluster {result.cluster}"]
    if not result.rows:
        lines.append("Nothing refers to it, and it refers to nothing.")
    lines.extend(" ".join(map(str, row)) for row in result.rows)
    if result.states:
        lines.append("state: " + "; ".join(f"{point} {state}" for point, state in result.states.items()))
    lines.extend(f"MISSING: {point} does not exist" for point in result.missing)
    return "\n".join([*lines, *([result.note] if result.note else [])])
