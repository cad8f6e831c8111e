"""k8s-get-deployments."""

from __future__ import annotations

import asyncio
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_mcp.cluster.interfaces import DEPLOYMENTS, PODS, Selection
from k8s_mcp.listing.pods import is_running_untroubled
from k8s_mcp.listing.workloads import DEPLOYMENT_TABLE, make_deployment_row
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, LabelSelector, Limit, Namespace
from k8s_mcp.tools.causes import diagnose_all, join_by_owner, make_cases, sharpen
from k8s_mcp.tools.list_call import Paging, begin_list
from k8s_mcp.tools.reading import require_namespace

TOOL = "k8s-get-deployments"


async def get_deployments(
    ctx: Context[K8sState],
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    label_selector: LabelSelector = None,
    limit: Limit = None,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List Deployments with ready and available replicas and images; names the problem of those whose pods are not
    healthy."""
    state = state_of(ctx)
    asked = await begin_list(
        ctx,
        tool=TOOL,
        cluster=cluster,
        scope=(namespace, all_namespaces),
        paging=Paging(limit, cursor),
        query=[label_selector],
    )
    deployments, pods, warnings = await asyncio.gather(
        asked.read(DEPLOYMENTS, Selection(asked.namespace, label_selector)),
        asked.read_optional(PODS),
        asked.read_warnings(),
    )
    if not deployments:
        await require_namespace(asked.cluster, asked.namespace)
    troubled = [pod for pod in pods or () if not is_running_untroubled(pod)]
    now = state.now()
    cases = make_cases(troubled, warnings, now=now)
    found = await sharpen(asked.cluster, cases, diagnose_all(cases), among=cases)
    problems = join_by_owner(cases, found)
    rows = [make_deployment_row(each, problems_by_owner=problems, now=now) for each in deployments]
    return asked.answer(DEPLOYMENT_TABLE, asked.cut(rows))
