"""Reading steps several tools share: scope of a call, unknown names, and what may be missing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from mcp.server.mcpserver.exceptions import ToolError

from k8s_mcp.cluster.interfaces import EVENTS, NAMESPACES, PODS, Cluster, JsonObject, LogRequest, Resource, Selection
from k8s_mcp.diagnosis.problem import Problem
from k8s_mcp.diagnosis.rules import diagnose_pod
from k8s_mcp.diagnosis.snapshot import PodSnapshot
from k8s_mcp.errors import AccessDenied, ClusterError, ObjectNotFound
from k8s_mcp.listing.rows import InvalidCursor, SortKey, decode_cursor
from k8s_mcp.objects.access import name_of, namespace_of
from k8s_mcp.objects.events import EventFacts, read_event
from k8s_mcp.objects.pods import owner_path
from k8s_mcp.state import K8sState
from k8s_mcp.text.names import list_nearest
from k8s_mcp.text.sanitising import sanitise_line

_LOG_LINES_FOR_CAUSE = 60
_MAX_LOG_LINE = 500


async def resolve_scope(cluster: Cluster, *, namespace: str | None, all_namespaces: bool) -> str | None:
    """The namespace to read, None for all of them."""
    if all_namespaces:
        if namespace is not None:
            raise ToolError("Give either namespace or all_namespaces=true, not both.")
        return None
    return namespace or await cluster.default_namespace()


def read_cursor(cursor: str | None, *, digest: str) -> SortKey | None:
    try:
        return decode_cursor(cursor, digest=digest)
    except InvalidCursor as error:
        raise ToolError(f"{error}.") from error


async def require_namespace(cluster: Cluster, namespace: str | None) -> None:
    """Tell an unknown namespace from an empty one; the API answers both with an empty list."""
    if namespace is None:
        return
    try:
        await cluster.read_object(NAMESPACES, name=namespace)
    except AccessDenied:
        return
    except ObjectNotFound as error:
        names = await cluster.list_names(NAMESPACES, Selection())
        raise ToolError(f'No namespace "{namespace}"; {list_nearest(namespace, among=names)}.') from error


async def explain_missing(cluster: Cluster, resource: Resource, *, name: str, namespace: str, tool: str) -> ToolError:
    """The error for an object that is not there, with the names that come nearest."""
    await require_namespace(cluster, namespace)
    names = await cluster.list_names(resource, Selection(namespace))
    nearest = list_nearest(name, among=names)
    return ToolError(f'No {resource.kind.lower()} "{name}" in namespace "{namespace}"; {nearest}. {tool} lists them.')


async def list_optional(
    cluster: Cluster, resource: Resource, selection: Selection, *, notes: list[str]
) -> list[JsonObject] | None:
    """Objects that sharpen an answer but are not its subject: without them the answer says so."""
    try:
        return await cluster.list_objects(resource, selection)
    except ClusterError as error:
        notes.append(f"{resource.plural} could not be read, causes may be incomplete ({type(error).__name__})")
        return None


async def list_warnings(cluster: Cluster, namespace: str | None, *, notes: list[str]) -> list[EventFacts]:
    events = await list_optional(cluster, EVENTS, Selection(namespace, field_selector="type=Warning"), notes=notes)
    return [read_event(event) for event in events or []]


def make_snapshots(
    pods: Sequence[JsonObject], events: Sequence[EventFacts], *, state: K8sState
) -> dict[tuple[str, str], PodSnapshot]:
    """Pods with their events, by namespace and name."""
    by_pod: dict[tuple[str, str], list[EventFacts]] = {}
    for event in events:
        if event.kind == "Pod":
            by_pod.setdefault((event.namespace, event.name), []).append(event)
    now = state.now()
    keys = [(namespace_of(pod), name_of(pod)) for pod in pods]
    return {key: PodSnapshot(pod, now, by_pod.get(key, ())) for key, pod in zip(keys, pods, strict=True)}


def diagnose_all(snapshots: Mapping[tuple[str, str], PodSnapshot]) -> dict[tuple[str, str], list[Problem]]:
    return {key: diagnose_pod(snapshot) for key, snapshot in snapshots.items()}


def join_by_owner(
    snapshots: Mapping[tuple[str, str], PodSnapshot], problems: Mapping[tuple[str, str], Sequence[Problem]]
) -> dict[str, list[Problem]]:
    """Problems by workload, each cause once."""
    joined: dict[str, dict[tuple[str, str], Problem]] = {}
    for key, found in problems.items():
        for problem in found:
            owned = joined.setdefault(owner_path(snapshots[key].pod), {})
            owned.setdefault((problem.condition, problem.cause.en), problem)
    return {owner: list(found.values()) for owner, found in joined.items()}


async def read_failed_logs(cluster: Cluster, snapshot: PodSnapshot) -> dict[str, list[str]]:
    """Last lines of every container that failed; a log that cannot be read is simply not there."""
    wanted = [
        case
        for case in snapshot.cases()
        if case.facts.terminated or (case.facts.is_running and not case.facts.is_ready)
    ]
    tails = await asyncio.gather(
        *(
            _read_tail(cluster, snapshot, case.name, is_previous=not case.is_ended and bool(case.facts.terminated))
            for case in wanted
        )
    )
    return {case.name: tail for case, tail in zip(wanted, tails, strict=True) if tail}


async def _read_tail(cluster: Cluster, snapshot: PodSnapshot, container: str, *, is_previous: bool) -> list[str]:
    request = LogRequest(
        pod=snapshot.name,
        namespace=snapshot.namespace,
        container=container,
        previous=is_previous,
        tail_lines=_LOG_LINES_FOR_CAUSE,
    )
    try:
        text = await cluster.read_log(request)
    except ClusterError:
        return []
    return [sanitise_line(line, max_characters=_MAX_LOG_LINE) for line in text.splitlines()]


async def list_pods_for(cluster: Cluster, namespace: str | None, *, notes: list[str]) -> list[JsonObject]:
    return await list_optional(cluster, PODS, Selection(namespace), notes=notes) or []
