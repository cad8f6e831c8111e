"""How full volumes are, as the kubelets measure it: the API server only passes the question on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from k8s_diagnosis.objects.access import name_of, read_map, read_maps, read_text
from k8s_diagnosis.objects.pods import is_condition_true, is_finished
from k8s_diagnosis.snapshot import Unread
from k8s_mcp.cluster.interfaces import Cluster, JsonObject
from k8s_mcp.errors import AccessDenied, ClusterError

_NODES_READ = 20
"""A summary holds all pods of its node; more of them would make a diagnosis slow."""

_PATIENCE_SECONDS = 5.0
"""A node that is cut off keeps the API server waiting for longer than a diagnosis may take."""

_WHAT = "volume usage"


async def read_volume_usage(
    cluster: Cluster, *, pods: Iterable[JsonObject], nodes: Iterable[JsonObject]
) -> tuple[list[JsonObject], list[Unread]]:
    """The summaries of the nodes that hold claims of these pods, and which of them could not be read."""
    silent = {name_of(node) for node in nodes if not is_condition_true(node, "Ready")}
    wanted = sorted({read_text(pod, "spec", "nodeName") for pod in pods if _has_claim(pod)} - silent - {""})
    answers = await asyncio.gather(*(_read(cluster, name) for name in wanted[:_NODES_READ]))
    unread = {each.reason: each for each in answers if isinstance(each, Unread)}
    if len(wanted) > _NODES_READ:
        unread[""] = Unread(_WHAT, f"only that on {_NODES_READ} of {len(wanted)} nodes was read")
    return [each for each in answers if not isinstance(each, Unread)], list(unread.values())


def _has_claim(pod: JsonObject) -> bool:
    volumes = read_maps(pod, "spec", "volumes")
    return not is_finished(pod) and any(read_map(volume, "persistentVolumeClaim") for volume in volumes)


async def _read(cluster: Cluster, node: str) -> JsonObject | Unread:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await cluster.read_node_summary(node)
    except AccessDenied:
        return Unread(_WHAT, "403: it needs the right to get nodes/proxy")
    except (ClusterError, TimeoutError):
        return Unread(_WHAT, "not every kubelet answered")
