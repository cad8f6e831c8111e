"""k8s-rollback-workload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.targets import Target
from k8s_mcp.changes.workloads import Workload
from k8s_mcp.cluster.changes import PatchForm
from k8s_mcp.cluster.interfaces import DEPLOYMENTS, Selection
from k8s_mcp.results import ChangeResult
from k8s_mcp.rollouts.revisions import (
    CONTROLLER_REVISIONS,
    REPLICA_SETS,
    Revision,
    find_revision,
    revisions_of_deployment,
    revisions_of_set,
)
from k8s_mcp.state import K8sState
from k8s_mcp.tools.arguments import ClusterName, Name, Namespace, WorkloadKind
from k8s_mcp.tools.changing import ChangeCall, carry_out, open_call, write_result
from k8s_mcp.tools.patching import Patching, Wording
from k8s_mcp.tools.rollouts import TOOL as HISTORY_TOOL
from k8s_mcp.tools.workloads import WORKLOADS
from mcp_kit.errors import ErrorKind, KindedToolError

TOOL = "k8s-rollback-workload"


async def rollback_workload(
    ctx: Context[K8sState],
    name: Name,
    to_revision: Annotated[int | None, Field(ge=1, description="Left out: the one before.")] = None,
    kind: WorkloadKind = "Deployment",
    namespace: Namespace = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, ChangeResult] | InputRequiredResult:
    """Roll a Deployment, StatefulSet or DaemonSet back to an earlier revision (k8s-rollout-history lists them). A
    person confirms the difference first."""
    call = open_call(ctx, TOOL, cluster)
    target = await call.read(WORKLOADS[kind], name=name, namespace=namespace)
    revisions = await _read_revisions(call, target)
    present = next((each for each in revisions if each.is_current), None)
    chosen = _choose(revisions, present=present, wanted=to_revision)
    if present is None or chosen is None:
        raise _refuse(target, revisions, wanted=to_revision)
    change = Patching(
        call,
        target,
        PatchForm.JSON,
        [{"op": "replace", "path": "/spec/template", "value": _template_of(chosen)}],
        Wording(
            "rollback",
            question=Words(
                en=f"Roll {target.title} back from revision {present.number} to {chosen.number}?",
                zh=f"把 {target.title} 从版本 {present.number} 回滚到 {chosen.number}？",
            ),
            done=Words(
                en=f"{target.title} is rolling back to revision {chosen.number}.",
                zh=f"{target.title} 正在回滚到版本 {chosen.number}。",
            ),
        ),
        undo=call.write_command(name=name, namespace=target.namespace, kind=kind, to_revision=present.number),
    )
    report = await carry_out(call, change, action="rollback")
    return report if isinstance(report, InputRequiredResult) else write_result(report, [target], action="rollback")


async def _read_revisions(call: ChangeCall, target: Target) -> list[Revision]:
    """Newest first."""
    workload = target.found or {}
    place = Selection(target.namespace, label_selector=Workload(workload).selector)
    if target.resource == DEPLOYMENTS:
        return revisions_of_deployment(workload, await call.cluster.list_objects(REPLICA_SETS, place))
    return revisions_of_set(workload, await call.cluster.list_objects(CONTROLLER_REVISIONS, place))


def _choose(revisions: Sequence[Revision], *, present: Revision | None, wanted: int | None) -> Revision | None:
    """The wanted revision, or the newest that came before the present one."""
    if wanted is not None:
        return find_revision(revisions, wanted)
    return next((each for each in revisions if present is not None and each.number < present.number), None)


def _template_of(revision: Revision) -> JsonObject:
    """Without the mark by which a ControllerRevision says that it is a patch which replaces the whole."""
    return {key: value for key, value in revision.template.items() if key != "$patch"}


def _refuse(target: Target, revisions: Sequence[Revision], *, wanted: int | None) -> KindedToolError:
    known = ", ".join(str(each.number) for each in revisions) or "none"
    missing = "no revision before the present one" if wanted is None else f"no revision {wanted}"
    return KindedToolError(
        f"Nothing was changed: {target.title} has {missing} (known: {known}). {HISTORY_TOOL} shows them.",
        kind=ErrorKind.NOT_FOUND,
    )
