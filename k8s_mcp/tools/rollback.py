"""k8s-rollback-workload."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from k8s_diagnosis.problem import Words
from k8s_mcp.changes.revisions import NoSuchRevision, Revision, choose_revision, read_revisions, revision_resource
from k8s_mcp.changes.targets import Target
from k8s_mcp.changes.workloads import Workload
from k8s_mcp.cluster.changes import PatchForm
from k8s_mcp.cluster.interfaces import Selection
from k8s_mcp.results import ChangeResult
from k8s_mcp.state import K8sState
from k8s_mcp.tools.arguments import ClusterName, Name, Namespace, WorkloadKind
from k8s_mcp.tools.changing import ChangeCall, carry_out, open_call, write_result
from k8s_mcp.tools.patching import Patching, Wording
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
    try:
        chosen = choose_revision(revisions, wanted=to_revision)
    except NoSuchRevision as error:
        raise KindedToolError(
            f"Nothing was changed: {target.title}: {error}. k8s-rollout-history shows them.", kind=ErrorKind.NOT_FOUND
        ) from error
    present = revisions[0].number
    change = Patching(
        call,
        target,
        PatchForm.JSON,
        [{"op": "replace", "path": "/spec/template", "value": chosen.template}],
        Wording(
            "rollback",
            question=Words(
                en=f"Roll {target.title} back from revision {present} to {chosen.number}?",
                zh=f"把 {target.title} 从版本 {present} 回滚到 {chosen.number}？",
            ),
            done=Words(
                en=f"{target.title} is rolling back to revision {chosen.number}.",
                zh=f"{target.title} 正在回滚到版本 {chosen.number}。",
            ),
        ),
        undo=call.write_command(name=name, namespace=target.namespace, kind=kind, to_revision=present),
    )
    report = await carry_out(call, change, action="rollback")
    return report if isinstance(report, InputRequiredResult) else write_result(report, [target], action="rollback")


async def _read_revisions(call: ChangeCall, target: Target) -> list[Revision]:
    selector = Workload(target.found or {}).selector
    keepers = await call.cluster.list_objects(
        revision_resource(target.resource.kind), Selection(target.namespace, label_selector=selector)
    )
    return read_revisions(keepers, owner_uid=target.uid)
