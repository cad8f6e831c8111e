"""k8s-get-deployments."""

from __future__ import annotations

import asyncio
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_mcp.cluster.interfaces import DEPLOYMENTS, Selection
from k8s_mcp.listing.rows import cut_page, digest_of
from k8s_mcp.listing.table import TableContext, make_table
from k8s_mcp.listing.workloads import DEPLOYMENT_TABLE, make_deployment_row
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, LabelSelector, Limit, Namespace
from k8s_mcp.tools.causes import diagnose_all, join_by_owner, make_snapshots, sharpen
from k8s_mcp.tools.reading import (
    list_pods_for,
    list_warnings,
    read_cursor,
    require_namespace,
    resolve_scope,
)

TOOL = "k8s-get-deployments"


async def get_deployments(
    ctx: Context[K8sState],
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    label_selector: LabelSelector = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List Deployments with ready and available replicas and images; names the problem of those whose pods are not
    healthy."""
    state, target = state_of(ctx), choose_cluster(ctx, cluster)
    scope = await resolve_scope(target, namespace=namespace, all_namespaces=all_namespaces)
    digest = digest_of([TOOL, scope, label_selector])
    after = read_cursor(cursor, digest=digest)
    notes: list[str] = []
    deployments, pods, warnings = await asyncio.gather(
        target.list_objects(DEPLOYMENTS, Selection(scope, label_selector)),
        list_pods_for(target, scope, notes=notes),
        list_warnings(target, scope, notes=notes),
    )
    if not deployments:
        await require_namespace(target, scope)
    snapshots = make_snapshots(pods, warnings, state=state)
    found = await sharpen(target, snapshots, diagnose_all(snapshots), among=snapshots)
    problems = join_by_owner(snapshots, found)
    now = state.now()
    rows = [make_deployment_row(each, problems_by_owner=problems, now=now) for each in deployments]
    page = cut_page(rows, limit=limit, after=after)
    return make_table(DEPLOYMENT_TABLE, page, TableContext(TOOL, scope, digest, tuple(notes)))
