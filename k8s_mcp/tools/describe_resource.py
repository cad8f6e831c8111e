"""k8s-describe-resource."""

from __future__ import annotations

import asyncio
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import AfterValidator, Field

from k8s_diagnosis.objects.access import JsonObject, read_text
from k8s_diagnosis.objects.events import read_event
from k8s_mcp.cluster.interfaces import EVENTS, NODES, PODS, Cluster, Resource, Selection
from k8s_mcp.errors import ClusterError, ObjectNotFound
from k8s_mcp.results import ResourceResult
from k8s_mcp.showing.detail import make_detail, write_detail_text
from k8s_mcp.showing.field_paths import check_field_path
from k8s_mcp.showing.node_facts import node_facts
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.arguments import ClusterName, Kind, Namespace, ObjectName
from k8s_mcp.tools.reading import explain_missing
from mcp_kit.results import structured_result

TOOL = "k8s-describe-resource"

FieldPath = Annotated[str, Field(max_length=300), AfterValidator(check_field_path)]


async def describe_resource(
    ctx: Context[K8sState],
    kind: Kind,
    name: ObjectName,
    namespace: Namespace = None,
    field: Annotated[FieldPath | None, Field(description="Only this part, in full, e.g. spec.template.")] = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, ResourceResult]:
    """Everything about one object of any kind: owner, conditions, spec, status, its events; a node with the sums of
    requests and limits on it. Secret values are never shown."""
    target = choose_cluster(ctx, cluster)
    resource = await target.find_resource(kind)
    place = (namespace or await target.default_namespace()) if resource.is_namespaced else None
    source, events, facts = await asyncio.gather(
        _read_object(target, resource, name=name, namespace=place),
        _read_events(target, resource, name=name, namespace=place),
        _read_facts(target, resource, name=name),
    )
    result = make_detail(
        source,
        resource,
        cluster=target.name,
        field=field,
        facts=node_facts(source, facts) if resource == NODES else {},
        # An object made anew under its old name must not inherit the events of the one before.
        events=[read_event(each) for each in events if _is_about(each, source)] if field is None else [],
        now=state_of(ctx).now(),
    )
    return structured_result(result, text=write_detail_text(result), leave_out_none=True)


async def _read_object(cluster: Cluster, resource: Resource, *, name: str, namespace: str | None) -> JsonObject:
    try:
        return await cluster.read_object(resource, name=name, namespace=namespace)
    except ObjectNotFound as error:
        raise await explain_missing(
            cluster, resource, name=name, namespace=namespace, tool="k8s-get-resources"
        ) from error


async def _read_events(cluster: Cluster, resource: Resource, *, name: str, namespace: str | None) -> list[JsonObject]:
    about = f"involvedObject.kind={resource.kind},involvedObject.name={name}"
    try:
        return await cluster.list_objects(EVENTS, Selection(namespace, field_selector=about))
    except ClusterError:
        return []


def _is_about(event: JsonObject, source: JsonObject) -> bool:
    uid = read_text(event, "involvedObject", "uid")
    # The events of a node carry its name in place of its uid.
    return uid in {"", read_text(source, "metadata", "uid"), read_text(source, "metadata", "name")}


async def _read_facts(cluster: Cluster, resource: Resource, *, name: str) -> list[JsonObject] | None:
    """The pods of a node; other kinds need no further objects."""
    if resource != NODES:
        return None
    try:
        return await cluster.list_objects(PODS, Selection(field_selector=f"spec.nodeName={name}"))
    except ClusterError:
        return None
