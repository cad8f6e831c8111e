"""The pods of a workload that a person names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, name_of
from k8s_diagnosis.objects.pods import owner_of
from k8s_diagnosis.text.names import check_name, list_nearest
from k8s_mcp.cluster.interfaces import PODS, Cluster, Selection
from k8s_mcp.listing.pods import is_running_untroubled
from k8s_mcp.tools.reading import require_namespace
from mcp_kit.errors import ErrorKind, KindedToolError


@dataclass(frozen=True, slots=True)
class WorkloadPods:
    path: str
    """Kind/name of the workload."""
    pods: Sequence[JsonObject]
    """Those in trouble first."""


async def find_workload_pods(cluster: Cluster, workload: str, *, namespace: str) -> WorkloadPods:
    """Pods by their owner, for `web`, `deploy/web` or `StatefulSet/db`; raises a ToolError with the nearest names."""
    kind, name = await _read_reference(cluster, workload)
    known = await cluster.list_known(PODS, Selection(namespace))
    owned: dict[tuple[str, str], list[JsonObject]] = {}
    for pod in known.objects:
        owned.setdefault(owner_of(pod), []).append(pod)
    matching = [owner for owner in owned if owner[1] == name and kind in {None, owner[0]}]
    if not matching:
        await require_namespace(cluster, namespace)
        names = sorted({owner_name for _, owner_name in owned})
        raise KindedToolError(
            f'No pods of "{workload[:80]}" in namespace "{namespace}"; {list_nearest(name, among=names)}.',
            kind=ErrorKind.NOT_FOUND,
        )
    if len(matching) > 1:
        shown = ", ".join("/".join(owner) for owner in matching)
        raise KindedToolError(f'"{name}" is several workloads: {shown}. Name one.', kind=ErrorKind.BAD_ARGUMENTS)
    pods = sorted(owned[matching[0]], key=lambda pod: (is_running_untroubled(pod), name_of(pod)))
    return WorkloadPods("/".join(matching[0]), pods)


async def _read_reference(cluster: Cluster, workload: str) -> tuple[str | None, str]:
    kind, slash, name = workload.rpartition("/")
    try:
        check_name(name)
    except ValueError as error:
        raise KindedToolError(f"workload: {error}. Examples: web, deploy/web.", kind=ErrorKind.BAD_ARGUMENTS) from error
    return ((await cluster.find_resource(kind)).kind if slash else None), name
