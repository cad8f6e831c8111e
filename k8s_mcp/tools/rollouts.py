"""k8s-rollout-history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.text.times import parse_time, seconds_between, shorten_duration
from k8s_mcp.cluster.interfaces import DEPLOYMENTS, Cluster, Resource, Selection
from k8s_mcp.errors import ObjectNotFound
from k8s_mcp.results import RevisionView, RolloutResult
from k8s_mcp.rollouts.revisions import (
    CONTROLLER_REVISIONS,
    REPLICA_SETS,
    Revision,
    find_revision,
    revisions_of_deployment,
    revisions_of_set,
    selector_of,
)
from k8s_mcp.rollouts.template_changes import describe_changes
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.arguments import ClusterName, Name, Namespace
from k8s_mcp.tools.reading import explain_missing
from mcp_kit.errors import ErrorKind, KindedToolError
from mcp_kit.results import structured_result

TOOL = "k8s-rollout-history"

_MAX_REVISIONS = 10
_MAX_CHANGES = 12
_MAX_CHANGES_OF_ONE = 200
_ROLLED_OUT = ("Deployment", "StatefulSet", "DaemonSet")


async def rollout_history(
    ctx: Context[K8sState],
    name: Name,
    kind: Annotated[str, Field(max_length=253, description="Or StatefulSet, DaemonSet.")] = "Deployment",
    namespace: Namespace = None,
    revision: Annotated[int | None, Field(ge=1, description="Every change of this one.")] = None,
    compare_to: Annotated[int | None, Field(ge=1, description="Against this one, not the one before.")] = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, RolloutResult]:
    """Revisions of a workload, newest first, with what changed in each: images, variables, resources, probes. For
    questions such as what was deployed last and what it changed."""
    target = choose_cluster(ctx, cluster)
    resource = await target.find_resource(kind)
    if resource.kind not in _ROLLED_OUT or resource.group != "apps":
        raise KindedToolError(
            f"{resource.kind} has no revisions; only {', '.join(_ROLLED_OUT)} have.", kind=ErrorKind.BAD_ARGUMENTS
        )
    place = namespace or await target.default_namespace()
    workload = await _read_workload(target, resource, name=name, namespace=place)
    revisions = await _read_revisions(target, resource, workload, namespace=place)
    now = state_of(ctx).now()
    if revision is None:
        views = [
            _view(each, _before(revisions, each), now=now, limit=_MAX_CHANGES) for each in revisions[:_MAX_REVISIONS]
        ]
        note = (
            f"{len(revisions) - _MAX_REVISIONS} older revisions left out" if len(revisions) > _MAX_REVISIONS else None
        )
    else:
        chosen = _require(revisions, revision)
        base = _before(revisions, chosen) if compare_to is None else _require(revisions, compare_to)
        views = [_view(chosen, base, now=now, limit=_MAX_CHANGES_OF_ONE)]
        note = f"compared with revision {base.number}" if base else "the oldest revision kept: nothing to compare with"
    result = RolloutResult(cluster=target.name, object=f"{resource.kind}/{place}/{name}", revisions=views, note=note)
    return structured_result(result, text=_write_text(result), leave_out_none=True)


async def _read_workload(cluster: Cluster, resource: Resource, *, name: str, namespace: str) -> JsonObject:
    try:
        return await cluster.read_object(resource, name=name, namespace=namespace)
    except ObjectNotFound as error:
        raise await explain_missing(
            cluster, resource, name=name, namespace=namespace, tool="k8s-get-resources"
        ) from error


async def _read_revisions(
    cluster: Cluster, resource: Resource, workload: JsonObject, *, namespace: str
) -> list[Revision]:
    selection = Selection(namespace, selector_of(workload))
    if resource == DEPLOYMENTS:
        return revisions_of_deployment(workload, await cluster.list_objects(REPLICA_SETS, selection))
    return revisions_of_set(workload, await cluster.list_objects(CONTROLLER_REVISIONS, selection))


def _before(revisions: Sequence[Revision], revision: Revision) -> Revision | None:
    """The one before among those kept: gaps in the numbers come from roll-backs and clean-up."""
    position = revisions.index(revision) + 1
    return revisions[position] if position < len(revisions) else None


def _require(revisions: Sequence[Revision], number: int) -> Revision:
    found = find_revision(revisions, number)
    if found is None:
        kept = ", ".join(str(each.number) for each in revisions) or "none"
        raise KindedToolError(f"There is no revision {number}; kept are: {kept}.", kind=ErrorKind.NOT_FOUND)
    return found


def _view(revision: Revision, base: Revision | None, *, now: datetime, limit: int) -> RevisionView:
    changes = describe_changes(base.template, revision.template) if base else []
    more = len(changes) - limit
    return RevisionView(
        revision=revision.number,
        name=revision.name,
        age=shorten_duration(seconds_between(parse_time(revision.created), now)),
        is_current=revision.is_current,
        replicas=revision.replicas,
        ready=revision.ready,
        change_cause=revision.change_cause or None,
        changes=[*changes[:limit], *([f"… {more} more: revision={revision.number}"] if more > 0 else [])],
    )


def _write_text(result: RolloutResult) -> str:
    lines = [f"{result.object} in cluster {result.cluster}: {len(result.revisions)} revisions shown, newest first"]
    for each in result.revisions:
        pods = "" if each.replicas is None else f", {each.ready}/{each.replicas} pods ready"
        cause = f", cause: {each.change_cause}" if each.change_cause else ""
        current = " (current)" if each.is_current else ""
        lines.append(f"revision {each.revision}{current}: {each.name}, {each.age} ago{pods}{cause}")
        lines.extend(f"  {change}" for change in each.changes)
    if not result.revisions:
        lines.append("No revisions are kept: its controller has not made any yet, or revisionHistoryLimit is 0.")
    return "\n".join([*lines, *([result.note] if result.note else [])])
