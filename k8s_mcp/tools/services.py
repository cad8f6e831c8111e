"""k8s-get-services."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_diagnosis.diagnosing import diagnose_service
from k8s_diagnosis.objects.access import labels_of, name_of, namespace_of
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.snapshot import ServiceSnapshot
from k8s_mcp.cluster.interfaces import DEPLOYMENTS, ENDPOINT_SLICES, PODS, SERVICES, JsonObject, Selection
from k8s_mcp.listing.pods import is_running_untroubled
from k8s_mcp.listing.workloads import SERVICE_TABLE, make_service_row
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, LabelSelector, Limit, Namespace
from k8s_mcp.tools.causes import PodKey, diagnose_all, make_snapshots, sharpen
from k8s_mcp.tools.list_call import Paging, begin_list
from k8s_mcp.tools.reading import require_namespace

TOOL = "k8s-get-services"
_SERVICE_NAME = "kubernetes.io/service-name"


async def get_services(
    ctx: Context[K8sState],
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    label_selector: LabelSelector = None,
    limit: Limit = None,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List Services with ports, selector and how many endpoints are ready; names a Service whose selector matches
    nothing or whose pods are all down."""
    state = state_of(ctx)
    asked = await begin_list(
        ctx,
        tool=TOOL,
        cluster=cluster,
        scope=(namespace, all_namespaces),
        paging=Paging(limit, cursor),
        query=[label_selector],
    )
    services, slices, pods, deployments, warnings = await asyncio.gather(
        asked.read(SERVICES, Selection(asked.namespace, label_selector)),
        asked.read_optional(ENDPOINT_SLICES),
        asked.read_optional(PODS),
        asked.read_optional(DEPLOYMENTS),
        asked.read_warnings(),
    )
    if not services:
        await require_namespace(asked.cluster, asked.namespace)
    troubled = [pod for pod in pods or () if not is_running_untroubled(pod)]
    snapshots = make_snapshots(troubled, warnings, state=state)
    problems = await sharpen(asked.cluster, snapshots, diagnose_all(snapshots), among=snapshots)
    rows = []
    pods_in, workloads_in = _by_namespace(pods or ()), _by_namespace(deployments or ())
    slices_of = _by_service(slices or ())
    conditions_in = _conditions_by_namespace(problems)
    for service in services:
        place = namespace_of(service)
        snapshot = ServiceSnapshot(
            service=service,
            pods=pods_in.get(place, ()),
            endpoint_slices=None if slices is None else slices_of.get((place, name_of(service)), ()),
            workloads=workloads_in.get(place, ()),
            pod_problems=conditions_in.get(place, {}),
        )
        # Without the pods nothing can be said about who stands behind a Service.
        found = [] if pods is None else diagnose_service(snapshot)
        rows.append(make_service_row(snapshot, problems=found, now=state.now()))
    return asked.answer(SERVICE_TABLE, asked.cut(rows))


def _by_namespace(objects: Iterable[JsonObject]) -> dict[str, list[JsonObject]]:
    found: dict[str, list[JsonObject]] = {}
    for each in objects:
        found.setdefault(namespace_of(each), []).append(each)
    return found


def _by_service(slices: Iterable[JsonObject]) -> dict[tuple[str, str], list[JsonObject]]:
    found: dict[tuple[str, str], list[JsonObject]] = {}
    for each in slices:
        found.setdefault((namespace_of(each), labels_of(each).get(_SERVICE_NAME, "")), []).append(each)
    return found


def _conditions_by_namespace(problems: Mapping[PodKey, Sequence[Problem]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for (namespace, name), causes in problems.items():
        if causes:
            found.setdefault(namespace, {})[name] = causes[0].condition
    return found
