"""k8s-describe-pod."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_diagnosis.diagnosing import diagnose_pod
from k8s_diagnosis.objects.events import read_event
from k8s_diagnosis.objects.nodes import NodeCapacity, measure_nodes
from k8s_diagnosis.rules.configuration import find_references
from k8s_diagnosis.rules.scheduling import scheduler_message
from k8s_diagnosis.snapshot import PodSnapshot
from k8s_mcp.cluster.interfaces import CONFIG_MAPS, EVENTS, NODES, PODS, SECRETS, Cluster, Selection
from k8s_mcp.errors import ClusterError, ObjectNotFound
from k8s_mcp.listing.pod_detail import make_pod_result, write_pod_text
from k8s_mcp.results import PodResult
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.arguments import ClusterName, Name, Namespace
from k8s_mcp.tools.causes import read_failed_logs
from k8s_mcp.tools.reading import explain_missing, list_optional
from mcp_kit.results import structured_result

TOOL = "k8s-describe-pod"


async def describe_pod(
    ctx: Context[K8sState], name: Name, namespace: Namespace = None, cluster: ClusterName = None
) -> Annotated[CallToolResult, PodResult]:
    """Everything about one pod: containers, probes, resources, conditions, events, and why it is not healthy.
    Values of credentials are never shown."""
    state, target = state_of(ctx), choose_cluster(ctx, cluster)
    place = namespace or await target.default_namespace()
    snapshot = await _read_snapshot(target, now=state.now(), name=name, namespace=place)
    snapshot = await _read_causes(target, snapshot)
    result = make_pod_result(snapshot, problems=diagnose_pod(snapshot))
    return structured_result(result, text=write_pod_text(result))


async def _read_snapshot(cluster: Cluster, *, now: datetime, name: str, namespace: str) -> PodSnapshot:
    about = f"involvedObject.kind=Pod,involvedObject.name={name}"
    try:
        pod, events = await asyncio.gather(
            cluster.read_object(PODS, name=name, namespace=namespace),
            list_optional(cluster, EVENTS, Selection(namespace, field_selector=about), notes=[]),
        )
    except ObjectNotFound as error:
        raise await explain_missing(cluster, PODS, name=name, namespace=namespace, tool="k8s-get-pods") from error
    # A pod made anew under its old name (StatefulSets do so) must not inherit the events of the one before.
    uid = pod.get("metadata", {}).get("uid")
    own = [each for each in events or [] if each.get("involvedObject", {}).get("uid") in {uid, None}]
    return PodSnapshot(pod, now, [read_event(event) for event in own])


async def _read_causes(cluster: Cluster, snapshot: PodSnapshot) -> PodSnapshot:
    """Read further only where it can name a cause: healthy pods cost no more requests."""
    if scheduler_message(snapshot):
        return replace(snapshot, nodes=await _read_nodes(cluster))
    missing = {reference.kind for reference in find_references(snapshot)}
    if missing:
        return replace(snapshot, config_names=await _read_names(cluster, snapshot.namespace, missing))
    return replace(snapshot, log_tails=await read_failed_logs(cluster, snapshot))


async def _read_nodes(cluster: Cluster) -> list[NodeCapacity]:
    nodes, pods = await asyncio.gather(
        list_optional(cluster, NODES, Selection(), notes=[]), list_optional(cluster, PODS, Selection(), notes=[])
    )
    return measure_nodes(nodes, pods) if nodes is not None and pods is not None else []


async def _read_names(cluster: Cluster, namespace: str, kinds: set[str]) -> dict[str, list[str]]:
    wanted = [resource for resource in (CONFIG_MAPS, SECRETS) if resource.kind in kinds]
    names: dict[str, list[str]] = {}
    for resource in wanted:
        try:
            names[resource.kind] = await cluster.list_names(resource, Selection(namespace))
        except ClusterError:
            # Many accounts may not list Secrets; the cause is known without their names.
            continue
    return names
