"""k8s-get-events."""

from __future__ import annotations

import re
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from k8s_diagnosis.objects.access import name_of
from k8s_diagnosis.objects.events import read_event
from k8s_mcp.cluster.interfaces import EVENTS, Selection
from k8s_mcp.listing.events import EVENT_TABLE, make_event_row
from k8s_mcp.listing.rows import cut_page, digest_of
from k8s_mcp.listing.table import TableContext, make_table
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, Limit, Namespace, OptionalName
from k8s_mcp.tools.reading import read_cursor, require_namespace, resolve_scope
from mcp_kit.errors import ErrorKind, KindedToolError

TOOL = "k8s-get-events"
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")


async def get_events(
    ctx: Context[K8sState],
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    object_name: Annotated[OptionalName, Field(description="Only events about this object.")] = None,
    object_kind: Annotated[str | None, Field(description="Only events about this kind, e.g. Pod.")] = None,
    only_warnings: Annotated[bool, Field(description="True leaves Normal events out.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List cluster events, warnings first and the latest first. Clusters usually keep events for one hour."""
    state, target = state_of(ctx), choose_cluster(ctx, cluster)
    if object_kind is not None and not _KIND.fullmatch(object_kind):
        raise KindedToolError(
            "object_kind must be a kind such as Pod, Deployment, ReplicaSet, Service or Node.",
            kind=ErrorKind.BAD_ARGUMENTS,
        )
    scope = await resolve_scope(target, namespace=namespace, all_namespaces=all_namespaces)
    digest = digest_of([TOOL, scope, object_name, object_kind, only_warnings])
    after = read_cursor(cursor, digest=digest)
    wanted = [
        ("involvedObject.name", object_name),
        ("involvedObject.kind", object_kind),
        ("type", "Warning" if only_warnings else None),
    ]
    field_selector = ",".join(f"{field}={value}" for field, value in wanted if value)
    events = await target.list_objects(EVENTS, Selection(scope, field_selector=field_selector or None))
    notes = []
    if not events:
        await require_namespace(target, scope)
        notes.append("No events does not mean no fault: the cluster forgets them, usually after one hour")
    now = state.now()
    rows = [make_event_row(read_event(event), name=name_of(event), now=now) for event in events]
    page = cut_page(rows, limit=limit, after=after)
    return make_table(EVENT_TABLE, page, TableContext(TOOL, scope, digest, tuple(notes)))
