"""k8s-describe-pod."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_diagnosis.cases import PodCase
from k8s_diagnosis.diagnosing import diagnose_pod
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.placement import scheduler_message
from k8s_diagnosis.rules.configuration import find_references
from k8s_diagnosis.snapshot import EVERYWHERE, ClusterSnapshot
from k8s_mcp.cluster.interfaces import CONFIG_MAPS, EVENTS, NODES, PODS, SECRETS, Cluster, JsonObject, Selection
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
    notes: list[str] = []
    case = await _read_case(target, now=state.now(), name=name, namespace=place, notes=notes)
    case = await _read_causes(target, case, notes=notes)
    result = make_pod_result(case, problems=diagnose_pod(case.index, case.pod), cluster=target.name, notes=notes)
    return structured_result(result, text=write_pod_text(result), leave_out_none=True)


async def _read_case(cluster: Cluster, *, now: datetime, name: str, namespace: str, notes: list[str]) -> PodCase:
    about = f"involvedObject.kind=Pod,involvedObject.name={name}"
    try:
        pod, events = await asyncio.gather(
            cluster.read_object(PODS, name=name, namespace=namespace),
            list_optional(cluster, EVENTS, Selection(namespace, field_selector=about), notes=notes),
        )
    except ObjectNotFound as error:
        raise await explain_missing(cluster, PODS, name=name, namespace=namespace, tool="k8s-get-pods") from error
    return PodCase(ClusterIndex(ClusterSnapshot(now, {"Pod": [pod], "Event": events or []})), pod)


async def _read_causes(cluster: Cluster, case: PodCase, *, notes: list[str]) -> PodCase:
    """Read further only where it can name a cause: healthy pods cost no more requests."""
    snapshot = case.index.snapshot
    if scheduler_message(case.pod):
        return PodCase(ClusterIndex(await _with_nodes(cluster, snapshot, notes=notes)), case.pod)
    missing = {reference.kind for reference in find_references(case)}
    if missing:
        return PodCase(ClusterIndex(await _with_names(cluster, snapshot, case.namespace, missing)), case.pod)
    logs = await read_failed_logs(cluster, case)
    return PodCase(ClusterIndex(replace(snapshot, logs=logs)), case.pod)


async def _with_nodes(cluster: Cluster, snapshot: ClusterSnapshot, *, notes: list[str]) -> ClusterSnapshot:
    nodes, pods = await asyncio.gather(
        list_optional(cluster, NODES, Selection(), notes=notes),
        list_optional(cluster, PODS, Selection(), notes=notes),
    )
    if nodes is None:
        return snapshot
    everywhere = frozenset({EVERYWHERE})
    if pods is None:
        return replace(snapshot, objects={**snapshot.objects, "Node": nodes}, complete={"Node": everywhere})
    objects = {**snapshot.objects, "Node": nodes, "Pod": pods}
    return replace(snapshot, objects=objects, complete={"Node": everywhere, "Pod": everywhere})


async def _with_names(cluster: Cluster, snapshot: ClusterSnapshot, namespace: str, kinds: set[str]) -> ClusterSnapshot:
    found: dict[str, Sequence[JsonObject]] = {}
    for resource in (CONFIG_MAPS, SECRETS):
        if resource.kind not in kinds:
            continue
        try:
            names = await cluster.list_names(resource, Selection(namespace))
        except ClusterError:
            # Many accounts may not list Secrets; the cause is known without their names.
            continue
        found[resource.kind] = [{"metadata": {"name": name, "namespace": namespace}} for name in names]
    return replace(snapshot, objects={**snapshot.objects, **found})
