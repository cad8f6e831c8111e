"""k8s-get-resources."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from k8s_mcp.cluster.interfaces import Resource, Selection
from k8s_mcp.errors import RequestRefused
from k8s_mcp.listing.any_kind import make_rows, shape_of
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, choose_cluster
from k8s_mcp.tools.arguments import (
    AllNamespaces,
    ClusterName,
    Cursor,
    FieldSelector,
    Kind,
    LabelSelector,
    Limit,
    Namespace,
)
from k8s_mcp.tools.list_call import Paging, begin_list
from k8s_mcp.tools.reading import require_namespace

TOOL = "k8s-get-resources"


async def get_resources(
    ctx: Context[K8sState],
    kind: Kind,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    label_selector: LabelSelector = None,
    field_selector: FieldSelector = None,
    only_abnormal: Annotated[bool, Field(description="Leave healthy ones out.")] = False,
    limit: Limit = None,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List objects of any kind, custom resources included: ingresses, jobs, PVCs, HPAs, config maps, CRDs. Secrets are
    listed without values."""
    resource = await choose_cluster(ctx, cluster).find_resource(kind)
    _require_list(resource)
    asked = await begin_list(
        ctx,
        tool=TOOL,
        cluster=cluster,
        scope=(namespace, all_namespaces) if resource.is_namespaced else None,
        paging=Paging(limit, cursor),
        query=[resource.qualified_name, label_selector, field_selector, only_abnormal],
    )
    table = await asked.cluster.read_table(resource, Selection(asked.namespace, label_selector, field_selector))
    if not table.rows:
        await require_namespace(asked.cluster, asked.namespace)
    if not table.is_complete:
        asked.notes.append(f"only the first {len(table.rows)} were read: name a namespace or a selector")
    rows = make_rows(resource, table)
    return asked.answer(
        shape_of(resource, table), asked.cut([row for row in rows if row.is_abnormal or not only_abnormal])
    )


def _require_list(resource: Resource) -> None:
    if "list" not in resource.verbs:
        raise RequestRefused(
            f"{resource.qualified_name} cannot be listed; the API server offers: {', '.join(sorted(resource.verbs))}."
        )
