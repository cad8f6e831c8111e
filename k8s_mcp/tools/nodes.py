"""k8s-get-nodes."""

from __future__ import annotations

import asyncio
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_diagnosis.objects.nodes import measure_nodes
from k8s_mcp.cluster.interfaces import NODES, PODS, Selection
from k8s_mcp.listing.nodes import NODE_TABLE, make_node_row
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, state_of
from k8s_mcp.tools.arguments import ClusterName, Cursor, LabelSelector, Limit
from k8s_mcp.tools.list_call import Paging, begin_list

TOOL = "k8s-get-nodes"


async def get_nodes(
    ctx: Context[K8sState],
    label_selector: LabelSelector = None,
    limit: Limit = None,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List nodes with state, roles, version, and how much CPU and memory the pods on them requested."""
    asked = await begin_list(
        ctx, tool=TOOL, cluster=cluster, scope=None, paging=Paging(limit, cursor), query=[label_selector]
    )
    nodes, pods = await asyncio.gather(
        asked.read(NODES, Selection(None, label_selector)), asked.read_optional(PODS, Selection())
    )
    now = state_of(ctx).now()
    rows = [
        make_node_row(node, capacity=capacity, are_pods_known=pods is not None, now=now)
        for node, capacity in zip(nodes, measure_nodes(nodes, pods or []), strict=True)
    ]
    return asked.answer(NODE_TABLE, asked.cut(rows))
