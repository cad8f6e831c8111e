"""k8s-get-pods."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from k8s_mcp.cluster.interfaces import PODS, Selection
from k8s_mcp.listing.pods import POD_TABLE, make_pod_row
from k8s_mcp.listing.rows import Row, cut_page, digest_of
from k8s_mcp.listing.table import TableContext, make_table
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, LabelSelector, Limit, Namespace
from k8s_mcp.tools.causes import PodKey, diagnose_all, make_snapshots, sharpen
from k8s_mcp.tools.reading import list_warnings, read_cursor, require_namespace, resolve_scope

TOOL = "k8s-get-pods"


async def get_pods(
    ctx: Context[K8sState],
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    label_selector: LabelSelector = None,
    only_abnormal: Annotated[bool, Field(description="True leaves healthy pods out.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List pods with status, restarts and, for abnormal ones, the named problem and its cause. Abnormal pods come
    first. Use this for questions such as which pods are broken and why."""
    state, target = state_of(ctx), choose_cluster(ctx, cluster)
    scope = await resolve_scope(target, namespace=namespace, all_namespaces=all_namespaces)
    digest = digest_of([TOOL, scope, label_selector, only_abnormal])
    after = read_cursor(cursor, digest=digest)
    notes: list[str] = []
    pods, warnings = await asyncio.gather(
        target.list_objects(PODS, Selection(scope, label_selector)),
        list_warnings(target, scope, notes=notes),
    )
    if not pods:
        await require_namespace(target, scope)
    snapshots = make_snapshots(pods, warnings, state=state)
    problems = diagnose_all(snapshots)
    rows = [make_pod_row(snapshot.pod, problems=problems[key], now=snapshot.now) for key, snapshot in snapshots.items()]
    page = cut_page([row for row in rows if row.is_abnormal or not only_abnormal], limit=limit, after=after)
    keys = [_key_of(row) for row in page.rows]
    sharper = await sharpen(target, snapshots, problems, among=keys)
    shown = tuple(make_pod_row(snapshots[key].pod, problems=sharper[key], now=snapshots[key].now) for key in keys)
    context = TableContext(tool=TOOL, namespace=scope, digest=digest, notes=tuple(notes))
    return make_table(POD_TABLE, replace(page, rows=shown), context)


def _key_of(row: Row) -> PodKey:
    return str(row.cells[0]), str(row.cells[1])
