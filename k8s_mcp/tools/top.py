"""k8s-top."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of
from k8s_mcp.cluster.interfaces import NODES, PODS, Resource, Selection
from k8s_mcp.errors import ClusterError, ClusterUnreachable, ObjectNotFound
from k8s_mcp.listing.usage import (
    NODE_USAGE_TABLE,
    POD_USAGE_TABLE,
    SortBy,
    make_node_usage_row,
    make_pod_usage_row,
)
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, LabelSelector, Limit, Namespace
from k8s_mcp.tools.list_call import ListCall, Paging, begin_list
from k8s_mcp.tools.reading import require_namespace

TOOL = "k8s-top"

_POD_METRICS = Resource("PodMetrics", "pods", "/apis/metrics.k8s.io/v1beta1")
_NODE_METRICS = Resource("NodeMetrics", "nodes", "/apis/metrics.k8s.io/v1beta1", is_namespaced=False)


async def top(
    ctx: Context[K8sState],
    of: Annotated[Literal["pods", "nodes"], Field(description="What to rank.")] = "pods",
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    label_selector: LabelSelector = None,
    sort_by: SortBy = "memory",
    limit: Limit = None,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """CPU and memory in use by pods or nodes now, largest first, against requests, limits and capacity. Those near
    their limit come before."""
    asked = await begin_list(
        ctx,
        tool=TOOL,
        cluster=cluster,
        scope=(namespace, all_namespaces) if of == "pods" else None,
        paging=Paging(limit, cursor),
        query=[of, label_selector, sort_by],
    )
    if of == "nodes":
        return await _rank_nodes(asked, label_selector, sort_by=sort_by)
    return await _rank_pods(asked, label_selector, sort_by=sort_by)


async def _rank_pods(asked: ListCall, label_selector: str | None, *, sort_by: SortBy) -> CallToolResult:
    selection = Selection(asked.namespace, label_selector)
    metrics, pods = await asyncio.gather(
        _read_metrics(asked, _POD_METRICS, selection), asked.read_optional(PODS, selection)
    )
    if not metrics:
        await require_namespace(asked.cluster, asked.namespace)
        asked.notes.append("pods that just started have no metrics yet")
    known = {(namespace_of(pod), name_of(pod)): pod for pod in pods or ()}
    rows = [
        make_pod_usage_row(each, known.get((namespace_of(each), name_of(each))), sort_by=sort_by) for each in metrics
    ]
    return asked.answer(POD_USAGE_TABLE, asked.cut(rows))


async def _rank_nodes(asked: ListCall, label_selector: str | None, *, sort_by: SortBy) -> CallToolResult:
    selection = Selection(None, label_selector)
    metrics, nodes = await asyncio.gather(
        _read_metrics(asked, _NODE_METRICS, selection), asked.read_optional(NODES, selection)
    )
    known = {name_of(node): node for node in nodes or ()}
    return asked.answer(
        NODE_USAGE_TABLE, asked.cut([make_node_usage_row(each, known, sort_by=sort_by) for each in metrics])
    )


async def _read_metrics(asked: ListCall, resource: Resource, selection: Selection) -> Sequence[JsonObject]:
    """Usage changes all the time, so it is read anew for every answer."""
    try:
        return await asked.cluster.list_objects(resource, selection)
    except (ObjectNotFound, ClusterUnreachable) as error:
        raise _NoMetrics(
            f"Usage cannot be read: metrics.k8s.io does not answer in cluster {asked.cluster.name} ({error}) "
            "Is metrics-server installed and running? Requests and limits: k8s-get-nodes, k8s-describe-pod."
        ) from error


class _NoMetrics(ClusterError):
    """The cluster has no working metrics server."""

    error_kind = ClusterUnreachable.error_kind
