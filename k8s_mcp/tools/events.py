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
from k8s_mcp.listing.events import EVENT_TABLE, group_events, make_event_row
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, Limit, Namespace, OptionalName
from k8s_mcp.tools.list_call import Paging, begin_list
from k8s_mcp.tools.reading import require_namespace
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
    limit: Limit = None,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List cluster events, warnings first and the latest first. Clusters usually keep events for one hour."""
    if object_kind is not None and not _KIND.fullmatch(object_kind):
        raise KindedToolError(
            "object_kind must be a kind such as Pod, Deployment, ReplicaSet, Service or Node.",
            kind=ErrorKind.BAD_ARGUMENTS,
        )
    asked = await begin_list(
        ctx,
        tool=TOOL,
        cluster=cluster,
        scope=(namespace, all_namespaces),
        paging=Paging(limit, cursor),
        query=[object_name, object_kind, only_warnings],
    )
    wanted = [
        ("involvedObject.name", object_name),
        ("involvedObject.kind", object_kind),
        ("type", "Warning" if only_warnings else None),
    ]
    field_selector = ",".join(f"{field}={value}" for field, value in wanted if value)
    events = await asked.read(EVENTS, Selection(asked.namespace, field_selector=field_selector or None))
    if not events:
        await require_namespace(asked.cluster, asked.namespace)
        asked.notes.append("No events does not mean no fault: the cluster forgets them, usually after one hour")
    now = state_of(ctx).now()
    groups = group_events((name_of(event), read_event(event)) for event in events)
    rows = [make_event_row(group, now=now) for group in groups]
    return asked.answer(EVENT_TABLE, asked.cut(rows))
