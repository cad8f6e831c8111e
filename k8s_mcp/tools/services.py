"""k8s-get-services."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_diagnosis.diagnosing import diagnose_service
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.services import count_endpoints
from k8s_diagnosis.problem import Problem, Words
from k8s_diagnosis.snapshot import EVERYWHERE, ClusterSnapshot
from k8s_mcp.cluster.interfaces import DEPLOYMENTS, ENDPOINT_SLICES, PODS, SERVICES, JsonObject, Selection
from k8s_mcp.listing.pods import is_running_untroubled
from k8s_mcp.listing.workloads import SERVICE_TABLE, make_service_row
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, LabelSelector, Limit, Namespace
from k8s_mcp.tools.causes import diagnose_all, join_by_owner, make_cases, sharpen
from k8s_mcp.tools.list_call import ListCall, Paging, begin_list
from k8s_mcp.tools.reading import require_namespace

TOOL = "k8s-get-services"


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
    now = state.now()
    cases = make_cases([pod for pod in pods or () if not is_running_untroubled(pod)], warnings, now=now)
    found = await sharpen(asked.cluster, cases, diagnose_all(cases), among=cases)
    causes = join_by_owner(cases, found)
    index = ClusterIndex(_snapshot(asked, now, services, slices, pods, deployments))
    rows = [
        make_service_row(
            service,
            endpoints=count_endpoints(index, service),
            problems=[_with_causes(each, causes) for each in diagnose_service(index, service)],
            now=now,
        )
        for service in services
    ]
    return asked.answer(SERVICE_TABLE, asked.cut(rows))


def _snapshot(
    asked: ListCall,
    now: datetime,
    services: Sequence[JsonObject],
    *optional: Sequence[JsonObject] | None,
) -> ClusterSnapshot:
    """What was read, and of what everything in the scope was read."""
    kinds = ("EndpointSlice", "Pod", "Deployment")
    scope = frozenset({asked.namespace or EVERYWHERE})
    read = {kind: objects for kind, objects in zip(kinds, optional, strict=True) if objects is not None}
    return ClusterSnapshot(now, {"Service": services, **read}, dict.fromkeys(read, scope))


def _with_causes(problem: Problem, causes: Mapping[str, Sequence[Problem]]) -> Problem:
    """Name the problems of the pods that a Service waits for."""
    conditions = sorted({cause.condition for owner in problem.because for cause in causes.get(owner, ())})
    if not conditions:
        return problem
    why = ", ".join(conditions)
    cause = Words(f"{problem.cause.en.rstrip('.')}: {why}.", f"{problem.cause.zh.rstrip('。')}：{why}。")
    return replace(problem, cause=cause, evidence=(*problem.evidence, *conditions))
