"""Reads what stands around an object before its change is shown; what may not be read is said, not left out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.impact import Surroundings
from k8s_mcp.changes.workloads import Workload
from k8s_mcp.cluster.interfaces import (
    AUTOSCALERS,
    DISRUPTION_BUDGETS,
    PODS,
    RESOURCE_QUOTAS,
    SERVICES,
    Cluster,
    Resource,
    Selection,
)
from k8s_mcp.errors import AccessDenied, ClusterError

_WANTED: tuple[Resource, ...] = (DISRUPTION_BUDGETS, AUTOSCALERS, RESOURCE_QUOTAS, SERVICES)


async def read_surroundings(cluster: Cluster, workload: Workload) -> Surroundings:
    """Pods of the workload, and everything in its namespace that has a say about them; all read at once and fresh."""
    place = Selection(workload.namespace)
    own = Selection(workload.namespace, label_selector=workload.selector)
    answers = await asyncio.gather(
        try_list(cluster, PODS, own), *(try_list(cluster, resource, place) for resource in _WANTED)
    )
    found = [answer if isinstance(answer, list) else [] for answer in answers]
    return Surroundings(
        pods=found[0],
        budgets=found[1],
        autoscalers=found[2],
        quotas=found[3],
        services=found[4],
        unknown=tuple(answer for answer in answers if isinstance(answer, Words)),
    )


async def try_list(cluster: Cluster, resource: Resource, selection: Selection) -> Sequence[JsonObject] | Words:
    """The objects, or the sentence that says why they are not known."""
    try:
        return await cluster.list_objects(resource, selection)
    except AccessDenied:
        return Words(
            en=f"{resource.kind} objects: this account may not list {resource.plural} (403).",
            zh=f"{resource.kind}：此账号无权列出 {resource.plural}（403）。",
        )
    except ClusterError as error:
        return Words(
            en=f"{resource.kind} objects could not be read ({type(error).__name__}).",
            zh=f"{resource.kind} 读取失败（{type(error).__name__}）。",
        )
