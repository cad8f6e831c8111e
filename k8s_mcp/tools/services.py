"""k8s-get-services."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_diagnosis.diagnosing import diagnose_service
from k8s_diagnosis.objects.access import labels_of, name_of, namespace_of
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.snapshot import ServiceSnapshot
from k8s_mcp.cluster.interfaces import DEPLOYMENTS, ENDPOINT_SLICES, SERVICES, JsonObject, Selection
from k8s_mcp.listing.rows import cut_page, digest_of
from k8s_mcp.listing.table import TableContext, make_table
from k8s_mcp.listing.workloads import SERVICE_TABLE, make_service_row
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, LabelSelector, Limit, Namespace
from k8s_mcp.tools.causes import diagnose_all, make_snapshots, sharpen
from k8s_mcp.tools.reading import (
    list_optional,
    list_pods_for,
    list_warnings,
    read_cursor,
    require_namespace,
    resolve_scope,
)

TOOL = "k8s-get-services"
_SERVICE_NAME = "kubernetes.io/service-name"


async def get_services(
    ctx: Context[K8sState],
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    label_selector: LabelSelector = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List Services with ports, selector and how many endpoints are ready; names a Service whose selector matches
    nothing or whose pods are all down."""
    state, target = state_of(ctx), choose_cluster(ctx, cluster)
    scope = await resolve_scope(target, namespace=namespace, all_namespaces=all_namespaces)
    digest = digest_of([TOOL, scope, label_selector])
    after = read_cursor(cursor, digest=digest)
    notes: list[str] = []
    services, slices, pods, deployments, warnings = await asyncio.gather(
        target.list_objects(SERVICES, Selection(scope, label_selector)),
        list_optional(target, ENDPOINT_SLICES, Selection(scope), notes=notes),
        list_pods_for(target, scope, notes=notes),
        list_optional(target, DEPLOYMENTS, Selection(scope), notes=notes),
        list_warnings(target, scope, notes=notes),
    )
    if not services:
        await require_namespace(target, scope)
    snapshots = make_snapshots(pods, warnings, state=state)
    problems = await sharpen(target, snapshots, diagnose_all(snapshots), among=snapshots)
    rows = []
    for service in services:
        snapshot = ServiceSnapshot(
            service=service,
            pods=_in_namespace(pods, service),
            endpoint_slices=None if slices is None else _slices_of(service, slices),
            workloads=_in_namespace(deployments or [], service),
            pod_problems=_conditions(problems, namespace_of(service)),
        )
        # Without the pods nothing can be said about who stands behind a Service.
        found = [] if any(note.startswith("pods ") for note in notes) else diagnose_service(snapshot)
        rows.append(make_service_row(snapshot, problems=found, now=state.now()))
    page = cut_page(rows, limit=limit, after=after)
    return make_table(SERVICE_TABLE, page, TableContext(TOOL, scope, digest, tuple(notes)))


def _in_namespace(objects: Sequence[JsonObject], service: JsonObject) -> list[JsonObject]:
    return [each for each in objects if namespace_of(each) == namespace_of(service)]


def _slices_of(service: JsonObject, slices: Sequence[JsonObject]) -> list[JsonObject]:
    return [each for each in _in_namespace(slices, service) if labels_of(each).get(_SERVICE_NAME) == name_of(service)]


def _conditions(problems: dict[tuple[str, str], list[Problem]], namespace: str) -> dict[str, str]:
    return {name: found[0].condition for (place, name), found in problems.items() if place == namespace and found}
