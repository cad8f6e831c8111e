"""k8s-get-nodes."""

from __future__ import annotations

import asyncio
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_diagnosis.objects.nodes import measure_nodes
from k8s_mcp.cluster.interfaces import NODES, PODS, Selection
from k8s_mcp.listing.nodes import NODE_TABLE, make_node_row
from k8s_mcp.listing.rows import cut_page, digest_of
from k8s_mcp.listing.table import TableContext, make_table
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.arguments import ClusterName, Cursor, LabelSelector, Limit
from k8s_mcp.tools.reading import list_optional, read_cursor

TOOL = "k8s-get-nodes"


async def get_nodes(
    ctx: Context[K8sState],
    label_selector: LabelSelector = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List nodes with state, roles, version, and how much CPU and memory the pods on them requested."""
    state, target = state_of(ctx), choose_cluster(ctx, cluster)
    digest = digest_of([TOOL, label_selector])
    after = read_cursor(cursor, digest=digest)
    notes: list[str] = []
    nodes, pods = await asyncio.gather(
        target.list_objects(NODES, Selection(None, label_selector)),
        list_optional(target, PODS, Selection(), notes=notes),
    )
    now = state.now()
    rows = [
        make_node_row(node, capacity=capacity, are_pods_known=pods is not None, now=now)
        for node, capacity in zip(nodes, measure_nodes(nodes, pods or []), strict=True)
    ]
    page = cut_page(rows, limit=limit, after=after)
    return make_table(NODE_TABLE, page, TableContext(TOOL, None, digest, tuple(notes)))
